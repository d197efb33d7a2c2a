"""What is left out of a workspace if no ignore file decides.

A folder is left out for its name alone only if no project keeps its own code under that name (`node_modules`). Names
that hold code in some repositories (`build`, `target`, `vendor`, `venv`) need evidence: the manifest of the tool that
writes such a folder is beside it, or the folder contains the marker file of its tool. A negated pattern in any ignore
file brings such a folder back, for instance `!vendor/` in `.fathomignore`.

Lock files and the like need no rule: Fathom does not read their languages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

VERSION_CONTROL = frozenset({".git", ".hg", ".svn", ".jj"})
"""Never entered, whatever the ignore files say."""

PATTERNS = (
    # Hidden folders belong to tools, except for those in which projects keep scripts.
    ".*/",
    "!.buildkite/",
    "!.ci/",
    "!.circleci/",
    "!.devcontainer/",
    "!.github/",
    "!.gitlab/",
    "!.husky/",
    "!.storybook/",
    "__pycache__/",
    "*.egg-info/",
    "bower_components/",
    "dist-packages/",
    "jspm_packages/",
    "node_modules/",
    "site-packages/",
    # Emacs marks a file that is being edited with a dangling link of this name.
    ".#*",
)
"""Gitignore-style patterns relative to the root, of the lowest rank."""

BUILD_OUTPUT = "build output"
DEPENDENCIES = "copied dependencies"
ENVIRONMENT = "virtual environment"
CACHE = "cache of a tool"
WORKTREE = "another worktree of the same repository"

_PYTHON = frozenset({"pyproject.toml", "setup.py"})
_GRADLE = frozenset({"build.gradle", "build.gradle.kts", "settings.gradle", "settings.gradle.kts"})
_NODE = frozenset({"package.json"})

_WRITTEN_BY: dict[str, tuple[str, frozenset[str]]] = {
    "_build": (BUILD_OUTPUT, frozenset({"mix.exs", "dune-project"})),
    "build": (BUILD_OUTPUT, _PYTHON | _GRADLE | _NODE | {"CMakeLists.txt", "meson.build"}),
    "coverage": (BUILD_OUTPUT, _NODE),
    "dist": (BUILD_OUTPUT, _PYTHON | _NODE),
    "out": (BUILD_OUTPUT, _GRADLE | _NODE),
    "target": (BUILD_OUTPUT, frozenset({"Cargo.toml", "pom.xml", "build.sbt"})),
    "zig-out": (BUILD_OUTPUT, frozenset({"build.zig"})),
    "Carthage": (DEPENDENCIES, frozenset({"Cartfile"})),
    "Pods": (DEPENDENCIES, frozenset({"Podfile"})),
    "deps": (DEPENDENCIES, frozenset({"mix.exs"})),
    "vendor": (DEPENDENCIES, frozenset({"Cargo.toml", "Gemfile", "composer.json", "go.mod"})),
}

_MARKS = {
    "pyvenv.cfg": ENVIRONMENT,
    "conda-meta": ENVIRONMENT,
    # See https://bford.info/cachedir/: written by cargo, pytest, mypy, ruff and others.
    "CACHEDIR.TAG": CACHE,
}


def reason_beside(name: str, siblings: AbstractSet[str]) -> str | None:
    """Why the folder `name` is left out because of the names beside it, or None."""
    reason, manifests = _WRITTEN_BY.get(name, (None, frozenset()))
    return reason if not manifests.isdisjoint(siblings) else None


def reason_inside(names: AbstractSet[str]) -> str | None:
    """Why a folder is left out because of the `names` in it, or None."""
    return next((reason for mark, reason in _MARKS.items() if mark in names), None)
