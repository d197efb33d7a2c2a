"""Which files a workspace has: where it lies, what is ignored, what is source, and its bytes.

`scan` looks at names and `stat` only, so that a start-up over an unchanged workspace reads nothing but folders;
`read_source` looks at the content. Both leave files out with a `SkippedFile` that says why.
"""

from fathom_indexer.workspace.classify import UNREADABLE, VANISHED
from fathom_indexer.workspace.locations import cache_path, relative_path, resolve_root
from fathom_indexer.workspace.read import read_source
from fathom_indexer.workspace.walk import SourceFile, is_included, scan

__all__ = [
    "UNREADABLE",
    "VANISHED",
    "SourceFile",
    "cache_path",
    "is_included",
    "read_source",
    "relative_path",
    "resolve_root",
    "scan",
]
