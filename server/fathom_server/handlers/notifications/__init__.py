"""One module per notification or family of notifications."""
