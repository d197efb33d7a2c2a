"""Unsaved documents: what a client sees in its editor, laid over what is on disk for that client's searches alone."""

from fathom_indexer.buffers.desk import Desk, Space
from fathom_indexer.buffers.overlay import Overlay

__all__ = ["Desk", "Overlay", "Space"]
