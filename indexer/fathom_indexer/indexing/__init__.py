"""Brings an index up to date, in short steps."""
