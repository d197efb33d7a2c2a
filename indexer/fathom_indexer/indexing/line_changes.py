"""Which functions a commit changed: git's lists of files and patches, and lines of one version in another."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from fathom_indexer.types import FUNCTION_KINDS, Function

_HUNK = re.compile(rb"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_INDEX = re.compile(rb"index ([0-9a-f]{40,64})\.\.([0-9a-f]{40,64})")
_FILE_MODES = (b"100644", b"100755")
_FILES_KEPT = 10_000
"""Files of a commit that are kept; all are counted."""


@dataclass(frozen=True, slots=True)
class FileChange:
    """A file that a commit changed. Paths are as git has them, hashes are those of the content."""

    path: bytes
    old_path: bytes
    """Another one if the file was renamed."""
    new: str
    old: str
    """All zeros if there was none."""


@dataclass(slots=True)
class CommitFiles:
    """The files that a commit changed."""

    files: list[FileChange] = field(default_factory=list)
    count: int = 0
    """Those that were left out included."""


@dataclass(frozen=True, slots=True)
class Hunk:
    """Lines that were replaced by others. With a count of 0, `start` is the line before."""

    old_start: int
    old_count: int
    start: int
    count: int


@dataclass(frozen=True, slots=True)
class Span:
    """The lines of a function, both ends included, 1-based."""

    start: int
    end: int
    name: str
    """Its qualified name now."""


def parse_files(data: bytes) -> dict[str, CommitFiles]:
    """The output of `git diff-tree --stdin --raw -z`, by commit. An entry that is cut ends it."""
    found: dict[str, CommitFiles] = {}
    now = CommitFiles()
    tokens = iter(data.split(b"\0"))
    for token in tokens:
        if not token.startswith(b":"):
            if name := token.strip().decode("ascii", "replace"):
                now = found.setdefault(name, CommitFiles())
            continue
        old_mode, mode, old, new, status = (token[1:].split(b" ") + [b""] * 5)[:5]
        old_path = next(tokens, b"")
        path = next(tokens, b"") if status[:1] in (b"R", b"C") else old_path
        now.count += 1
        if status[:1] == b"D" or mode not in _FILE_MODES or len(now.files) >= _FILES_KEPT:
            continue
        before = old.decode("ascii") if old_mode in _FILE_MODES else "0" * len(old)
        renamed_from = old_path if status[:1] == b"R" else path
        now.files.append(FileChange(path, renamed_from, new.decode("ascii"), before))
    return found


def parse_patch(data: bytes) -> dict[tuple[str, str], list[Hunk]]:
    """The hunks of a patch by what the file was and became, as hashes. Files that were only renamed have none."""
    found: dict[tuple[str, str], list[Hunk]] = {}
    hunks: list[Hunk] = []
    # Lines of content begin with a sign, so nothing in them is taken for a header.
    for match in re.finditer(rb"^(?:@@ -|index ).*", data, re.MULTILINE):
        line = match[0]
        if index := _INDEX.match(line):
            hunks = []
            found[index[1].decode(), index[2].decode()] = hunks
        elif hunk := _HUNK.match(line):
            old_start, old_count, start, count = (1 if part is None else int(part) for part in hunk.groups())
            hunks.append(Hunk(old_start, old_count, start, count))
    return found


def spans_of(functions: Iterable[Function]) -> list[Span]:
    """Where the functions of a file stand. Declarations and code outside functions are left out."""
    return [
        Span(function.start_line, function.end_line, function.qualified_name)
        for function in functions
        if function.kind in FUNCTION_KINDS and function.name
    ]


def touched(spans: Sequence[Span], hunks: Sequence[Hunk]) -> set[str]:
    """The innermost functions in which lines were changed, by name; `spans` are those after the change."""
    names: set[str] = set()
    inner_first = sorted(spans, key=lambda span: span.end - span.start)
    for hunk in hunks:
        if not hunk.count:
            # Lines were taken out between two.
            innermost = next((span for span in inner_first if span.start <= hunk.start < span.end), None)
            if innermost:
                names.add(innermost.name)
            continue
        left = [(hunk.start, hunk.start + hunk.count - 1)]
        for span in inner_first:
            rest: list[tuple[int, int]] = []
            for first, last in left:
                if last < span.start or first > span.end:
                    rest.append((first, last))
                    continue
                names.add(span.name)
                rest += [part for part in ((first, span.start - 1), (span.end + 1, last)) if part[0] <= part[1]]
            left = rest
            if not left:
                break
    return names


def spans_before(spans: Sequence[Span], hunks: Sequence[Hunk]) -> list[Span] | None:
    """Where functions stood before a change, given where they stand after it; those that are new are left out.

    None if the hunks do not tell: the file of that time has to be parsed then.
    """
    before: list[Span] = []
    for span in spans:
        moved = _before(span, hunks)
        if moved is None:
            return None
        if moved.end >= moved.start:
            before.append(moved)
    return before


_NEW = Span(1, 0, "")


def _before(span: Span, hunks: Sequence[Hunk]) -> Span | None:
    """As `spans_before`; `_NEW` for a new function."""
    start, end = span.start, span.end
    for hunk in hunks:
        more = hunk.old_count - hunk.count
        if not more:
            # Lines that take the place of as many others belong to the same functions.
            continue
        first, last = hunk.start, hunk.start + hunk.count - 1
        if not hunk.count:
            first, last = hunk.start + 1, hunk.start
        if first > span.end:
            break
        if last < span.start and first <= span.start:
            start += more
            end += more
        elif first > span.start and (last < span.end or not hunk.count):
            end += more
        elif first <= span.start and last >= span.end and not hunk.old_count:
            return _NEW
        else:
            return None
    return Span(start, end, span.name)
