"""Groups of duplicates as SARIF 2.1.0, the format that code scanning services and editors read.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from fathom_indexer import __version__
from fathom_indexer.types import Clone, CloneGroup, CloneKind
from fathom_indexer.wire.framing import Json

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

_RULES = {
    CloneKind.EXACT: ("duplicate-exact", "warning", "The same code but for layout and comments."),
    CloneKind.RENAMED: ("duplicate-renamed", "warning", "The same code but for names and the values of literals."),
    CloneKind.NEAR: ("duplicate-near", "note", "Similar code, as a copy is that was edited."),
}


def sarif_log(groups: Sequence[CloneGroup]) -> Json:
    """The log: one result a group, at its first function, with the others as related locations.

    Paths are relative to `SRCROOT`, the folder that was looked at.
    """
    rules = [
        {"id": rule_id, "shortDescription": {"text": text}, "defaultConfiguration": {"level": level}}
        for rule_id, level, text in _RULES.values()
    ]
    driver = {"name": "Fathom", "version": __version__, "rules": rules}
    results = [_result(group) for group in groups]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _result(group: CloneGroup) -> Json:
    rule_id, level, _ = _RULES[group.kind]
    first, *others = group.clones
    places = ", ".join(
        f"[{_name(clone)}]({number}) ({clone.kind.value}, {clone.similarity:.0%})"
        for number, clone in enumerate(others, start=1)
    )
    return {
        "ruleId": rule_id,
        "ruleIndex": list(_RULES).index(group.kind),
        "level": level,
        "message": {"text": f"{_name(first)} has {group.kind.value} duplicates: {places}"},
        "locations": [_location(first)],
        "relatedLocations": [
            {"id": number, **_location(clone), "message": {"text": f"{clone.kind.value} duplicate"}}
            for number, clone in enumerate(others, start=1)
        ],
        "partialFingerprints": {"fathomCode/v1": group.key},
        "rank": round(100 * group.similarity, 1),
    }


def _name(clone: Clone) -> str:
    # Brackets and backslashes would be read as links.
    return "".join("\\" + c if c in "[]\\" else c for c in clone.function.qualified_name) or "code"


def _location(clone: Clone) -> Json:
    # A file name may hold bytes that are no UTF-8.
    uri = quote(clone.path.encode("utf-8", "surrogateescape"))
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": uri, "uriBaseId": "SRCROOT"},
            "region": {"startLine": clone.function.start_line, "endLine": clone.function.end_line},
        },
        "logicalLocations": [{"fullyQualifiedName": clone.function.qualified_name, "kind": "function"}],
    }
