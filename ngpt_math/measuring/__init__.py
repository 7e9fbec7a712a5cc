"""What the paper plots, measured on any of this project's checkpoints; see `report.measure`."""
