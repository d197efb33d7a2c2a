"""The files of a workspace: where it is, what is ignored, what is source code, and reading it.

`scan` uses names and `stat` only, so that a start in an unchanged workspace reads nothing but folders; `read_source`
reads the content. Both report a file that they leave out as a `SkippedFile` with the reason.
"""

from fathom_indexer.workspace.classify import UNREADABLE, VANISHED, content_reason, printable
from fathom_indexer.workspace.locations import (
    cache_path,
    forget_private_indexes,
    index_path,
    is_gone,
    name_on_disk,
    relative_path,
    resolve_root,
    root_trouble,
)
from fathom_indexer.workspace.patterns import compile_patterns
from fathom_indexer.workspace.read import read_source
from fathom_indexer.workspace.walk import SourceFile, included_folders, is_included, scan, source_language
from fathom_indexer.workspace.worktrees import other_worktrees

__all__ = [
    "UNREADABLE",
    "VANISHED",
    "SourceFile",
    "cache_path",
    "compile_patterns",
    "content_reason",
    "forget_private_indexes",
    "included_folders",
    "index_path",
    "is_gone",
    "is_included",
    "name_on_disk",
    "other_worktrees",
    "printable",
    "read_source",
    "relative_path",
    "resolve_root",
    "root_trouble",
    "scan",
    "source_language",
]
