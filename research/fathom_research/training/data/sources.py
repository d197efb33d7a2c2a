"""Which files of a package are read: its own source, without tests, copies of other packages and generated code."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from fathom_indexer.languages import Language, language_named, language_of_path
from fathom_indexer.workspace.classify import content_reason, name_reason
from fathom_research.training.data.fetch import read_archive
from fathom_research.training.data.licences import Licences, declared_licences, head_is_copyleft, in_globs
from fathom_research.training.data.manifest import Package

LARGEST_FILE = 1_500_000
"""Bytes. Larger files are bundles or tables."""

_SKIPPED_FOLDER = re.compile(
    r"(?:^|/)(?:tests?|testing|testdata|test[-_]?(?:utils?|suite|data|lib|support)|[^/]*[-_]tests?|__tests__|specs?"
    r"|mocks?|__mocks__|fixtures?|vendor(?:ed)?|_vendor(?:ed)?|third[-_]?party|externals?|node_modules|bower_components"
    r"|generated|gen|locales?|i18n|benchmarks?|umd|min|_?deps|\.pc)/",
    re.IGNORECASE,
)
_SKIPPED_FILE = re.compile(
    r"(?:^|/)(?:test_[^/]*|conftest)\.py$"
    r"|[^/]*(?:[._-](?:test|tests|spec|mock|min|pb|pb2|pb2_grpc|generated|gen|bundle|stories))\.\w+$"
    r"|(?:^|/)zz_generated[^/]*$|_(?:string|easyjson)\.go$|\.d\.[cm]?ts$"
    r"|[a-z0-9](?:Test|Tests|TestCase|IT|Spec)\.(?:java|kt|scala|cs|php|swift)$"
    r"|_parsetab\.py$|_pb\.(?:js|ts)$|\.pb\.(?:cc|h|go)$"
)
# Where Debian's packages put source: Go's, Rust's and Ruby's below a folder of the project.
_INSTALLED_UNDER = re.compile(
    r"^usr/(?:share|lib)/(?:gocode/src/[^/]+\.[^/]+/(?:[^/]+/[^/]+/)?|cargo/registry/[^/]+/|ruby/vendor_ruby/"
    r"|rubygems-integration/[^/]+/gems/[^/]+/|go-[\d.]+/|php/)?"
)
_METADATA = re.compile(
    r"[^/]+\.dist-info/METADATA$|^package/package\.json$|(?:^|/)copyright$|^[^/]+/(?:LICENSE|COPYING)[^/]*$"
)


@dataclass(frozen=True, slots=True)
class Source:
    """A source file to mine. `path` is inside the package, without the folders that only its registry knows."""

    path: str
    language: Language
    content: bytes


def package_licences(archives: Sequence[Path]) -> Licences:
    """What the metadata in a package's archives says of its licence. Raises `FetchError`."""
    found = [
        declared_licences({path: content})
        for archive in _metadata_archives(archives)
        for path, content in read_archive(archive, LARGEST_FILE)
        if _METADATA.search(path)
    ]
    return next((licences for licences in found if licences.declared), Licences("", ""))


def package_sources(package: Package, archives: Sequence[Path], licences: Licences) -> Iterator[Source]:
    """The files to mine, in the archives' order. Raises `FetchError`."""
    for archive in archives:
        for path, content in read_archive(archive, LARGEST_FILE):
            inside = _path_inside(path, package.registry)
            language = _language(inside, package.languages)
            if language is None or not _is_wanted(inside, package):
                continue
            if in_globs(inside, licences.copyleft_files) or head_is_copyleft(content) or content_reason(content):
                continue
            yield Source(inside, language, content)


def _path_inside(path: str, registry: str) -> str:
    """The path as it is in the package's repository, as far as its registry's layout tells."""
    if registry == "debian":
        return _INSTALLED_UNDER.sub("", path)
    return path.partition("/")[2] if registry in {"npm", "debian-source"} else path


def _metadata_archives(archives: Sequence[Path]) -> Sequence[Path]:
    """A Debian source package's copyright file is in the archive of Debian's own files, beside the upstream ones."""
    return [archive for archive in archives if ".debian.tar." in archive.name] or archives


def _is_wanted(path: str, package: Package) -> bool:
    if package.include and not path.startswith(package.include):
        return False
    if path.startswith(package.exclude or ("\0",)) or name_reason(path):
        return False
    return not _SKIPPED_FOLDER.search(path) and not _SKIPPED_FILE.search(path)


def _language(path: str, wanted: Sequence[str]) -> Language | None:
    language = language_of_path(path)
    if language is None:
        return None
    if language.name == "c" and path.endswith(".h") and "cpp" in wanted and "c" not in wanted:
        return language_named("cpp")
    if language.name == "tsx" and "typescript" in wanted:
        return language
    return language if language.name in wanted else None
