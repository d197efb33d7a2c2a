"""Making the packaged model. Needs the `train` extra; nothing here is imported at run time."""
