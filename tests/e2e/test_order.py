"""Notifications in many orders, many in one write: what the indexer is told follows from their order alone."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from raw_client import Pipe, message, started

Step = tuple[str, str, str]
"""What is done, to which document, with which text."""

NAMES = ("a.py", "b c.py", "ü.py")
CELLS = ("one", "two")

documents = st.tuples(st.sampled_from(["open", "change", "close", "save"]), st.sampled_from(NAMES), st.text("xyz"))
cells = st.tuples(
    st.sampled_from(["notebook", "edit", "insert", "delete", "replace", "shut"]),
    st.sampled_from(CELLS),
    st.text("xyz"),
)


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("work")


@pytest.fixture(scope="module")
def pipe(work: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipe]:
    # An indexer that is told of documents only before a question: the order must not be the clock's.
    options = {"typingPause": 60_000}
    with started(cache=tmp_path_factory.mktemp("cache"), folders=(work,), options=options) as pipe:
        pipe.ask("fathom/search", {"query": "pay"}, message("initialized", {}))
        yield pipe


numbers = itertools.count()


def of_document(uri: str, step: Step) -> bytes:
    kind, _, text = step
    document: dict[str, Any] = {"uri": uri}
    if kind == "open":
        item = {**document, "languageId": "python", "version": 1, "text": text}
        return message("textDocument/didOpen", {"textDocument": item})
    if kind == "change":
        changed = {**document, "version": 2}
        return message("textDocument/didChange", {"textDocument": changed, "contentChanges": [{"text": text}]})
    return message("textDocument/didClose" if kind == "close" else "textDocument/didSave", {"textDocument": document})


def after(known: dict[str, str], step: Step) -> None:
    """The model of documents: what is open, with which text."""
    kind, name, text = step
    if kind == "open" or (kind == "change" and name in known):
        known[name] = text
    elif kind == "close":
        known.pop(name, None)


def told(pipe: Pipe, folder: str) -> dict[str, str]:
    """What the indexer has been told is open below a folder."""
    [root] = pipe.ask("fathom/status")["result"]["roots"]
    opened: dict[str, str] = {}
    for heard in root["heard"]:
        path = heard.get("params", {}).get("path", "")
        if path.startswith(folder + "/"):
            if heard["method"] == "openDocument":
                opened[path.removeprefix(folder + "/")] = heard["params"]["text"]
            elif heard["method"] == "closeDocument":
                opened.pop(path.removeprefix(folder + "/"), None)
    return opened


many = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@many
@given(st.lists(documents, max_size=12), st.booleans())
@example([("open", "a.py", "x"), ("close", "a.py", "")], False)
@example([("open", "a.py", "x"), ("close", "a.py", ""), ("open", "a.py", "y")], False)
@example([("close", "a.py", ""), ("open", "a.py", "x"), ("change", "a.py", "y"), ("close", "a.py", "")], True)
@example([("open", "a.py", "x"), ("close", "a.py", ""), ("change", "a.py", "y"), ("save", "a.py", "")], False)
def test_documents_are_open_as_the_order_of_messages_has_it(
    pipe: Pipe, work: Path, steps: list[Step], at_once: bool
) -> None:
    folder = f"documents {next(numbers)}"
    known: dict[str, str] = {}
    written = []
    for step in steps:
        # A client may write one URI in two ways.
        name = step[1] if step[0] == "close" else quote(step[1])
        uri = (work / quote(folder)).as_uri().replace("%25", "%") + "/" + name
        written.append(of_document(uri, step))
        after(known, step)
    if at_once:
        pipe.ask("fathom/search", {"query": "pay"}, b"".join(written))
    else:
        # The indexer knows of everything once it is asked; here all is written before it could be.
        pipe.write(b"".join(written))
        pipe.ask("fathom/search", {"query": "pay"})
    assert told(pipe, folder) == known


def of_notebook(uri: str, step: Step, version: int) -> bytes:
    kind, name, text = step
    notebook = {"uri": uri, "version": version}
    cell_uri = f"vscode-notebook-cell:{uri.removeprefix('file:')}#{name}"
    item = {"uri": cell_uri, "languageId": "python", "version": version, "text": text}
    cell = {"kind": 2, "document": cell_uri}
    if kind == "notebook":
        opened = {**notebook, "notebookType": "jupyter-notebook", "cells": [cell]}
        return message("notebookDocument/didOpen", {"notebookDocument": opened, "cellTextDocuments": [item]})
    if kind == "shut":
        closed = [{"uri": cell_uri.replace(f"#{name}", f"#{other}")} for other in CELLS]
        return message("notebookDocument/didClose", {"notebookDocument": {"uri": uri}, "cellTextDocuments": closed})
    change: dict[str, Any] = {}
    array = {"start": 0, "deleteCount": 0}
    if kind == "edit":
        change["textContent"] = [{"document": {"uri": cell_uri, "version": version}, "changes": [{"text": text}]}]
    else:
        change["structure"] = {"array": array}
        if kind in ("insert", "replace"):
            change["structure"]["didOpen"] = [item]
        if kind in ("delete", "replace"):
            change["structure"]["didClose"] = [{"uri": cell_uri}]
    return message("notebookDocument/didChange", {"notebookDocument": notebook, "change": {"cells": change}})


def after_cells(known: dict[str, str] | None, step: Step) -> dict[str, str] | None:
    """The model of a notebook: the texts of its open cells; None while it is closed."""
    kind, name, text = step
    if kind == "notebook":
        return {**(known or {}), name: text}
    if known is None or kind == "shut":
        return None
    if kind in ("insert", "replace") or (kind == "edit" and name in known):
        return {**known, name: text}
    if kind == "delete":
        return {other: content for other, content in known.items() if other != name}
    return known


@many
@given(st.lists(cells, max_size=10))
@example([("notebook", "one", "x"), ("shut", "one", "")])
@example([("notebook", "one", "x"), ("replace", "one", "y"), ("shut", "one", ""), ("notebook", "two", "z")])
@example([("notebook", "one", "x"), ("delete", "one", ""), ("edit", "one", "y")])
def test_cells_are_open_as_the_order_of_messages_has_it(pipe: Pipe, work: Path, steps: list[Step]) -> None:
    folder = f"notebooks-{next(numbers)}"
    uri = (work / folder / "book.ipynb").as_uri()
    known: dict[str, str] | None = None
    written = []
    for version, step in enumerate(steps):
        written.append(of_notebook(uri, step, version))
        known = after_cells(known, step)
    pipe.ask("fathom/search", {"query": "pay"}, b"".join(written))
    assert sorted(told(pipe, folder).values()) == sorted((known or {}).values())
