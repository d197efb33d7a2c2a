"""What a package's own metadata says about its licence, and which of its files it says are copyleft."""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

_COPYLEFT = re.compile(
    r"\b(?:[AL]?GPL|GFDL|MPL|EPL|CDDL|EUPL|CPL|OSL|QPL|CC-BY-(?:NC|SA|ND)|SSPL|BUSL|Artistic)\b"
    r"|General Public Licen[sc]e|Mozilla Public|Eclipse Public|Common Development and Distribution|Affero",
    re.IGNORECASE,
)
_SPDX_CHOICE = re.compile(r"\s+or\s+|\s*[|/]\s*", re.IGNORECASE)
_HEAD_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Licences:
    """What the metadata declares for the whole package, where it says so, and globs of files that are copyleft."""

    declared: str
    source: str
    copyleft_files: tuple[str, ...] = ()

    @property
    def is_copyleft(self) -> bool:
        """Whether no alternative of the declared licence is free of copyleft."""
        return all(is_copyleft(choice) for choice in _SPDX_CHOICE.split(self.declared))


def is_copyleft(text: str) -> bool:
    """Whether a text names a licence with a copyleft of any strength."""
    return _COPYLEFT.search(text) is not None


def head_is_copyleft(source: bytes) -> bool:
    """Whether the start of a file names such a licence, as a file's header does."""
    return is_copyleft(source[:_HEAD_BYTES].decode("latin-1"))


def declared_licences(files: Mapping[str, bytes]) -> Licences:
    """What metadata files say, keyed by their path in the package: a wheel's, npm's or Debian's."""
    for path, content in sorted(files.items()):
        text = content.decode("utf-8", "replace")
        if path.endswith(".dist-info/METADATA"):
            return Licences(_wheel_licence(text), path)
        if path == "package/package.json":
            return Licences(_npm_licence(text), path)
        if path.endswith("/copyright"):
            return _debian_licences(text, path)
        if path.rpartition("/")[2].startswith(("LICENSE", "COPYING")):
            return Licences(_named_in(text), path)
    return Licences("", "")


def in_globs(path: str, globs: tuple[str, ...]) -> bool:
    """Whether a path, relative to a source package's root, is meant by one of its globs."""
    return any(fnmatch.fnmatchcase(path, glob) for glob in globs)


_PHRASES = {
    "Apache-2.0": "Apache License",
    "MIT": "Permission is hereby granted, free of charge",
    "BSL-1.0": "Boost Software License",
    "BSD": "Redistribution and use in source and binary forms",
    "ISC": "Permission to use, copy, modify, and",
}


def _named_in(text: str) -> str:
    """The licence that a licence file's text is, judged by its opening words; empty if it is another."""
    head = " ".join(text[:_HEAD_BYTES].split())
    if is_copyleft(head):
        return "copyleft (GPL, MPL, EPL)"
    return next((licence for licence, phrase in _PHRASES.items() if phrase in head), "")


def _wheel_licence(metadata: str) -> str:
    head = metadata.split("\n\n", 1)[0]
    for pattern in (r"^License-Expression: *(.+)$", r"^License: *([^\n]{2,60})$"):
        if match := re.search(pattern, head, re.MULTILINE):
            return match[1].strip()
    return "; ".join(re.findall(r"^Classifier: License :: (?:OSI Approved :: )?(.+)$", head, re.MULTILINE))


def _npm_licence(text: str) -> str:
    try:
        declared = json.loads(text).get("license", "")
    except (ValueError, AttributeError):
        return ""
    return str(declared.get("type", "") if isinstance(declared, dict) else declared)


def _debian_licences(text: str, path: str) -> Licences:
    """The machine-readable copyright file: the licence of `Files: *`, and the globs under a copyleft one."""
    declared = ""
    copyleft: list[str] = []
    for stanza in re.split(r"\n\s*\n", text):
        files = re.search(r"^Files:\s*((?:.+\n?)(?:[ \t]+.*\n?)*)", stanza, re.MULTILINE)
        licence = re.search(r"^License:[ \t]*(\S.*)$", stanza, re.MULTILINE)
        if not files or not licence:
            continue
        globs = files[1].split()
        if "*" in globs:
            declared = licence[1].strip()
        elif Licences(licence[1], path).is_copyleft:
            copyleft += globs
    return Licences(declared, path, tuple(copyleft))
