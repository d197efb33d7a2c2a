"""Places in files that a query names: as compilers, test runners, debuggers, diffs and editors print them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote

_MOST = 200
"""Locations taken from one query: a stack trace of a deep recursion has thousands."""


@dataclass(frozen=True, slots=True)
class Location:
    """A line of a file as a query names it."""

    path: str
    """With forward slashes, without a drive, a scheme and what leads out of a folder; as much as the query has."""
    line: int
    """1-based; 0 where the query names the file alone."""


@dataclass(frozen=True, slots=True)
class Hunk:
    """A hunk of a unified diff: what it takes out of a file, and what it puts in."""

    path: str
    before: tuple[int, ...]
    """1-based lines of the file before the change that are taken out, or that lines are put in after."""
    after: tuple[int, ...]
    """1-based lines of the file after the change that were put in, or that lines were taken out after."""
    added: tuple[str, ...]
    """The lines put in, without white space at their ends."""


# What paths are made of. A path with spaces is known by its last part, which is enough to find it.
_TOKEN = re.compile(r"""[^\s"'`<>|,;(){}\[\]=*]+""")
_LINE_IN_TOKEN = re.compile(r"^(.+?)(?::(?:line\s?)?|\#L)(\d{1,7})(?:(?::|-L?|C)\d+)*:?(?::in)?$")
_LINE_AFTER = re.compile(
    r"""\((\d{1,7})(?:\s*[,:]\s*\d+)*\)|["'`]?,?\s+(?:on\s+|at\s+)?line\s+(\d{1,7})""", re.IGNORECASE
)
_NUMBER = re.compile(r"\s(\d{1,7})")
_QUOTED = re.compile(r"""(?<=["'])[^"'\n]{1,300}(?=["'],? line \d)""")
_SPACE = "\x00"
_DRIVE = re.compile(r"^/?[A-Za-z]:(?=[/\\])")
_SCHEME = re.compile(r"^(?:[a-z][a-z+-]*:)+/{2,3}(?:\./)?(?!/)", re.IGNORECASE)
_FILE = re.compile(r"^(?:[^/:]+/)*[^/:]*\w\.[A-Za-z][A-Za-z0-9+]{0,7}$")
_BELOW_A_FOLDER = re.compile(r"^(?:[^/:]+/)+[^/:]*\w$")
_JAVA_FRAME = re.compile(r"\bat\s+(?:[\w.$-]+/)?((?:\w+\.)+)\w[\w$]*\.[\w$<>]+\((\w+\.\w+):(\d+)\)")

_HUNK = re.compile(r"^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@")
_OLD_FILE = re.compile(r"^--- (?:[a-z]/)?([^\t\n]+)")
_NEW_FILE = re.compile(r"^\+\+\+ (?:[a-z]/)?([^\t\n]+)")


def locations(text: str) -> tuple[Location, ...]:
    """The lines of files that a text names, each once, in its order."""
    # A quoted path may have spaces, which would end it.
    text = _QUOTED.sub(lambda match: match[0].replace(" ", _SPACE), text)
    packages = {(match[2], match[3]): match[1].replace(".", "/") for match in _JAVA_FRAME.finditer(text)}
    found: dict[Location, None] = {}
    for match in _TOKEN.finditer(text):
        location = _location(match[0], text, match.end())
        if location is None:
            continue
        folder = packages.get((location.path, str(location.line)))
        found[Location(folder + location.path, location.line) if folder else location] = None
        if len(found) == _MOST:
            break
    return tuple(found)


def only_location(text: str) -> Location | None:
    """The file, with a line or without one, that a text is and nothing else."""
    text = text.strip().strip("\"'`")
    every = locations(text)
    if len(every) == 1 and _is_frame(text):
        return every[0]
    path = plain_path(text)
    return Location(path, 0) if " " not in text and _FILE.match(path) else None


def plain_path(path: str) -> str:
    """A path with forward slashes, without scheme, drive, leading slash, `./` and what leads out of a folder."""
    if _SCHEME.match(path):
        path = unquote(_SCHEME.sub("/", path))
    path = _DRIVE.sub("", path.replace(_SPACE, " ")).replace("\\", "/")
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


def hunks(text: str) -> tuple[Hunk, ...]:
    """The hunks of a unified diff (as `diff -u` and git write it); none for other texts."""
    return tuple(_hunks(text.splitlines())) if "@@ -" in text else ()


def _is_frame(text: str) -> bool:
    """Whether a text is a place and the few words that printers put around one."""
    words = re.sub(r"[^\s]*[/\\.:(][^\s]*|\d+", " ", text).split()
    return all(word.strip("\"',:").lower() in {"file", "at", "in", "line", "on", "-->", "from", ""} for word in words)


def _location(token: str, text: str, end: int) -> Location | None:
    """The line that a token of a text, which ends at `end`, stands for."""
    inside = _LINE_IN_TOKEN.match(token)
    if inside:
        path, line = inside[1], inside[2]
    else:
        after = (_NUMBER if token.endswith(":line") else _LINE_AFTER).match(text, end)
        if not after:
            return None
        path, line = token.removesuffix(":line"), next(group for group in after.groups() if group)
    path = plain_path(path)
    known = _FILE.match(path) or _BELOW_A_FOLDER.match(path)
    return Location(path, int(line)) if known and int(line) else None


def _hunks(lines: list[str]) -> Iterator[Hunk]:
    old = path = ""
    position = 0
    while position < len(lines):
        line = lines[position]
        position += 1
        if match := _OLD_FILE.match(line):
            old = match[1].strip()
        elif match := _NEW_FILE.match(line):
            # What a diff deletes stands in the file of before.
            path = old if match[1].strip() == "/dev/null" else match[1].strip()
        elif (match := _HUNK.match(line)) and path:
            before, after = int(match[1]), int(match[2])
            gone: dict[int, None] = {}
            new: dict[int, None] = {}
            added: list[str] = []
            while position < len(lines) and lines[position][:1] in (" ", "+", "-", "\\", ""):
                line = lines[position]
                if line.startswith(("--- ", "+++ ")) and position + 1 < len(lines) and lines[position + 1][:3] == "+++":
                    break
                position += 1
                if line.startswith("+"):
                    added.append(line[1:].strip())
                    new[after] = None
                    gone[max(before - 1, 1)] = None
                    after += 1
                elif line.startswith("-"):
                    gone[before] = None
                    new[max(after - 1, 1)] = None
                    before += 1
                elif line.startswith("\\"):
                    continue
                else:
                    before, after = before + 1, after + 1
            yield Hunk(plain_path(path), tuple(gone), tuple(new), tuple(item for item in added if item))
