"""Repositories that solve the same tasks in many languages: which, what licence, and how a path tells the task."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from fathom_indexer.identifiers import split_identifier
from fathom_indexer.languages import language_of_path
from fathom_research.training.data.licences import declared_licences, head_is_copyleft
from fathom_research.training.data.manifest import PERMISSIVE, ManifestError
from fathom_research.training.data.sources import Source

LARGEST_FILE = 100_000
"""Bytes. Larger files are tables or generated."""

_LICENCE_FILE = re.compile(r"(?:LICEN[CS]E|COPYING)(?:\.\w+)?\Z", re.IGNORECASE)
_TEST = re.compile(
    r"(?:^|/)(?:tests?|__tests?__|spec|\.git)/|(?:^|/)(?:test_[^/]*|run-?tests\.\w+)\Z"
    r"|(?:[._-](?:test|tests|spec)|[a-z0-9](?:Test|Tests|Spec))\.\w+\Z"
)
_REVISION = ".revision"


@dataclass(frozen=True, slots=True)
class TaskSource:
    """One repository, `owner/name`.

    Tasks are shared within a `family`. `path` has a group `task` and is matched with the whole path. `statements` says
    that the files are descriptions of tasks, not solutions. Where `comments` is false, comments are left out of the
    code and nothing but the title describes a task: comments there may quote a statement that is not free.
    """

    name: str
    licence: str
    family: str
    path: re.Pattern[str]
    include: tuple[str, ...] = ()
    statements: bool = False
    comments: bool = True

    @property
    def folder(self) -> str:
        """The name of its checkout."""
        return self.name.replace("/", "+")


def load_task_sources(path: Path | None = None) -> list[TaskSource]:
    """The repositories of a manifest, of the committed one by default. Raises `ManifestError`."""
    try:
        text = (path or resources.files(__package__) / "tasks.json").read_text(encoding="utf-8")
        manifest = json.loads(text)
        layouts = {name: re.compile(pattern) for name, pattern in manifest["layouts"].items()}
        return [_source(entry, layouts) for entry in manifest["sources"]]
    except (OSError, ValueError, KeyError, TypeError, re.error) as error:
        raise ManifestError(f"the manifest of tasks cannot be read: {error}") from error


def task_key(title: str) -> str:
    """A key of the task that all spellings of its title share: `0001. Two-Sum` and `twoSum` are both `twosum`."""
    return "".join(character for character in title.lower() if character.isalnum())


def task_title(name: str) -> str:
    """A task's name in a path as words: `two-sum`, `TwoSum` -> `two sum`."""
    words = (word for part in re.split(r"[\W_]+", name) for word in split_identifier(part))
    return " ".join(word.lower() for word in words)


def revision_of(checkout: Path) -> str:
    """The revision that a file `.revision` in the checkout names; empty without one."""
    try:
        return (checkout / _REVISION).read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def check_licence(source: TaskSource, checkout: Path) -> None:
    """Raises `ManifestError` if a checkout's licence file is missing, or another than the manifest says."""
    for path in sorted(checkout.iterdir()):
        if _LICENCE_FILE.match(path.name):
            declared = declared_licences({f"{source.folder}/LICENSE": path.read_bytes()}).declared
            # `declared_licences` does not know the text of CC0.
            if declared == source.licence or (not declared and source.licence == "CC0-1.0"):
                return
            raise ManifestError(f"{source.name}: {path.name} is {declared or 'unknown'}, not {source.licence}")
    raise ManifestError(f"{source.name}: there is no licence file")


def task_files(source: TaskSource, checkout: Path) -> Iterator[tuple[str, Source]]:
    """The task's name and the file, in the order of paths, of every solution in a checkout; tests aside."""
    for file in sorted(path for path in checkout.rglob("*") if path.is_file()):
        path = file.relative_to(checkout).as_posix()
        task = _task(source, path)
        language = language_of_path(path)
        if task is None or language is None or _TEST.search(path) or file.stat().st_size > LARGEST_FILE:
            continue
        content = file.read_bytes()
        if not head_is_copyleft(content):
            yield task, Source(path, language, content)


def task_statements(source: TaskSource, checkout: Path) -> Iterator[tuple[str, str]]:
    """The task's name and what describes it, of every statement in a checkout."""
    for file in sorted(path for path in checkout.rglob("*.md") if path.is_file()):
        task = _task(source, file.relative_to(checkout).as_posix())
        if task is not None:
            yield task, file.read_text(encoding="utf-8", errors="replace")


def _task(source: TaskSource, path: str) -> str | None:
    if source.include and not path.startswith(source.include):
        return None
    match = source.path.fullmatch(path)
    return match["task"] if match and task_key(match["task"]) else None


def _source(entry: dict[str, Any], layouts: dict[str, re.Pattern[str]]) -> TaskSource:
    source = TaskSource(
        name=entry["name"],
        licence=entry["licence"],
        family=entry["family"],
        path=layouts[entry["layout"]],
        include=tuple(entry.get("include", ())),
        statements=entry.get("statements", False),
        comments=entry.get("comments", True),
    )
    if source.licence not in PERMISSIVE:
        raise ManifestError(f"{source.name}: {source.licence!r} is not among the permissive licences")
    return source
