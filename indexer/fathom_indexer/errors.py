"""The errors that Fathom raises on purpose. Each message is written for the person who will read it."""


class FathomError(Exception):
    """Base of all errors with a message for the user."""


class WorkspaceError(FathomError):
    """The folder to search is missing, is no folder, or cannot be read."""


class IndexStoreError(FathomError):
    """The index cannot be opened, read or written, and rebuilding it did not help."""


class IndexDamagedError(IndexStoreError):
    """The index was damaged and has been removed: the next process that opens it builds it anew."""


class ModelError(FathomError):
    """The encoder's files are missing, damaged, or do not offer what was asked of them."""


class QueryError(FathomError):
    """A search request that cannot be answered as it stands: no such file, line, exit, language or kind."""


class EvaluationError(FathomError):
    """A retrieval set that cannot be read or does not hold together."""


class IndexerUnavailableError(FathomError):
    """The indexer process has no answer: it is gone, could not be started, or does not answer in time."""
