"""Folders, URIs and hits in LSP's terms."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types

from fathom_indexer.types import FunctionRef, Kind
from fathom_server.protocol.capabilities import ClientCapabilities
from fathom_server.protocol.convert import Folder, folder_of, location_of, path_of, symbol_kind, symbol_of

posix_only = pytest.mark.skipif(os.name == "nt", reason="POSIX paths")

FOLDER = Folder("file:///work/my%20code", Path("/work/my code"), Path("/work/my code"))
FUNCTION = FunctionRef("src/a.py", "settle", "Account.settle", Kind.METHOD, "python", "def settle(self)", 3, 5)


@posix_only
def test_a_hit_has_whole_lines_and_an_uri_that_extends_the_folders() -> None:
    location = location_of(FOLDER, replace(FUNCTION, path="src/über uns/a#b.py"))
    assert location == types.Location(
        "file:///work/my%20code/src/%C3%BCber%20uns/a%23b.py",
        types.Range(types.Position(2, 0), types.Position(5, 0)),
    )
    assert path_of(location.uri) == Path("/work/my code/src/über uns/a#b.py")


@posix_only
@given(st.lists(st.text(st.characters(exclude_characters="/\0", codec="utf-8"), min_size=1), min_size=1, max_size=4))
def test_a_path_survives_the_way_to_the_client_and_back(parts: list[str]) -> None:
    if {".", ".."} & set(parts):
        return
    relative = "/".join(parts)
    path = path_of(FOLDER.uri_of(relative))
    assert path is not None
    assert FOLDER.relative(path) == relative


def test_a_root_folder_with_a_slash_does_not_get_two() -> None:
    assert Folder("file:///", Path("/"), Path("/")).uri_of("a.py") == "file:///a.py"


@pytest.mark.parametrize(
    ("fields", "name", "container"),
    [
        ({"name": "settle", "qualified_name": "Account.settle"}, "settle", "Account"),
        ({"name": "settle", "qualified_name": "a.b.settle"}, "settle", "a.b"),
        ({"name": "settle", "qualified_name": "settle"}, "settle", "src/a.py"),
        ({"name": "", "qualified_name": "", "kind": Kind.MODULE}, "a.py", "src/a.py"),
    ],
)
def test_a_symbol_is_named_and_placed(fields: dict[str, Any], name: str, container: str) -> None:
    symbol = symbol_of(FOLDER, replace(FUNCTION, **fields), ClientCapabilities())
    assert (symbol.name, symbol.container_name) == (name, container)
    assert symbol.location == location_of(FOLDER, FUNCTION)


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_is_one_of_lsps(kind: Kind) -> None:
    assert symbol_kind(kind.value) in types.SymbolKind
    assert symbol_kind(kind.value, newer=False).value <= types.SymbolKind.Array.value


@pytest.mark.parametrize(
    "uri", ["untitled:Untitled-1", "git:/a.py", "vscode-remote://ssh/a.py", "", "a.py", "file:///a%00b", "file://[x"]
)
def test_what_is_no_file_has_no_path(uri: str) -> None:
    assert path_of(uri) is None
    assert folder_of(uri) is None


@posix_only
@pytest.mark.parametrize(
    ("path", "relative"),
    [
        ("/work/my code/src/a.py", "src/a.py"),
        ("/work/my code/src/../b.py", "b.py"),
        ("/work/my code/../secret.py", None),
        ("/work/my code2/a.py", None),
        ("/etc/passwd", None),
    ],
)
def test_only_what_is_inside_a_folder_has_a_place_there(path: str, relative: str | None) -> None:
    assert FOLDER.relative(Path(path)) == relative


@posix_only
def test_a_folder_behind_a_link_knows_its_files_by_both_names(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    folder = folder_of((tmp_path / "link").as_uri())
    assert folder is not None
    assert folder.relative(tmp_path / "link" / "a.py") == "a.py"
    assert folder.relative(tmp_path / "real" / "a.py") == "a.py"
    assert folder.name == "link"
