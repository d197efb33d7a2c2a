"""What the indexer process and its clients say to each other, and the one JSON shape of results.

Messages are JSON objects, one a line, UTF-8, over a byte stream (standard input and output today):

    request       {"id": 7, "method": "search", "params": {...}}
    answer        {"id": 7, "result": {...}}  or  {"id": 7, "error": {"kind": "query", "message": "..."}}
    notification  {"method": "progress", "params": {"stage": "embed", "done": 120, "total": 4000}}

Methods: `search`, `similar`, `status`, `update`, `reindex`, `shutdown`; the notification `cancel` names the id of a
request that nobody waits for any more.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from fathom_indexer.types import Filters, Hit, IndexStatus

Json = dict[str, Any]

PROTOCOL_VERSION = 1


def hit_to_json(hit: Hit) -> Json:
    """The documented shape of a result, the same on the command line, in evaluation runs and over LSP."""
    function = hit.function
    return {
        "path": hit.path,
        "startLine": function.start_line,
        "endLine": function.end_line,
        "name": function.name,
        "qualifiedName": function.qualified_name,
        "kind": function.kind.value,
        "language": function.language,
        "score": round(hit.score, 6),
        "signature": function.signature,
        "snippet": hit.snippet,
    }


def status_to_json(status: IndexStatus) -> Json:
    """The documented shape of a status."""
    return {
        "root": status.root,
        "indexPath": status.index_path,
        "indexBytes": status.index_bytes,
        "model": status.model,
        "indexExit": status.index_exit,
        "files": status.files,
        "functions": status.functions,
        "embedded": status.embedded,
        "languages": status.languages,
        "skipped": status.skipped,
        "skippedFiles": [asdict(skipped) for skipped in status.skipped_files],
    }


def filters_from_json(value: Json | None) -> Filters:
    """Filters as they travel: `{"paths": [...], "languages": [...], "kinds": [...]}`, each optional."""
    value = value or {}
    return Filters(
        paths=tuple(value.get("paths") or ()),
        languages=tuple(value.get("languages") or ()),
        kinds=tuple(value.get("kinds") or ()),
    )


@dataclass(frozen=True, slots=True)
class ProtocolError:
    """An answer that is an error. `kind` is `query` (the request is at fault), `index` or `internal`."""

    kind: str
    message: str
