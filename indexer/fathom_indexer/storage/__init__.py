"""The index on disk: one SQLite file a workspace, the truth that everything else can be rebuilt from."""

from fathom_indexer.storage.store import FileState, Store, StoredFunction

__all__ = ["FileState", "Store", "StoredFunction"]
