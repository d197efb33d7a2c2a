"""The packages that training data is mined from: which, in what version, under what licence."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from fathom_indexer.errors import FathomError
from fathom_indexer.languages import language_named

REGISTRIES = ("pypi", "npm", "debian", "debian-source")

PERMISSIVE = frozenset(
    """
    0BSD Apache-2.0 Apache-2.0-WITH-LLVM-exception BSD-2-Clause BSD-3-Clause BSL-1.0 CC0-1.0 ICU ISC MIT MIT-CMU NCSA
    PHP-3.01 PSF-2.0 PostgreSQL Python-2.0 Ruby TCL Unicode-3.0 Unlicense X11 Zlib blessing curl
    """.split()
)
"""SPDX identifiers of the licences that a package may have; joined by OR or AND in the manifest, all must be here."""

DEFAULT_LIMIT = 6000
"""Functions taken from one package in one language, so that none dominates."""


class ManifestError(FathomError):
    """The manifest cannot be read, or names something that must not be mined."""


@dataclass(frozen=True, slots=True)
class Package:
    """One package of a registry.

    `include` and `exclude` are prefixes of paths inside the package; empty `include` means everything. `platform` picks
    the wheel of a PyPI package when the one for this machine is needlessly large. `licence_note` says why the package
    may be used where its metadata alone would forbid it.
    """

    name: str
    registry: str
    languages: tuple[str, ...]
    licence: str
    version: str = ""
    validation: bool = False
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    limit: int = DEFAULT_LIMIT
    platform: str = ""
    licence_note: str = ""

    @property
    def key(self) -> str:
        """Unique, and usable as a file name."""
        return f"{self.registry}-{self.name}".replace("/", "+")

    @property
    def split(self) -> str:
        return "validation" if self.validation else "train"


def load_manifest(path: Path | None = None) -> list[Package]:
    """The packages of a manifest, of the committed one by default. Raises `ManifestError`."""
    try:
        text = (path or resources.files(__package__) / "manifest.json").read_text(encoding="utf-8")
        entries = json.loads(text)["packages"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ManifestError(f"the manifest cannot be read: {error}") from error
    packages = [_package(entry) for entry in entries]
    keys = [package.key for package in packages]
    if repeated := sorted({key for key in keys if keys.count(key) > 1}):
        raise ManifestError(f"named twice in the manifest: {', '.join(repeated)}")
    return packages


def with_languages(packages: Sequence[Package], languages: Sequence[str]) -> list[Package]:
    """The packages that have one of the languages; all of them when none is named."""
    if not languages:
        return list(packages)
    for language in languages:
        language_named(language)
    return [package for package in packages if set(package.languages) & set(languages)]


def _package(entry: dict[str, object]) -> Package:
    try:
        values = {key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()}
        package = Package(**values)  # type: ignore[arg-type]
    except TypeError as error:
        raise ManifestError(f"{entry.get('name', entry)}: {error}") from error
    if package.registry not in REGISTRIES:
        raise ManifestError(f"{package.name}: no registry {package.registry!r}; there are: {', '.join(REGISTRIES)}")
    for licence in package.licence.replace(" AND ", " OR ").split(" OR "):
        if licence not in PERMISSIVE:
            raise ManifestError(f"{package.name}: {licence!r} is not among the permissive licences")
    if not package.languages:
        raise ManifestError(f"{package.name}: names no language")
    for language in package.languages:
        language_named(language)
    return package
