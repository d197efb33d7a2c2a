"""Parts of a query that may be in code as they are typed: messages, literals, fragments."""

from __future__ import annotations

import re
from dataclasses import dataclass

_LONGEST = 400
"""Characters. Longer text is compared by what it is about."""
_MOST = 6

_QUOTED = re.compile(r"""(?<!\w)(["'`])(?=\S)(.{1,400}?)(?<=\S)\1(?!\w)""")
_WORD = re.compile(r"[^\W_]+")
# What prose does not have. A question mark, full stops and commas at the end of a word are prose.
_MARKS = re.compile(r"""[%{}<>=/\\\[\]()$@#&|*+~^_"`:;]|\w[.'-]\w|\d|[a-z][A-Z]|\b[A-Z]{2,}\b|--""")
_PREFIX = re.compile(
    r"^\s*(?:(?:uncaught|unhandled|caused by:|exception in thread \S+)\s+)?"
    r"(?:[\w.$:]*(?:error|exception|fault|panic|warning|fatal|failure)\b(?:\[\w+\])?)\s*:\s*",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Phrase:
    """A piece of text that is looked for as it stands."""

    text: str
    """White space as single blanks."""
    quoted: bool = False
    """Whether the query says by quotes that it is meant as it stands."""
    message: bool = False
    """Whether it is what a program printed, with values where the code has placeholders."""

    @property
    def words(self) -> int:
        """How many words and numbers it has."""
        return len(_WORD.findall(self.text))

    @property
    def marked(self) -> bool:
        """Whether it has what a question in words does not have."""
        return _MARKS.search(self.text) is not None


def phrases(text: str, is_message: bool = False) -> tuple[Phrase, ...]:
    """The phrases of a query, the whole of it before what it quotes; of a message (`is_message`) its lines."""
    found: dict[str, Phrase] = {}

    def add(part: str, quoted: bool, message: bool) -> None:
        part = " ".join(part.split())
        if _WORD.search(part) and len(part) <= _LONGEST:
            found.setdefault(part, Phrase(part, quoted, message))

    if is_message:
        lines = [line for line in text.splitlines() if line.strip()]
        # A trace has its message at one of its ends.
        for line in dict.fromkeys([*lines[:2], *lines[-2:]]):
            add(_PREFIX.sub("", line), quoted=False, message=True)
            add(line, quoted=False, message=True)
        return tuple(found.values())[:_MOST]
    whole = _QUOTED.fullmatch(text.strip())
    if whole is None:
        add(text, quoted=False, message=False)
    for match in _QUOTED.finditer(text):
        # A plain word in quotes among others is stressed, not typed as code has it.
        if whole is not None or not match[2].isalpha() or _MARKS.search(match[2]):
            add(match[2], quoted=True, message=False)
    return tuple(found.values())[:_MOST]
