"""Git's configuration files, read without git."""

from __future__ import annotations

import os
import re
from pathlib import Path

from fathom_indexer.workspace.read import read_regular

_CONFIG_BYTES = 1_000_000
_INCLUDE_DEPTH = 10
"""As deep as git follows `include.path`."""

_SECTION = re.compile(r'\[\s*(?P<name>[A-Za-z0-9.-]+)(?:\s+"(?P<sub>(?:[^"\\\n]|\\.)*)")?\s*\]')
_KEY = re.compile(r"[ \t]*(?P<key>[A-Za-z][A-Za-z0-9-]*)[ \t]*")
_ESCAPES = {"n": "\n", "t": "\t", "b": "\b"}

Entry = tuple[str, str]
"""A name such as `core.excludesfile`, in small letters but for the part in quotes, and its value."""


def user_config() -> list[Entry]:
    """The entries of the system's and the user's files, in git's order: the last entry of a name counts."""
    return [entry for file in _user_files() for entry in read_config(file)]


def read_config(file: Path, depth: int = 0) -> list[Entry]:
    """The entries of a file and of those that `include.path` names, in order; none if it cannot be read.

    Files named under a condition (`includeIf`) are not read. An entry that git would reject ends the file.
    """
    data = read_regular(file, _CONFIG_BYTES)
    if not data:
        return []
    entries: list[Entry] = []
    for name, value in parse_config(data.decode("utf-8-sig", "surrogateescape")):
        entries.append((name, value))
        if name == "include.path" and depth < _INCLUDE_DEPTH and (included := expand(value, file.parent)):
            entries += read_config(included, depth + 1)
    return entries


def parse_config(text: str) -> list[Entry]:
    """The entries of a configuration file's text. A key without a value has the value `true`."""
    entries: list[Entry] = []
    section = ""
    index = 0
    while index < len(text):
        character = text[index]
        if character in " \t\r\n\v\f":
            index += 1
        elif character in "#;":
            index = _line_end(text, index)
        elif character == "[":
            if not (header := _SECTION.match(text, index)):
                return entries
            section = header["name"].lower() + ("" if header["sub"] is None else "." + _unescaped(header["sub"]))
            index = header.end()
        else:
            key = _KEY.match(text, index)
            if not key or not section:
                return entries
            value, index = _value(text, key.end())
            if value is None:
                return entries
            entries.append((f"{section}.{key['key'].lower()}", value))
    return entries


def last(entries: list[Entry], name: str) -> str | None:
    """The value that counts, or None."""
    return next((value for entry, value in reversed(entries) if entry == name), None)


def is_true(value: str | None) -> bool:
    """A value as a boolean, as git reads it."""
    return value is not None and value.lower() not in ("", "false", "no", "off", "0")


def expand(value: str, folder: Path) -> Path | None:
    """A path as git reads it from a configuration: with `~` and `~user`, else relative to `folder`. None if empty."""
    if not value or "\0" in value:
        return None
    try:
        return folder / (Path(value).expanduser() if value.startswith("~") else value)
    except (RuntimeError, KeyError):
        # The user does not exist.
        return None


def config_home() -> Path | None:
    """Where git looks for the user's `git/config` and `git/ignore`."""
    named = os.environ.get("XDG_CONFIG_HOME")
    return Path(named) if named else expand("~/.config", Path())


def _user_files() -> list[Path]:
    files: list[Path | None] = []
    if not is_true(os.environ.get("GIT_CONFIG_NOSYSTEM")):
        files.append(Path(os.environ.get("GIT_CONFIG_SYSTEM") or "/etc/gitconfig"))
    if "GIT_CONFIG_GLOBAL" in os.environ:
        files.append(expand(os.environ["GIT_CONFIG_GLOBAL"], Path()))
    else:
        home = config_home()
        files += [home and home / "git" / "config", expand("~/.gitconfig", Path())]
    return [file for file in files if file is not None]


def _line_end(text: str, index: int) -> int:
    end = text.find("\n", index)
    return len(text) if end < 0 else end


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def _value(text: str, index: int) -> tuple[str | None, int]:
    """The value that follows a key, and where its line ends; None if git would reject it."""
    if index >= len(text) or text[index] in "\r\n#;":
        return "true", _line_end(text, index)
    if text[index] != "=":
        return None, index
    index += 1
    while index < len(text) and text[index] in " \t":
        index += 1
    found: list[str] = []
    kept = 0
    quoted = False
    while index < len(text):
        character = text[index]
        if character == "\n" or text.startswith("\r\n", index):
            break
        if character == "\\":
            index += 1
            if text.startswith("\r\n", index):
                index += 1
            following = text[index : index + 1]
            if following not in ("\n", ""):
                found.append(_ESCAPES.get(following, following))
                kept = len(found)
        elif character == '"':
            quoted = not quoted
            kept = len(found)
        elif character in "#;" and not quoted:
            index = _line_end(text, index)
            break
        else:
            found.append(character)
            if quoted or character not in " \t":
                kept = len(found)
        index += 1
    return (None if quoted else "".join(found[:kept])), index
