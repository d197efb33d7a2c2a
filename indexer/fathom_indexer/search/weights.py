"""The weights of the ranking, in one place: what `benchmarks/fit_weights.py` ends at on development data.

The optimum is flat, and kinds of questions disagree about it: more diversity serves questions whose answers are files
and costs those whose answer is one function; words in names serve those who know the name. The script's goal says what
weighs how much. Where the repository was left out of the fit, it reaches an NDCG@10 of .874 on questions about
repositories and .606 on those that one function answers; on what it was fitted to, .883 and .618.
"""

from __future__ import annotations

from dataclasses import dataclass

from fathom_indexer.storage import ColumnWeights

QUESTION_COLUMNS = ColumnWeights(name=2.0, qualified_name=1.0, signature=1.0, documentation=1.0, body=1.0, path=1.0)
CODE_COLUMNS = ColumnWeights(name=1.0, qualified_name=0.0, signature=0.0, documentation=0.0, body=1.0, path=0.0)


@dataclass(frozen=True, slots=True)
class Weights:
    """What each feature adds to a score. Features are in [0, 1] where nothing else is said."""

    spread: float = 0.08
    """A standard deviation of the candidates' cosines, where the query is words."""
    window: float = 0.5
    """A gain in cosine by a window, against one by the function's own vector."""
    joint: float = 0.1
    """A standard deviation of the scores that the joint pass gives the best candidates."""
    cosine: float = 1.0
    """The cosine where the query is code."""
    words: float = 0.0081
    """One point of BM25 where the query is words, all of which the function has."""
    words_for_code: float = 0.0016
    """One point of BM25 where the query is code."""
    symbol: float = 0.4
    """Being what a query names that is nothing but a name."""
    mention: float = 0.14
    """Being what a query names among other words."""
    name: float = 0.26
    """All words of the query in the function's name."""
    place: float = 0.13
    """All words of the query in the names of the file and its folder."""
    stem: float = 0.1
    """All words of the file's name in the query."""
    exact: float = 3.0
    """Having the query as it is typed. More than all others together."""
    location: float = 3.0
    """Standing at the line that the query names; of several, one after the other."""
    history: float = 0.4
    """Having been changed by commits that say all that the query says."""
    role: float = 0.18
    """Being a test; less for other roles."""
    form: float = 0.027
    """Being code outside functions; less for other forms."""
    stub: float = 0.027
    """Having no body of its own; less for one that passes a call on."""
    coherence: float = 0.21
    """Being the best function of the file that matches most as a whole."""
    diversity: float = 0.13
    """Coming after many functions of the same file."""
    structure: float = 0.31
    """Being built like the code that is compared. Fitted with `words_for_code` across languages, which it makes almost
    needless (`docs/benchmarks.md`)."""


DEFAULT_WEIGHTS = Weights()
