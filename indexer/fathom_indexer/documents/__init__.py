"""Unsaved documents: what a client sees in its editor, laid over what is on disk for that client's searches alone."""

from fathom_indexer.documents.open_documents import OpenDocuments
from fathom_indexer.documents.overlay import Overlay

__all__ = ["OpenDocuments", "Overlay"]
