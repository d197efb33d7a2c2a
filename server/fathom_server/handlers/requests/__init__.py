"""One module a request, or family of requests."""
