"""A fake indexer process that fails in the given way: `fake_indexer.py MODE --root DIR ...`.

answer    answers every request properly
die       ends at the first search
die-once  the same, but the next one in the folder answers
unborn    ends at once
mute      as `answer`, but for searches, which it hears only
stall     hears everything and answers nothing, not even to being asked to stop
picky     as `answer`, but nothing is in its index that something could be similar to
garbage   surrounds its answers with lines that are no messages, and answers searches without results
streams   as `answer`, with a first order sent before searches and similar functions when it is asked for
copies    as `answer`, with the end of indexing told first
early     as `answer`, but its index is still being made, and has nothing so far
again     as `early`, but its index was complete before and is looked at again
chatty    as `answer`, with progress and a problem told first
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

HIT = {
    "path": "src/über uns/a b.py",
    "startLine": 3,
    "endLine": 5,
    "name": "settle",
    "qualifiedName": "Account.settle",
    "kind": "method",
    "language": "python",
    "score": 0.5,
    "signature": "def settle(self)",
    "snippet": "def settle(self):\n    ...",
}


UNASKED: dict[str, list[tuple[str, Any]]] = {
    "copies": [("progress", {"stage": "ready", "done": 1, "total": 1})],
    "again": [
        ("progress", {"stage": "ready", "done": 1, "total": 1}),
        ("progress", {"stage": "scan", "done": 0, "total": 0}),
    ],
    "chatty": [
        ("progress", {"stage": "embed", "done": 1, "total": 2}),
        ("problem", {"kind": "index", "message": "the disk is full"}),
    ],
}


def say(message: Any) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def result_of(method: str, params: dict[str, Any], root: str, heard: list[dict[str, Any]]) -> dict[str, Any]:
    if method in ("search", "similar"):
        if params.get("query") == "wrong":
            raise LookupError("unknown language 'klingon'")
        scores = {"low": 0.1, "high": 0.9}
        compared = {"compared": {**HIT, "name": "own"}} if method == "similar" else {}
        return {**compared, "results": [{**HIT, "score": scores.get(Path(root).name, 0.5)}], "indexing": False}
    if method == "duplicates":
        clones = [{**HIT, "path": name, "clone": "near", "similarity": 0.8} for name in ("a.py", "b.py", "c.py")]
        return {"groups": [{"kind": "near", "similarity": 0.8, "tokens": 60, "key": "0", "clones": clones}]}
    if method == "status":
        return {"root": root, "pid": os.getpid(), "heard": heard, "arguments": sys.argv[1:], "cwd": str(Path.cwd())}
    return {}


def say_first_order(mode: str, message: Any) -> None:
    if mode == "streams" and message["params"].get("stream"):
        first = {"results": [{**HIT, "name": "first", "score": 0.2}], "indexing": False, "complete": False}
        say({"method": "partial", "params": {"id": message["id"], "result": first}})


def altered(mode: str, message: dict[str, Any], result: dict[str, Any]) -> dict[str, Any]:
    """The result from an incomplete index, or one that lacks a file."""
    if mode == "picky" and message["method"] == "similar":
        raise LookupError(f"{message['params']['path']} is not in the index")
    if mode not in ("early", "again"):
        return result
    early: dict[str, Any] = {name: [] for name in ("results", "groups") if name in result}
    return {**result, **early, "indexing": True, "progress": {"stage": "parse", "done": 1, "total": 9}}


def dies(mode: str, root: str) -> bool:
    mark = Path(root, "died")
    if mode == "die-once" and not mark.exists():
        mark.touch()
        return True
    return mode == "die"


def main() -> None:
    mode, root = sys.argv[1], sys.argv[3]
    if mode == "unborn":
        sys.exit(3)
    say({"method": "ready", "params": {"protocol": 1, "version": "0"}})
    for method, params in UNASKED.get(mode, ()):
        say({"method": method, "params": params})
    heard: list[dict[str, Any]] = []
    for line in sys.stdin:
        message = json.loads(line)
        heard.append(message)
        if mode == "stall":
            continue
        if message["method"] == "search" and dies(mode, root):
            sys.exit(3)
        if message["method"] == "shutdown":
            break
        if "id" not in message or (mode == "mute" and message["method"] == "search"):
            continue
        say_first_order(mode, message)
        if mode == "garbage":
            sys.stdout.write(
                'Loading model...\n[1, 2]\n{"id": []}\n{"method": 5}\n{"method": "progress", "params": 7}\n'
            )
            if message["method"] == "search":
                say({"id": message["id"], "result": {"answer": 42}})
                continue
            if message["method"] == "similar":
                say({"id": message["id"], "error": "no"})
                continue
        try:
            result = result_of(message["method"], message.get("params", {}), root, heard)
            say({"id": message["id"], "result": altered(mode, message, result)})
        except LookupError as error:
            say({"id": message["id"], "error": {"kind": "query", "message": str(error.args[0])}})
    if mode == "stall":
        time.sleep(600)


if __name__ == "__main__":
    main()
