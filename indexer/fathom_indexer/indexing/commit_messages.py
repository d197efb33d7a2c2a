"""What commits say: their subjects, without what says nothing about code, and which ones count."""

from __future__ import annotations

import re
from dataclasses import dataclass

_SUBJECT_CHARACTERS = 200
_REVERT = re.compile(r"This reverts commit ([0-9a-f]{7,64})")

_KIND = r"(?:feat|fix|bug|bugfix|hotfix|perf|chore|build|ci|core|impr|improve|change|feature|refactor|style|docs|test)"
_PREFIX = re.compile(
    rf"^(?:\s*(?:\[[^\]]*\]|\([^)]*\)|{_KIND}(?:\([^)]*\))?!?:|[\w./*,-]{{1,40}}(?:\([^)]*\))?!?:(?!:)|gh-\d+:|bpo-\d+:"
    r"|[A-Z]{2,10}-\d+:?|#\d+:?|:\w+:))+\s*",
    re.IGNORECASE,
)
_END = re.compile(
    r"\s*(?:\(?(?:#|gh-|GH-|!)\d+\)?|\((?:closes|fixes|see|refs?)[^)]*\)|\[[^\]]*\]"
    r"|,?\s*(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?|refs?|see)\s+(?:#|gh-)?\d+)\s*\.?$",
    re.IGNORECASE,
)
_BOT = re.compile(
    r"\[bot\]|\bbot\b|dependabot|renovate|greenkeeper|pre-commit-ci|weblate|github-actions", re.IGNORECASE
)
_NO_NEWS = re.compile(
    r"^(?:bump|revert|reverts)\b|^merge (?:branch|pull request|remote|tag|commit|master|main)\b"
    r"|^(?:version|release)(?: of)?(?: v?\d|$)|^(?:prepare|cut|tag)\b.*\b(?:release|version)\b|^v?\d+(?:\.\d+)+"
    r"|^(?:update|upgrade|set|increment) (?:the )?(?:version|dependenc|deps)|\bversion bump\b|\bbump version\b"
    r"|^(?:wip|fix|typos?|lint|clean ?up|reformat|formatting|fix(?:ed)? typos?)\W*(?:\w+\W*)?$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit that is no merge."""

    name: str
    """Its hash in hexadecimal digits."""
    time: int
    """When it was committed, in seconds."""
    subject: str
    """What it says of the code; empty if nothing."""


def parse_commits(data: bytes) -> list[Commit]:
    """Commits as `GitLog.messages` gives them, in their order. The last one may be cut."""
    fields = data.split(b"\0")[1:]
    commits: list[Commit] = []
    reverted: set[str] = set()
    for name, time, author, address, message in zip(*[iter(fields)] * 5, strict=False):
        commit = name.decode("ascii", "replace")
        text = message[:20_000].decode("utf-8", "replace")
        undone = _undone(commit, reverted)
        if (found := _REVERT.search(text)) and not undone:
            # A revert that was itself reverted undoes nothing.
            reverted.add(found[1])
        says = "" if undone or found or _is_bot(author, address) else _news(text)
        commits.append(Commit(commit, int(time) if time.isdigit() else 0, says))
    return commits


def clean_subject(line: str) -> str:
    """A subject without prefixes such as `fix(http):`, without issue numbers and trailers."""
    text, before = line.strip()[:_SUBJECT_CHARACTERS], None
    while text != before:
        before, text = text, _END.sub("", _PREFIX.sub("", text)).strip()
    return text.rstrip(".")


def _undone(name: str, reverted: set[str]) -> bool:
    return name in reverted or any(len(short) < len(name) and name.startswith(short) for short in reverted)


def _is_bot(author: bytes, address: bytes) -> bool:
    return any(_BOT.search(text.decode("utf-8", "replace")) for text in (author, address))


def _news(message: str) -> str:
    line = message.strip().partition("\n")[0]
    subject = clean_subject(line)
    if _NO_NEWS.search(line) or _NO_NEWS.search(subject):
        return ""
    return subject if len(re.findall(r"\w{2,}", subject)) > 1 else ""
