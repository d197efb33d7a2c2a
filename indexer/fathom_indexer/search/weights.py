"""The weights of the ranking, in one place. Chosen on development data; `benchmarks/fit_weights.py` fits them.

With the encoder before its training the optimum was flat: fitted weights got .877 on repositories left out and .880 on
those that they were fitted to, unfitted ones near them .878. Where questions about files and questions about functions
disagree, the weight was taken that loses little on either: coherence of .3 costs our own questions about single
functions .057 (`benchmarks/questions/stdlib.json`), form of .05 costs `cosqa_dev_nodoc` .012, and see `diversity`.
`docs/quality.md` has what these very weights reach.
"""

from __future__ import annotations

from dataclasses import dataclass

from fathom_indexer.storage import ColumnWeights

QUESTION_COLUMNS = ColumnWeights(name=2.0, qualified_name=1.0, signature=1.0, documentation=1.0, body=1.0, path=1.0)
CODE_COLUMNS = ColumnWeights(name=1.0, qualified_name=0.0, signature=0.0, documentation=0.0, body=1.0, path=0.0)


@dataclass(frozen=True, slots=True)
class Weights:
    """What each feature adds to a score, in units of the cosine, which itself counts 1. Features are in [0, 1]."""

    words: float = 0.006
    """One point of BM25 where the query is words."""
    words_for_code: float = 0.001
    """One point of BM25 where the query is code."""
    symbol: float = 0.4
    """Being what a query names that is nothing but a name."""
    mention: float = 0.15
    """Being what a query names among other words."""
    place: float = 0.2
    """All words of the query in the names of the file and its folder."""
    role: float = 0.15
    """Being a test; less for other roles."""
    form: float = 0.02
    """Being private, very short, or code outside functions."""
    coherence: float = 0.1
    """Being the best function of the file that matches most as a whole."""
    diversity: float = 0.15
    """Coming after many functions of the same file. Questions whose answers are files want more (NDCG@10 of 440: .871
    at .25, .866 at .15, .860 at .1, .850 at .05), questions whose answers are functions want less (of 26 about Python's
    standard library, answered in the first five: 11, 13, 14, 15)."""
    structure: float = 0.5
    """Being built like the code that is compared. Fitted with `words_for_code` across languages, which it makes almost
    needless (`docs/benchmarks.md`)."""


DEFAULT_WEIGHTS = Weights()
