"""How texts are read: with their name in front or without, from which token on, and with which names hidden.

A workspace reads every function with its file and qualified name in front. Training varies that: without the name, the
second window of a long function, and with the name hidden, so that the model learns what code does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fathom_research.training.corpus import CLS, MASK, SEP, WORDS, Corpus, Ints
from fathom_research.training.run_config import KINDS, RunConfig

Flags = NDArray[np.bool_]

FIRST_WORD = 1996
"""The first word in BERT's vocabulary; single characters and signs come before it, which hide nothing."""
_FEWEST_WORDS = 3
"""A query that would keep fewer words keeps them all."""
_TAIL = 24
"""Tokens past the first window from which a function has a second one."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One row a text. `named`: its name stands in front; `starts`: the first token of its body that is read.

    `hides` is the number of a text whose name's words are hidden: replaced by `[MASK]` in code, left out of words; -1
    hides nothing.
    """

    named: Flags
    starts: Ints
    hides: Ints

    def take(self, rows: Ints) -> Reading:
        """These rows, in this order."""
        return Reading(self.named[rows], self.starts[rows], self.hides[rows])

    @classmethod
    def whole(cls, count: int) -> Reading:
        """As a workspace reads functions: the name in front, from the first token on, nothing hidden."""
        return cls(np.ones(count, np.bool_), np.zeros(count, np.int64), np.full(count, -1))


def varied(
    corpus: Corpus, config: RunConfig, texts: Ints, codes_of: Ints, kinds: Ints, random: np.random.Generator
) -> Reading:
    """A way to read each of `texts` this time.

    `codes_of` [texts] is for each text the function that it belongs to (itself, where it is code), `kinds` [texts] the
    kind of its pair.
    """
    count = len(texts)
    is_words = corpus.languages[texts] == WORDS
    share = np.array([config.hidden_names.get(kind, 0.0) for kind in KINDS])[kinds]
    hidden = random.random(count) < np.where(is_words, share * config.hidden_in_queries, share)
    named = (random.random(count) < config.names_share) & ~hidden
    room = corpus.code_tokens - 2 - np.where(named, corpus.names[texts], 0)
    beyond = corpus.offsets[texts + 1] - corpus.offsets[texts] - corpus.names[texts] - room
    second = (beyond >= _TAIL) & ~is_words & (random.random(count) < config.second_windows)
    return Reading(named, np.where(second, np.maximum(room, 0), 0), np.where(hidden, codes_of, -1))


def lengths(corpus: Corpus, texts: Ints, reading: Reading) -> Ints:
    """How many tokens each text has, BERT's own included, when it is read so."""
    names = np.where(reading.named, corpus.names[texts], 0)
    bodies = corpus.offsets[texts + 1] - corpus.offsets[texts] - corpus.names[texts] - reading.starts
    result: Ints = np.minimum(names + np.maximum(bodies, 0) + 2, corpus.limits(texts))
    return result


def padded(corpus: Corpus, texts: Ints, reading: Reading) -> tuple[Ints, Ints]:
    """Token ids and mask, both [texts, tokens of the longest], of texts read so."""
    sizes = lengths(corpus, texts, reading)
    names = np.where(reading.named, corpus.names[texts], 0)[:, None]
    places = np.arange(int(sizes.max(initial=0)))[None, :]
    begins = corpus.offsets[texts][:, None]
    in_body = begins + corpus.names[texts][:, None] + reading.starts[:, None] + places - 1 - names
    source = np.where(places <= names, begins + places - 1, in_body)
    last = sizes[:, None] - 1
    mask = (places <= last).astype(np.int64)
    inner = (places > 0) & (places < last)
    ids = np.zeros(mask.shape, np.int64)
    ids[inner] = corpus.tokens[source[inner]]
    hiding = np.flatnonzero(reading.hides >= 0)
    if len(hiding):
        is_name = _is_name(corpus, ids[hiding], reading.hides[hiding])
        words = corpus.languages[texts[hiding]] == WORDS
        ids[hiding] = np.where(is_name & ~words[:, None], MASK, ids[hiding])
    ids[:, 0] = CLS
    ids[np.arange(len(texts)), sizes - 1] = SEP
    if len(hiding):
        rows = hiding[words]
        ids[rows], mask[rows] = _without(ids[rows], mask[rows], is_name[words])
    return ids, mask


def _is_name(corpus: Corpus, ids: Ints, owners: Ints) -> Flags:
    """Which of `ids` [rows, tokens] are words of the name of the row's owner."""
    width = int(corpus.names[owners].max(initial=0))
    places = np.arange(width)[None, :]
    there = places < corpus.names[owners][:, None]
    names = np.zeros(there.shape, np.int64)
    names[there] = corpus.tokens[(corpus.offsets[owners][:, None] + places)[there]]
    names[names < FIRST_WORD] = -1
    found: Flags = (ids[:, :, None] == names[:, None, :]).any(-1)
    return found


def _without(ids: Ints, mask: Ints, dropped: Flags) -> tuple[Ints, Ints]:
    """Rows without the tokens that are `dropped`, moved together; rows that would keep too few stay as they are."""
    keeps = (mask == 1) & ~dropped
    enough = keeps.sum(1) >= _FEWEST_WORDS + 2
    keeps = np.where(enough[:, None], keeps, mask == 1)
    order = np.argsort(~keeps, axis=1, kind="stable")
    shorter = np.take_along_axis(keeps, order, 1)
    return np.where(shorter, np.take_along_axis(ids, order, 1), 0), shorter.astype(np.int64)
