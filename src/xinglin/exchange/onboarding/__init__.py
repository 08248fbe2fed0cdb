"""Letting a system in: its samples are read as a door reads them and judged point by point until all is green."""
