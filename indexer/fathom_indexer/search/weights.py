"""The weights of the ranking, in one place. Chosen on development data; `benchmarks/fit_weights.py` fits them.

The optimum is flat; where kinds of questions disagree, the weight was taken that loses little on any. More coherence
and diversity (.3 and .3) bring questions whose answers are files from .884 to .888 and questions whose answer is one
function from .607 to .575. Mentions at .3 bring the very function that a question names from .905 to .928 and cost
functions that are asked for by their documentation .014. More words (.02) cost `cosqa_dev_nodoc` .01. The figures are
NDCG@10 and MRR@10 on the data of `docs/quality.md`, which has what these very weights reach.

Nothing here is fitted to single repositories: chosen without the one that is measured, the script's weights do as well
as chosen with it. Its own goal, in which functions count half, ends at others (name .20, words .004): files .871,
functions by their documentation .531 (NDCG@10), where these have .884 and .503.
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
    cosine: float = 1.0
    """The cosine where the query is code."""
    words: float = 0.0077
    """One point of BM25 where the query is words, all of which the function has."""
    words_for_code: float = 0.0016
    """One point of BM25 where the query is code."""
    symbol: float = 0.16
    """Being what a query names that is nothing but a name."""
    mention: float = 0.16
    """Being what a query names among other words."""
    name: float = 0.33
    """All words of the query in the function's name."""
    place: float = 0.12
    """All words of the query in the names of the file and its folder."""
    role: float = 0.2
    """Being a test; less for other roles."""
    form: float = 0.05
    """Being very short; less for other forms."""
    coherence: float = 0.15
    """Being the best function of the file that matches most as a whole."""
    diversity: float = 0.16
    """Coming after many functions of the same file."""
    structure: float = 0.31
    """Being built like the code that is compared. Fitted with `words_for_code` across languages, which it makes almost
    needless (`docs/benchmarks.md`)."""


DEFAULT_WEIGHTS = Weights()
