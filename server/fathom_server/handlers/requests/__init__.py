"""One module per request or family of requests."""
