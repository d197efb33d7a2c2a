"""Fathom's language server: LSP on one side, indexer processes on the other."""
