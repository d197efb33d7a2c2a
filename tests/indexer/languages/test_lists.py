"""The lists of languages that the server and the plugins have are those of the registry."""

from __future__ import annotations

from pathlib import Path

import pytest

from fathom_indexer.languages import lists
from fathom_indexer.languages.registry import ALL_LANGUAGES

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("path", [lists.SERVER, lists.NEOVIM, lists.VSCODE], ids=str)
def test_the_generated_files_are_in_step(path: Path) -> None:
    assert (ROOT / path).read_text(encoding="utf-8") == lists.generated(ROOT)[path], (
        "run python -m fathom_indexer.languages.lists"
    )


def test_a_name_of_an_editor_means_one_language() -> None:
    ids = [identifier for language in ALL_LANGUAGES for identifier in language.ids or (language.name,)]
    assert len(ids) == len(set(ids))


def test_a_file_without_its_list_is_refused(tmp_path: Path) -> None:
    for path in (lists.NEOVIM, lists.VSCODE):
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).write_text("nothing")
    with pytest.raises(ValueError, match=r"fathom\.lua has no list"):
        lists.generated(tmp_path)
