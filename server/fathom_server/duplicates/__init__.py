"""Duplicates that the editor shows unasked: as diagnostics, code lenses and hovers."""
