"""The workspace folders, their indexer processes and open documents. Knows nothing of requests."""
