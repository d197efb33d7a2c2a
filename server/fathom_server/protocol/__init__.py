"""The wire: JSON-RPC messages, LSP's types, and Fathom's own requests. Knows nothing of folders' indexers."""
