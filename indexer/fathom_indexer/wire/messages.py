"""What the indexer process and its clients say to each other, and the one JSON shape of results.

Messages are JSON objects, one a line, UTF-8, over a byte stream (a socket, or standard input and output):

    request       {"id": 7, "method": "search", "params": {...}}
    answer        {"id": 7, "result": {...}}  or  {"id": 7, "error": {"kind": "query", "message": "..."}}
    notification  {"method": "progress", "params": {"stage": "embed", "done": 120, "total": 4000}}

To the indexer: the requests `search`, `similar`, `duplicates`, `status`, `update`, `openDocument`, `closeDocument`,
`closeDocuments`, `watch`, `attend`, `rescan`, `reindex`, `ping`, `shutdown`, and the notification `cancel`, which names
the id of a request that nobody waits for any more. From the indexer: the notifications `ready` (once, first, to whoever
started a process of its own), `progress`, `problem` (indexing met an error that no request asked about), and `partial`
(the first order of a search that was asked to stream, under the id of its request). How a shared indexer is greeted:
`process/handshake.py`. `docs/protocol.md` documents the fields."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from typing import Any

from fathom_indexer.config import Config
from fathom_indexer.errors import QueryError
from fathom_indexer.types import (
    Clone,
    CloneGroup,
    CloneKind,
    Contribution,
    Coverage,
    Filters,
    Function,
    Hit,
    IndexStatus,
    Kind,
    Place,
    Progress,
    SkippedFile,
    Stage,
)

Json = dict[str, Any]

PROTOCOL_VERSION = 3

HALF = 0.25
"""How much lower a score is that people are shown half as large. Being a test costs .18, the name may add .26."""


def place_to_json(place: Place) -> Json:
    """Where a function is and what it is called: what all that is said of functions begins with."""
    function = place.function
    name = {"line": function.name_line, "start": function.name_start, "end": function.name_end}
    return {
        "path": place.path,
        "startLine": function.start_line,
        "endLine": function.end_line,
        **({"nameRange": name} if function.name_line else {}),
        **({"guessed": True} if function.guessed else {}),
        "name": function.name,
        "qualifiedName": function.qualified_name,
        "kind": function.kind.value,
        "language": function.language,
        "signature": function.signature,
    }


def place_from_json(value: Json) -> Place:
    """The reverse of `place_to_json`, as far as that goes: there is no text, documentation or offset."""
    name = value.get("nameRange", {})
    function = Function(
        name=value["name"],
        qualified_name=value["qualifiedName"],
        kind=Kind(value["kind"]),
        language=value["language"],
        signature=value["signature"],
        documentation="",
        text="",
        start_byte=0,
        end_byte=0,
        start_line=value["startLine"],
        end_line=value["endLine"],
        name_line=name.get("line", 0),
        name_start=name.get("start", 0),
        name_end=name.get("end", 0),
        guessed=value.get("guessed", False),
    )
    return Place(value["path"], function)


def relevance(score: float, best: float) -> int:
    """A score as people are shown it, in percent: 100 for the best one of its list, half as much for every `HALF` less.

    Scores are sums, and their zero means nothing: what they say is by how much they differ within their list.
    """
    return round(100 * 2 ** ((score - best) / HALF))


def hit_to_json(hit: Hit, explain: bool = False) -> Json:
    """The documented shape of a result, the same on the command line, in evaluation runs and over LSP.

    `copies` are there if there are any, `explanation` to `explain`.
    """
    place = place_to_json(Place(hit.path, hit.function))
    shown: Json = {**place, "score": round(hit.score, 6), "snippet": hit.snippet}
    if hit.copies:
        shown["copies"] = list(hit.copies)
    if explain:
        shown["explanation"] = [{"step": part.step, "score": round(part.score, 6)} for part in hit.explanation]
    return shown


def hit_from_json(value: Json) -> Hit:
    """The reverse of `hit_to_json`; the function lacks what that of `place_from_json` lacks."""
    place = place_from_json(value)
    explanation = tuple(Contribution(part["step"], part["score"]) for part in value.get("explanation", ()))
    copies = tuple(value.get("copies", ()))
    return Hit(place.path, place.function, value["score"], value["snippet"], explanation, copies)


def clone_group_to_json(group: CloneGroup) -> Json:
    """The documented shape of a group of duplicates."""
    return {
        "kind": group.kind.value,
        "similarity": round(group.similarity, 4),
        "tokens": group.tokens,
        "key": group.key,
        "clones": [
            {
                **place_to_json(Place(clone.path, clone.function)),
                "clone": clone.kind.value,
                "similarity": round(clone.similarity, 4),
            }
            for clone in group.clones
        ],
    }


def clone_group_from_json(value: Json) -> CloneGroup:
    """The reverse of `clone_group_to_json`; its functions lack what that of `place_from_json` lacks."""
    return CloneGroup(
        kind=CloneKind(value["kind"]),
        similarity=value["similarity"],
        tokens=value["tokens"],
        key=value["key"],
        clones=tuple(
            Clone(place.path, place.function, CloneKind(clone["clone"]), clone["similarity"])
            for clone in value["clones"]
            for place in (place_from_json(clone),)
        ),
    )


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
        "coverage": [
            {"stage": part.stage.value, "exit": part.exit, "done": part.done, "total": part.total}
            for part in status.coverage
        ],
        "languages": status.languages,
        "skipped": status.skipped,
        "skippedFiles": [asdict(skipped) for skipped in status.skipped_files],
    }


def status_from_json(value: Json) -> IndexStatus:
    """The reverse of `status_to_json`."""
    return IndexStatus(
        root=value["root"],
        index_path=value["indexPath"],
        index_bytes=value["indexBytes"],
        model=value["model"],
        index_exit=value["indexExit"],
        files=value["files"],
        functions=value["functions"],
        embedded=value["embedded"],
        coverage=tuple(
            Coverage(Stage(part["stage"]), part["exit"], part["done"], part["total"]) for part in value["coverage"]
        ),
        languages=value["languages"],
        skipped=value["skipped"],
        skipped_files=tuple(SkippedFile(**skipped) for skipped in value["skippedFiles"]),
    )


def progress_to_json(progress: Progress) -> Json:
    """The documented shape of a progress notification."""
    return {"stage": progress.stage.value, "done": progress.done, "total": progress.total}


def filters_from_json(value: Json | None) -> Filters:
    """Filters as they travel: `{"paths": [...], "languages": [...], "kinds": [...]}`, each optional.

    Raises `QueryError` that names the field when one is not a list of strings.
    """
    value = {} if value is None else value
    if not isinstance(value, dict):
        raise QueryError("filters must be an object")
    lists: dict[str, tuple[str, ...]] = {}
    for field in fields(Filters):
        items = value.get(field.name)
        items = [] if items is None else items
        if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
            raise QueryError(f"filters.{field.name} must be a list of strings")
        lists[field.name] = tuple(items)
    return Filters(**lists)


def filters_to_json(filters: Filters) -> Json:
    """The reverse of `filters_from_json`."""
    return {"paths": list(filters.paths), "languages": list(filters.languages), "kinds": list(filters.kinds)}


def config_to_json(config: Config) -> Json:
    """A configuration as it is handed to the indexer process: `Config` by its own field names."""
    return asdict(config)


def config_from_json(value: Json) -> Config:
    """The reverse of `config_to_json`; fields left out keep their defaults. Raises `TypeError` on unknown fields."""
    settings: dict[str, Any] = {name: tuple(item) if isinstance(item, list) else item for name, item in value.items()}
    return Config(**settings)


def encode(message: Json) -> bytes:
    """A message as its line. Stays within ASCII, so that a file name that is not valid UTF-8 can travel too."""
    return json.dumps(message, separators=(",", ":")).encode("ascii") + b"\n"


def decode(line: bytes) -> Json:
    """The message on a line. Raises `ValueError` when it is not one JSON object."""
    try:
        message = json.loads(line)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(message, dict):
        raise ValueError("a message must be a JSON object")
    return message


@dataclass(frozen=True, slots=True)
class ProtocolError:
    """An answer that is an error. `kind` is `query` (the request is at fault), `index` or `internal`."""

    kind: str
    message: str
