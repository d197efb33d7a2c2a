"""Fathom's values as JSON and back. `docs/protocol.md` documents the shapes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from itertools import accumulate, pairwise
from typing import Any

from fathom_indexer.config import Config
from fathom_indexer.types import (
    Clone,
    CloneGroup,
    CloneKind,
    Contribution,
    Coverage,
    Filters,
    FunctionRef,
    Hit,
    IndexStatus,
    Kind,
    NameRange,
    Progress,
    SkippedFile,
    Stage,
)
from fathom_indexer.wire.framing import Json
from fathom_indexer.wire.messages import (
    DuplicatesRequest,
    DuplicatesResponse,
    ErrorAnswer,
    LocationQuery,
    SearchRequest,
    SearchResponse,
    WordsQuery,
)

HALF = 0.25
"""A hit is shown with half the relevance of another one when its score is lower by this much. For comparison: being a
test costs 0.18, the name adds up to 0.26."""


def function_to_json(function: FunctionRef) -> Json:
    """The documented shape of a function: the first fields of all results."""
    name = function.name_range
    return {
        "path": function.path,
        "startLine": function.start_line,
        "endLine": function.end_line,
        **({} if name is None else {"nameRange": {"line": name.line, "start": name.start, "end": name.end}}),
        **({"guessed": True} if function.guessed else {}),
        "name": function.name,
        "qualifiedName": function.qualified_name,
        "kind": function.kind.value,
        "language": function.language,
        "signature": function.signature,
    }


def function_from_json(value: Json) -> FunctionRef:
    """The reverse of `function_to_json`. Raises `KeyError`, `TypeError` or `ValueError` for another shape."""
    name = value.get("nameRange")
    return FunctionRef(
        path=value["path"],
        name=value["name"],
        qualified_name=value["qualifiedName"],
        kind=Kind(value["kind"]),
        language=value["language"],
        signature=value["signature"],
        start_line=value["startLine"],
        end_line=value["endLine"],
        name_range=None if name is None else NameRange(name["line"], name["start"], name["end"]),
        guessed=value.get("guessed", False),
    )


def relevances(scores: Sequence[float]) -> list[int]:
    """The scores of a list, best first, as users see them, in percent: 100 for the best one, half as much for every
    `HALF` less.

    Scores are sums without a natural zero: only their differences within a list have a meaning. A gap counts as `HALF`
    at most: text that is typed exactly lies far above all else, which says nothing of the others.
    """
    drops = [min(max(above - below, 0.0), HALF) for above, below in pairwise(scores)]
    return [round(100 * 2 ** (-drop / HALF)) for drop in accumulate(drops, initial=0.0)][: len(scores)]


def hit_to_json(hit: Hit, explain: bool = False) -> Json:
    """The documented shape of a hit, the same on the command line, in evaluation runs and over LSP.

    `copies` are present when there are any, `explanation` with `explain`.
    """
    shown: Json = {**function_to_json(hit.function), "score": round(hit.score, 6), "snippet": hit.snippet}
    if hit.copies:
        shown["copies"] = list(hit.copies)
    if explain:
        shown["explanation"] = [{"step": part.step, "score": round(part.score, 6)} for part in hit.explanation]
    return shown


def hit_from_json(value: Json) -> Hit:
    """The reverse of `hit_to_json`, with the same errors as `function_from_json`."""
    return Hit(
        function=function_from_json(value),
        score=value["score"],
        snippet=value["snippet"],
        explanation=tuple(Contribution(part["step"], part["score"]) for part in value.get("explanation", ())),
        copies=tuple(value.get("copies", ())),
    )


def search_request_to_json(request: SearchRequest) -> tuple[str, Json]:
    """The method and parameters of a search. `validation.search_request` and `similar_request` are the reverse."""
    query = request.query
    method = "similar"
    asked: Json
    if isinstance(query, WordsQuery):
        method, asked = "search", {"query": query.text}
    elif isinstance(query, LocationQuery):
        asked = {"path": query.path, "line": query.line}
    else:
        asked = {"snippet": query.code}
    params: Json = {**asked, "limit": request.limit, "filters": filters_to_json(request.filters)}
    if request.explain:
        params["explain"] = True
    if request.stream:
        params["stream"] = True
    return method, params


def search_response_to_json(response: SearchResponse, explain: bool) -> Json:
    """The `result` of a search, or of a preliminary order."""
    compared = {} if response.compared is None else {"compared": function_to_json(response.compared)}
    return {
        **compared,
        **({"message": response.message} if response.message else {}),
        "results": [hit_to_json(hit, explain) for hit in response.hits],
        "indexing": response.indexing,
        "candidates": response.candidates,
        "reranked": response.reranked,
        "complete": response.complete,
    }


def search_response_from_json(value: Json) -> SearchResponse:
    """The reverse of `search_response_to_json`, with the same errors as `function_from_json`."""
    compared = value.get("compared")
    return SearchResponse(
        hits=tuple(hit_from_json(hit) for hit in value["results"]),
        candidates=int(value.get("candidates", 0)),
        reranked=int(value.get("reranked", 0)),
        complete=bool(value.get("complete", True)),
        compared=None if compared is None else function_from_json(compared),
        indexing=bool(value.get("indexing")),
        message=str(value.get("message") or ""),
    )


def clone_group_to_json(group: CloneGroup) -> Json:
    """The documented shape of a group of duplicates."""
    return {
        "kind": group.kind.value,
        "similarity": round(group.similarity, 4),
        "tokens": group.tokens,
        "key": group.key,
        "clones": [clone_to_json(clone) for clone in group.clones],
    }


def clone_to_json(clone: Clone) -> Json:
    """The documented shape of a member of a group of duplicates."""
    return {
        **function_to_json(clone.function),
        "clone": clone.kind.value,
        "similarity": round(clone.similarity, 4),
    }


def clone_group_from_json(value: Json) -> CloneGroup:
    """The reverse of `clone_group_to_json`, with the same errors as `function_from_json`."""
    return CloneGroup(
        kind=CloneKind(value["kind"]),
        similarity=value["similarity"],
        tokens=value["tokens"],
        key=value["key"],
        clones=tuple(
            Clone(function_from_json(clone), CloneKind(clone["clone"]), clone["similarity"])
            for clone in value["clones"]
        ),
    )


def duplicates_request_to_json(request: DuplicatesRequest) -> Json:
    """The parameters of a request for duplicates. `validation.duplicates_request` is the reverse."""
    params: Json = {"filters": filters_to_json(request.filters)}
    if request.limit is not None:
        params["limit"] = request.limit
    if request.loosest is not None:
        params["loosest"] = request.loosest.value
    if request.threshold is not None:
        params["threshold"] = request.threshold
    if request.min_tokens is not None:
        params["minTokens"] = request.min_tokens
    return params


def duplicates_response_to_json(response: DuplicatesResponse) -> Json:
    """The `result` of a request for duplicates."""
    message = {"message": response.message} if response.message else {}
    groups = [clone_group_to_json(group) for group in response.groups]
    return {"groups": groups, "indexing": response.indexing, **message}


def duplicates_response_from_json(value: Json) -> DuplicatesResponse:
    """The reverse of `duplicates_response_to_json`, with the same errors as `function_from_json`."""
    return DuplicatesResponse(
        groups=tuple(clone_group_from_json(group) for group in value["groups"]),
        indexing=bool(value.get("indexing")),
        message=str(value.get("message") or ""),
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


def progress_from_json(value: Json) -> Progress:
    """The reverse of `progress_to_json`, with the same errors as `function_from_json`."""
    return Progress(Stage(value["stage"]), int(value["done"]), int(value["total"]))


def error_to_json(error: ErrorAnswer) -> Json:
    """The `error` of an answer, or the parameters of a `problem`."""
    return {"kind": error.kind, "message": error.message}


def filters_to_json(filters: Filters) -> Json:
    """Filters as they travel. `validation.filters_from_json` is the reverse."""
    return {"paths": list(filters.paths), "languages": list(filters.languages), "kinds": list(filters.kinds)}


def config_to_json(config: Config) -> Json:
    """A configuration as the indexer process takes it on its command line: `Config` by its own field names."""
    return asdict(config)


def config_from_json(value: Json) -> Config:
    """The reverse of `config_to_json`; fields left out keep their defaults. Raises `TypeError` on unknown fields."""
    settings: dict[str, Any] = {name: tuple(item) if isinstance(item, list) else item for name, item in value.items()}
    return Config(**settings)
