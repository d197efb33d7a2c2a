from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fathom_research.training.data import build as build_module
from fathom_research.training.data.__main__ import main
from fathom_research.training.data.build import LOCK_NAME, build
from fathom_research.training.data.holdout import fingerprint
from fathom_research.training.data.manifest import Package
from fathom_research.training.data.mine import mine

Registry = dict[str, Callable[[Path], object]]

PYTHON = Package("shelf", "pypi", ("python",), "MIT")
GO = Package("golang-shelf-dev", "npm", ("go",), "MIT", validation=True)
COPY = Package("shelf-fork", "pypi", ("python",), "MIT")
PACKAGES = [PYTHON, COPY, GO]


@pytest.fixture
def shelves(
    registry: Registry,
    wheel: Callable[..., Path],
    npm_package: Callable[..., Path],
    python_source: str,
    go_source: str,
) -> Registry:
    """A registry with a Python package, a copy of it, and a Go package."""

    def put(folder: Path, name: str) -> Path:
        return wheel(folder / f"{name}-1.0-py3-none-any.whl", name, {f"{name}/core.py": python_source})

    registry[PYTHON.key] = lambda folder: put(folder, "shelf")
    registry[COPY.key] = lambda folder: put(folder, "fork")
    registry[GO.key] = lambda folder: npm_package(folder / "golang-shelf-dev-2.0.0.tgz", {"core.go": go_source})
    return registry


def pairs(out: Path) -> list[dict[str, Any]]:
    """All records of all shards."""
    found: list[dict[str, Any]] = []
    for shard in sorted(out.glob("pairs-*.jsonl.gz")):
        with gzip.open(shard, "rt", encoding="utf-8") as lines:
            found += [json.loads(line) for line in lines]
    return found


def test_builds_pairs_and_a_lock(tmp_path: Path, shelves: Registry) -> None:
    lock = build(PACKAGES, PACKAGES, tmp_path, frozenset())
    records = pairs(tmp_path)
    docs = [record for record in records if record["kind"] == "doc"]
    assert {(record["name"], record["language"], record["split"]) for record in docs} == {
        ("mergeIntervals", "go", "validation"),
        ("Shelf.widest", "python", "train"),
        ("merge_intervals", "python", "train"),
    }
    for record in records:
        assert set(record) == set("id language package split file name kind query code hard".split())
        assert record["kind"] in {"doc", "keyword", "question", "code"}
        assert record["query"].strip() and record["code"].strip() and record["query"] != record["code"]
    assert len({record["id"] for record in records}) == len(records)
    assert json.loads((tmp_path / LOCK_NAME).read_text()) == json.loads(json.dumps(lock))
    assert lock["packages"][GO.key]["version"] == "2.0.0"
    assert lock["packages"][PYTHON.key]["licence_declared"] == "MIT"
    counted = Counter((record["language"], record["kind"]) for record in records)
    for (language, kind), count in counted.items():
        assert lock["totals"][language][kind] == count


def test_near_duplicates_of_another_package_are_left_out(tmp_path: Path, shelves: Registry) -> None:
    lock = build(PACKAGES, PACKAGES, tmp_path, frozenset())
    assert lock["packages"][PYTHON.key]["functions"] == 2
    assert lock["packages"][COPY.key]["functions"] == 0


def test_validation_wins_over_training(tmp_path: Path, shelves: Registry) -> None:
    held_back = Package("shelf-fork", "pypi", ("python",), "MIT", validation=True)
    lock = build([PYTHON, held_back], [PYTHON, held_back], tmp_path, frozenset())
    assert lock["packages"][held_back.key]["functions"] == 2
    assert lock["packages"][PYTHON.key]["functions"] == 0


def test_one_description_is_one_pair(tmp_path: Path, shelves: Registry, wheel: Callable[..., Path]) -> None:
    other = 'def smooth(xs, ys):\n    """Find the shelf that takes the most room."""\n    total = 0\n'
    other += "    for x, y in zip(xs, ys):\n        total += x * y + len(xs)\n    return total / len(ys)\n"
    shelves[COPY.key] = lambda folder: wheel(folder / "fork-1.0-py3-none-any.whl", "fork", {"fork/other.py": other})
    lock = build(PACKAGES, PACKAGES, tmp_path, frozenset())
    assert lock["packages"][COPY.key]["functions"] == 0


def test_the_same_downloads_give_the_same_bytes(tmp_path: Path, shelves: Registry) -> None:
    for name in "one", "other":
        (tmp_path / name).mkdir()
        build(PACKAGES, PACKAGES, tmp_path / name, frozenset())
    shards = sorted(path.name for path in (tmp_path / "one").glob("pairs-*"))
    assert shards == ["pairs-go-000.jsonl.gz", "pairs-python-000.jsonl.gz"]
    for name in shards:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "other" / name).read_bytes()


def test_goes_on_after_a_kill(tmp_path: Path, shelves: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(package: Package, *arguments: Any) -> Any:
        mined_packages.append(package.key)
        for number, found in enumerate(mine(package, *arguments)):
            if package == COPY and number == 1 and len(mined_packages) == 2:
                raise KeyboardInterrupt
            yield found

    mined_packages: list[str] = []
    monkeypatch.setattr(build_module, "mine", killed)
    with pytest.raises(KeyboardInterrupt):
        build(PACKAGES, PACKAGES, tmp_path, frozenset())
    assert not list(tmp_path.glob("pairs-*"))
    build(PACKAGES, PACKAGES, tmp_path, frozenset())
    assert mined_packages == [PYTHON.key, COPY.key, COPY.key, GO.key]
    again = pairs(tmp_path)
    build(PACKAGES, PACKAGES, tmp_path, frozenset())
    assert len(mined_packages) == 4
    assert pairs(tmp_path) == again


def test_another_version_is_fetched_and_mined_anew(
    tmp_path: Path, shelves: Registry, wheel: Callable[..., Path], python_source: str
) -> None:
    build([PYTHON], [PYTHON], tmp_path, frozenset())
    pinned = replace(PYTHON, version="1.0")
    del shelves[PYTHON.key]
    assert build([pinned], [pinned], tmp_path, frozenset())["failed"] == {}
    newer = python_source.replace("the most room", "the very most room")
    shelves[PYTHON.key] = lambda folder: wheel(folder / "shelf-2.0-py3-none-any.whl", "shelf", {"shelf/core.py": newer})
    pinned = replace(PYTHON, version="2.0")
    lock = build([pinned], [pinned], tmp_path, frozenset())
    assert lock["packages"][PYTHON.key]["version"] == "2.0"
    assert "Find the shelf that takes the very most room." in {record["query"] for record in pairs(tmp_path)}


def test_held_out_functions_are_in_no_pair(tmp_path: Path, shelves: Registry) -> None:
    build(PACKAGES, PACKAGES, tmp_path, frozenset())
    listed = next(record["code"] for record in pairs(tmp_path) if record["name"] == "Shelf.widest")
    lock = build(PACKAGES, PACKAGES, tmp_path, frozenset({fingerprint(listed)}))
    assert lock["holdout"]["hashes"] == 1
    assert "Shelf.widest" not in {record["name"] for record in pairs(tmp_path)}
    assert lock["packages"][PYTHON.key]["tally"]["held_out"] == 1


def test_a_package_that_fails_stops_nothing(tmp_path: Path, shelves: Registry, wheel: Callable[..., Path]) -> None:
    del shelves[GO.key]
    shelves[COPY.key] = lambda folder: wheel(folder / "fork-1.0-py3-none-any.whl", "fork", {}, "GPL-3.0-only")
    lock = build(PACKAGES, PACKAGES, tmp_path, frozenset())
    assert set(lock["failed"]) == {GO.key, COPY.key}
    assert "GPL-3.0-only" in lock["failed"][COPY.key]
    assert {record["package"] for record in pairs(tmp_path)} == {PYTHON.key}


def test_command(tmp_path: Path, shelves: Registry, caplog: pytest.LogCaptureFixture) -> None:
    manifest = tmp_path / "manifest.json"
    entries = [
        {"name": "shelf", "registry": "pypi", "languages": ["python"], "licence": "MIT"},
        {"name": "golang-shelf-dev", "registry": "npm", "languages": ["go"], "licence": "MIT"},
    ]
    manifest.write_text(json.dumps({"packages": entries}))
    out = tmp_path / "out"
    assert main(["--out", str(out), "--manifest", str(manifest), "--only", "go"]) == 0
    assert {record["language"] for record in pairs(out)} == {"go"}
    assert main(["--out", str(out), "--manifest", str(manifest), "--only", "python"]) == 0
    assert {record["language"] for record in pairs(out)} == {"go", "python"}
    assert main(["--out", str(out), "--holdout", str(tmp_path / "missing.gz")]) == 1
    assert "missing.gz" in caplog.text
    assert main(["--out", str(out), "--manifest", str(manifest), "--only", "klingon"]) == 1
