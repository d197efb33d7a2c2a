"""Functions that were copied: their tokens, what is kept to compare them by, and the groups they form."""
