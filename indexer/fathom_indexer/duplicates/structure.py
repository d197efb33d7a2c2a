"""How alike two pieces of code are built, in one language or in two.

What counts is what both do: the operators, the control flow, the numbers, and the words of the names and strings. How
languages spell them is made alike first. Names count by their words and not by where they stand, so that code whose
variables are renamed still resembles the original by the rest.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence

from fathom_indexer.identifiers import split_identifier

Features = Mapping[str, int]
"""What there is in a piece of code, and how often."""

_TOKEN = re.compile(
    r"[^\W\d]\w*|\d[\d_]*(?:\.\d+)?|//=?|\*\*=?|<<=?|>>>?=?|[=!]==?|~=|[<>]=|&&|\|\||->|=>|[-+*/%&|^]=?|[<>!~?\[]"
)

_SIGNS = """
    loop: for while foreach until loop
    if: if elif elsif elseif unless switch case match when ?
    return: return
    raise: raise throw
    try: try except catch rescue finally ensure
    break: break continue next
    yes: true
    no: false
    nothing: null none nil undefined
    and: and &&
    or: or ||
    not: not !
    equal: == ===
    unequal: != !== ~=
    compare: < > <= >=
    index: [
    plus: + +=
    minus: - -=
    times: * *=
    by: / // /= //=
    rest: % %= mod
    power: ** **= pow
    both: & &=
    either: | |=
    differ: ^ ^= xor
    left: << <<= shl
    right: >> >>> >>= shr
"""

_WORDS = """
    append: append push add insert
    array: list array vector
    contains: contains includes include has
    floor: floor truncate trunc
    int: int integer long number
    join: join implode
    lower: lower downcase
    map: map dict hash hashmap dictionary
    print: print println puts echo printf
    size: len length size count
    sort: sort sorted usort
    split: split explode
    string: str string
    upper: upper upcase
"""

_SAID_OTHERWISE = frozenset(
    """
    abstract as async auto await begin begin bool boolean char class const def default delegate do double else end
    extends extern final float fn foreach from fun func function get global impl implements import in inline interface
    internal is lambda let local namespace new object of operator out override package private protected public ref
    require self set static std struct super system then this type typename using val var virtual void where with
    yield
    """.split()
)
"""Words of languages that say how code is declared and not what it does."""


def _table(lines: str, mark: str = "") -> dict[str, str]:
    entries = [line.split() for line in lines.strip().splitlines()]
    return {word: mark + name.rstrip(":") for name, *words in entries for word in words}


# A sign is no word, whatever it is called.
_MEANING = {**_table(_WORDS), **_table(_SIGNS, mark="@")}


def features(code: str) -> Features:
    """The features of a piece of code, in any language."""
    found: Counter[str] = Counter()
    for token in _TOKEN.findall(code):
        lower = token.lower()
        if lower in _MEANING:
            found[_MEANING[lower]] += 1
        elif lower not in _SAID_OTHERWISE:
            words = split_identifier(token) if token[0].isalpha() or token[0] == "_" else [token]
            found.update(_MEANING.get(word.lower(), word.lower()) for word in words)
    return found


def structure(query: Features, candidates: Sequence[Features]) -> list[float]:
    """How alike each candidate is to the query, from 0 to 1: the cosine of the features they have.

    A feature counts by the logarithm of how often it is there, and the less, the more of the candidates have it:
    what all of them have tells nothing about which is the nearest.
    """
    having = Counter(feature for candidate in candidates for feature in candidate)
    rarity = {feature: math.log((len(candidates) + 1) / (count + 0.5)) for feature, count in having.items()}
    rarest = math.log((len(candidates) + 1) / 0.5)
    wanted = {feature: (1 + math.log(count)) * rarity.get(feature, rarest) for feature, count in query.items()}
    length = math.hypot(*wanted.values())
    alike = []
    for candidate in candidates:
        own = {feature: (1 + math.log(count)) * rarity[feature] for feature, count in candidate.items()}
        shared = sum(value * own[feature] for feature, value in wanted.items() if feature in own)
        norm = length * math.hypot(*own.values())
        alike.append(min(1.0, shared / norm) if norm else 0.0)
    return alike
