from __future__ import annotations

import json
from pathlib import Path

import pytest

from fathom_indexer.errors import QueryError
from fathom_research.training.data.manifest import ManifestError, load_manifest, with_languages

LANGUAGES = ("python", "javascript", "typescript", "go", "rust", "java", "c", "cpp", "ruby", "php")


def written(tmp_path: Path, *entries: object) -> Path:
    """A manifest with these packages."""
    file = tmp_path / "manifest.json"
    file.write_text(json.dumps({"packages": entries}))
    return file


def test_the_committed_manifest_is_sound() -> None:
    packages = load_manifest()
    assert len(packages) > 36
    for language in LANGUAGES:
        of_language = with_languages(packages, [language])
        assert sum(not package.validation for package in of_language) >= 5, language
        assert any(package.validation for package in of_language), language


@pytest.mark.parametrize(
    "change",
    [
        {"licence": "GPL-3.0"},
        {"licence": "MIT AND MPL-2.0"},
        {"registry": "somewhere"},
        {"languages": []},
        {"colour": "red"},
    ],
)
def test_what_must_not_be_mined_is_refused(tmp_path: Path, change: dict[str, object]) -> None:
    entry = {"name": "shelf", "registry": "pypi", "languages": ["python"], "licence": "MIT OR Apache-2.0"}
    assert len(load_manifest(written(tmp_path, entry))) == 1
    with pytest.raises(ManifestError, match="shelf"):
        load_manifest(written(tmp_path, {**entry, **change}))


def test_unknown_languages_and_repeats_are_refused(tmp_path: Path) -> None:
    entry = {"name": "shelf", "registry": "pypi", "languages": ["python"], "licence": "MIT"}
    with pytest.raises(ManifestError, match="twice"):
        load_manifest(written(tmp_path, entry, entry))
    with pytest.raises(QueryError):
        load_manifest(written(tmp_path, {**entry, "languages": ["klingon"]}))
    with pytest.raises(QueryError):
        with_languages(load_manifest(written(tmp_path, entry)), ["klingon"])


def test_an_unreadable_manifest_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ManifestError):
        load_manifest(tmp_path / "missing.json")
    (tmp_path / "manifest.json").write_text("[")
    with pytest.raises(ManifestError):
        load_manifest(tmp_path / "manifest.json")
