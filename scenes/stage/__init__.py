"""The visual language that all chapters share."""
