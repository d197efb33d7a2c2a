"""One module a notification, or family of notifications."""
