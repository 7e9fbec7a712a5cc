"""Tools for those who work on the studio itself."""
