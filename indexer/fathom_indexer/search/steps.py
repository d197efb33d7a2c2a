"""The steps of a search by name. Any of them can be left out, to see what it is worth."""

from __future__ import annotations

from enum import Enum


class Step(str, Enum):
    """One step of ranking. The values are what `--explain` shows."""

    WORDS = "words"
    """Candidates by full-text search, and their BM25 score."""
    COVERAGE = "coverage"
    """BM25 counts by how much of a question a function has."""
    SYMBOLS = "symbols"
    """Candidates by name and path, and how well they are what the query names."""
    EXACT = "exact"
    """What has the query, or what it quotes, as it is typed; definitions of the name that it is."""
    LOCATION = "location"
    """What stands at the lines of files that the query names."""
    VECTORS = "vectors"
    """Candidates by meaning at the index exit, and their cosine there."""
    DEEP = "deep"
    """What the cosine at the rerank exit adds to that or takes away."""
    WINDOWS = "windows"
    """By how much a part of a long function is nearer to a question than the function's beginning."""
    JOINT = "joint"
    """What the encoder says of a question and a function when it reads them together; for the best candidates."""
    CENTRING = "centring"
    """Code against code: vectors without what all code of a language has in common."""
    STRUCTURE = "structure"
    """Code against code: how alike they are built (`duplicates/structure.py`)."""
    NAME = "name"
    """Words of the query in the function's own name."""
    PLACE = "place"
    """Words of the query in the names of the file and its folder."""
    STEM = "stem"
    """The file all of whose name is in the query."""
    HISTORY = "history"
    """Candidates by what the repository's commits said of them, and how well that fits."""
    ROLE = "role"
    """Tests, examples, generated and vendored code, declarations come later."""
    FORM = "form"
    """Code outside functions, declarations and private names come later."""
    STUB = "stub"
    """Empty and abstract bodies, calls that are passed on, and fragments come later."""
    COHERENCE = "coherence"
    """The best function of a file that matches as a whole comes earlier."""
    COPIES = "copies"
    """Copies of a hit are folded into it."""
    DIVERSITY = "diversity"
    """Each further function of a file comes a little later."""


Steps = frozenset[Step]

ALL_STEPS: Steps = frozenset(Step)


class Pipeline(str, Enum):
    """Searches that are compared: each candidate source alone, and all steps together."""

    LEXICAL = "lexical"
    DENSE = "dense"
    HYBRID = "hybrid"

    @property
    def steps(self) -> Steps:
        """The steps that take part."""
        if self is Pipeline.LEXICAL:
            return frozenset({Step.WORDS})
        if self is Pipeline.DENSE:
            return frozenset({Step.VECTORS})
        return ALL_STEPS
