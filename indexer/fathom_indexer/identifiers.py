"""Splitting identifiers into words: `readHTTPHeader_v2` -> read, HTTP, Header, v2.

There are two rules. `split_identifier` is the one that training data and code structure were made with: it stays as it
is. `search_words` is the one of search: it knows plural acronyms, names with capitals inside, and digits that stand
for a word.
"""

from __future__ import annotations

import re
from functools import lru_cache

_WORD = re.compile(
    r"""
      [A-Z]+(?=[A-Z][a-z])      # HTTP in HTTPHeader
    | [A-Z]?[a-z]+[0-9]*        # Header, read, v2
    | [A-Z]+[0-9]*              # ID, SHA256
    | [0-9]+
    | [^\W\d_A-Za-z]+           # letters of other scripts stay together
    """,
    re.VERBOSE,
)

_IDENTIFIER = re.compile(r"[^\W\d]\w*")


def split_identifier(identifier: str) -> list[str]:
    """The words of one identifier, in order, in their own case. Letters outside ASCII stay together."""
    return _WORD.findall(identifier)


def identifiers(text: str) -> list[str]:
    """All identifiers of a text, in order, with repeats."""
    return _IDENTIFIER.findall(text)


def split_words(text: str) -> list[str]:
    """All words of a text in order: every identifier split, every number on its own."""
    return _WORD.findall(text)


_INSIDE_CAPITALS = (
    "MySQL PostgreSQL SQLite NoSQL GraphQL GitHub GitLab BitBucket JavaScript TypeScript CoffeeScript OAuth2 OAuth "
    "OpenID OpenGL OpenSSL WebSocket WebGL YouTube LinkedIn PayPal IPv4 IPv6 MacOS macOS iOS DevOps DevTools LaTeX YAML"
)
"""Names that are one word, whatever capitals are inside."""
_ACRONYMS = "API ASCII CPU DNS DOM FTP GPU GUI HTML HTTP JSON JWT RPC SDK SHA SMTP SQL SSH SSL TCP TLS UDP URI URL"
"""Acronyms that lower case may follow without a capital of its own: `SQLdb`, `URLencode`."""

_SEARCH_WORD = re.compile(
    rf"""
      [A-Za-z][0-9]{{1,2}}[a-z](?![A-Za-z0-9])                  # i18n, k8s, p2p
    | (?:{"|".join(_INSIDE_CAPITALS.split())})(?![a-z0-9])    # MySQL in MySQLConnection
    | (?:MySQL|PostgreSQL|OAuth)(?=[a-z])                       # MySQL in MySQLdb
    | [A-Z]{{2,}}s(?![a-z0-9])                                  # URLs, IDs
    | (?:{"|".join(_ACRONYMS.split())})(?=[a-z]{{2}})           # SQL in SQLdb
    | [A-Z]+(?=[A-Z][a-z])                                      # HTTP in HTTPHeader
    | [A-Z]?[a-z]{{2,}}(?=[24][A-Za-z]{{2}})                    # time in time2seconds, where 2 stands for "to"
    | [A-Z]?[a-z]+[0-9]*                                        # Header, read, v2, sha256
    | [A-Z]+[0-9]*                                              # ID, SHA256
    | [0-9]+
    | [^\W\d_A-Za-z]+                                           # letters of other scripts stay together
    """,
    re.VERBOSE,
)
_RUN = re.compile(r"\w+")
_HEXADECIMAL = re.compile(r"0[xX][0-9A-Fa-f]+")
_NUMBER = re.compile(r"([0-9][0-9_]*)(?:[uUlLfFdDn]{0,3})")


@lru_cache(maxsize=65_536)
def search_words(identifier: str) -> tuple[str, ...]:
    """The words of one identifier or number as search has them, in order, in their own case.

    `time2seconds` -> time, 2, seconds; `getURLs` -> get, URLs; `MySQLdb` -> MySQL, db; `IPv4Address` -> IPv4, Address.
    Digits at the end of a word are part of it: `uint8`, `sha256`. A number is one word without its separators and the
    letters of its type: `10_000L` -> 10000.
    """
    if identifier[:1].isdigit():
        if _HEXADECIMAL.fullmatch(identifier):
            return (identifier,)
        if number := _NUMBER.fullmatch(identifier):
            return (number[1].replace("_", ""),)
    return tuple(_SEARCH_WORD.findall(identifier))


def identifiers_and_numbers(text: str) -> list[str]:
    """All runs of letters, digits and underscores of a text, in order, with repeats."""
    return _RUN.findall(text)


def all_search_words(text: str) -> list[str]:
    """The words of all identifiers and numbers of a text, in order, with repeats."""
    return [word for run in _RUN.findall(text) for word in search_words(run)]
