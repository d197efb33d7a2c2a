"""Duplicates that the editor shows without a request of the user: as diagnostics, code lenses and hovers."""
