"""Fits the weights of the ranking to development data, and measures them on repositories left out.

    python benchmarks/fit_weights.py --eval SETS --repositories REPOSITORIES --checkouts CHECKOUTS --cache CACHE

The folders are those of `benchmarks/quality.py`. Every query is searched once, and what each step says of each
candidate is written down; the search for weights is then arithmetic (`fathom_research.evaluation.candidates`). It
climbs from untuned weights (`START`), one weight at a time (`fathom_research.evaluation.ascent`). The goal is
the mean NDCG@10 of the questions about repositories, plus `FUNCTIONS_SHARE` times that of questions that one function
answers, which their documentation makes or which name it, plus `NAMELESS_SHARE` times that of our questions about
Python's standard library, which avoid the names of their answers (`benchmarks/stdlib.py`), plus `SETS_SHARE` times that
of the retrieval sets, less what any set falls below the better of its legs, words or vectors. Cross-validation leaves
one repository out at a time, climbs by the others from the same start, and measures on the one left out. The last lines
are the weights to put into `search/weights.py`.
"""

from __future__ import annotations

import argparse
import sys
import sysconfig
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from codebase import read_questions
from fathom_indexer.config import Config
from fathom_indexer.embedding_space import shorten
from fathom_indexer.encoder import Encoder, load_encoder
from fathom_indexer.engine import Engine
from fathom_indexer.evaluation import RetrievalSet, Task, rank_each, read_sets
from fathom_indexer.search import ALL_STEPS, DEFAULT_WEIGHTS, QueryKind, Ranking, Searcher, Step, Weights, understand
from fathom_indexer.storage import Store, StoredFunction
from fathom_indexer.types import Function
from fathom_indexer.vectors import ExactIndex
from fathom_research.evaluation import Question, Repository, read_repositories
from fathom_research.evaluation.ascent import Weighting, ascend
from fathom_research.evaluation.candidates import AnsweredQuery, CandidateFeatures, CandidateTable
from quality import named_function, without_documentation
from stdlib import EXCLUDE, STANDARD_LIBRARY

Array = NDArray[np.float64]

COSINES = ("spread", "cosine")
"""Names of the cosine's weight for queries of words and for queries of code."""
START = Weights(
    words=0.01,
    words_for_code=0.001,
    symbol=0.4,
    **dict.fromkeys(("mention", "name", "place", "role", "form", "coherence", "diversity"), 0.1),
)
"""Every rule the same; cosines and points of BM25 have scales of their own."""
HELD = (*COSINES, "symbol")
"""Not fitted. Of cosines, since only what weights are to one another matters. Of symbols, since labels that are files
do not tell `parse` from `parse_args` beside it, and who types a name alone wants what is called so."""
SETS_SHARE = 0.5
FUNCTIONS_SHARE = 0.33
"""Questions that people wrote weigh more than sentences of documentation. With .25 files gain .002 and functions lose
.002, with .5 they lose .005 and gain .012."""
NAMELESS_SHARE = 0.05
"""Share of functions whose question avoids their name. They are few, but no other data shows what names are worth to a
user who does not know them. Without them the questions about Go, which are not fitted to, lose .017, and they
themselves .039."""
QUERIES_OF_A_SET = 200
KEPT = 120
"""Candidates kept of a query: those with later ranks do not come among the first ten with any weights in question."""
RERANK_SECONDS = 600.0
"""Deep vectors are made however long that takes, so that the fit does not depend on the machine."""


@dataclass(frozen=True)
class Data:
    """What is fitted to: questions about repositories, those that one function answers, each with the number of its
    repository, and retrieval sets."""

    questions: CandidateTable
    repository: NDArray[np.int64]
    functions: CandidateTable
    functions_repository: NDArray[np.int64]
    nameless: CandidateTable
    sets: Mapping[str, CandidateTable]
    floors: Mapping[str, float]
    """The better leg of each set."""


def features(ranking: Ranking, kind: QueryKind) -> dict[int, dict[str, float]]:
    """What every signal says of every candidate, by the name of the weight that it goes by."""
    weights = asdict(DEFAULT_WEIGHTS)
    found: dict[int, dict[str, float]] = {function_id: {} for function_id, _ in ranking.ranked[:KEPT]}
    for signal in ranking.signals:
        if signal.step in (Step.COHERENCE, Step.DIVERSITY):
            continue
        name = _weight_name(signal.step, kind)
        for function_id, row in found.items():
            row[name] = row.get(name, 0.0) + signal.score(function_id) / weights[name]
    return found


def _weight_name(step: Step, kind: QueryKind) -> str:
    if step in (Step.VECTORS, Step.DEEP):
        return "cosine" if kind is QueryKind.CODE else "spread"
    if step is Step.WORDS:
        return "words_for_code" if kind is QueryKind.CODE else "words"
    if step is Step.SYMBOLS:
        return "symbol" if kind in (QueryKind.SYMBOL, QueryKind.PATH) else "mention"
    return str(step.value)


Answers = Callable[[StoredFunction], tuple[int, ...]]
"""Which of a question's answers a function covers."""


def ask_folder(
    root: Path,
    questions: Sequence[tuple[str, int, Answers]],
    encoder: Encoder,
    cache: str,
    exclude: tuple[str, ...] = (),
) -> Iterator[AnsweredQuery]:
    """Index a folder and write down the candidates of questions about it: the text, how many answers it has, and which
    of them a function covers."""
    with Engine.open(root, Config(cache_dir=cache, exclude=exclude)) as engine:
        engine.index()
        file = Path(engine.status().index_path)
    config = encoder.config
    store, vectors = Store(file), ExactIndex(config.index_dim)
    try:
        ids, rows = store.vectors(config.model_id, config.index_exit)
        vectors.add(ids, shorten(rows, config.index_dim))
        searcher = Searcher(
            store,
            lambda: encoder,
            lambda: vectors,
            config.index_exit,
            config.rerank_exit,
            config.index_dim,
            RERANK_SECONDS,
        )
        for text, answers, covered in questions:
            query = understand(text)
            *_, ranking = searcher.rank(query, 10)
            signals = features(ranking, query.kind)
            candidates = [
                CandidateFeatures(function_id, signals[function_id], stored.path, covered(stored))
                for function_id, stored in store.functions(list(signals)).items()
            ]
            yield AnsweredQuery(candidates, answers, query.kind is not QueryKind.CODE)
    finally:
        store.close()


def about_repository(repository: Repository) -> list[tuple[str, int, Answers]]:
    """Its questions, which are answered by files or lines of files."""

    def covered(question: Question, stored: StoredFunction) -> tuple[int, ...]:
        found = repository.code_range(stored.path, (stored.function.start_line, stored.function.end_line))
        return tuple(number for number, answer in enumerate(question.answers) if found.covers(answer))

    return [(question.text, len(question.answers), partial(covered, question)) for question in repository.questions]


def about_functions(asked: Iterable[tuple[str, str, Function]]) -> list[tuple[str, int, Answers]]:
    """Questions that one function answers, given with its path."""

    def covered(path: str, function: Function, stored: StoredFunction) -> tuple[int, ...]:
        wanted = (path, function.start_byte, function.qualified_name)
        return (0,) if wanted == (stored.path, stored.function.start_byte, stored.function.qualified_name) else ()

    return [(question, 1, partial(covered, path, function)) for question, path, function in asked]


def that_name_functions(repository: Repository, checkout: Path) -> Iterator[tuple[str, str, Function]]:
    """A repository's questions that name the one function that answers them, its path, and itself."""
    for question in repository.questions:
        if (target := named_function(repository, checkout, question)) is not None:
            yield question.text, *target


def about_standard_library() -> list[tuple[str, int, Answers]]:
    """Our own questions, each answered by any of some functions."""

    def covered(answers: frozenset[str], stored: StoredFunction) -> tuple[int, ...]:
        return (0,) if f"{stored.path}::{stored.function.qualified_name}" in answers else ()

    return [(asked.query, 1, partial(covered, asked.answers)) for asked in read_questions(STANDARD_LIBRARY)]


def ask_set(name: str, retrieval_set: RetrievalSet, encoder: Encoder, cache: str) -> Iterator[AnsweredQuery]:
    """Write down the candidates of some queries of a retrieval set, evenly taken."""
    task = Task.SIMILAR if any(query.self_id for query in retrieval_set.queries) else Task.SEARCH
    judged = [query for query in retrieval_set.queries if query.id in retrieval_set.judgements]
    some = judged[:: max(1, len(judged) // QUERIES_OF_A_SET)][:QUERIES_OF_A_SET]
    asked = RetrievalSet(tuple(some), retrieval_set.documents, retrieval_set.judgements)
    for found in rank_each(asked, encoder, task, ALL_STEPS, cache=Path(cache) / f"{name}.sqlite"):
        relevant = sorted(name for name, grade in retrieval_set.judgements[found.query.id].items() if grade >= 1)
        rows = features(found.ranking, found.kind)
        candidates = [
            CandidateFeatures(function_id, row, document, (relevant.index(document),) if document in relevant else ())
            for function_id, row in rows.items()
            if (document := found.documents[function_id]) != found.query.self_id
        ]
        if relevant:
            yield AnsweredQuery(candidates, len(relevant), by_file=False)


def gather(options: argparse.Namespace, encoder: Encoder) -> Data:
    """Search everything once."""
    names = tuple(name for name in asdict(DEFAULT_WEIGHTS) if name not in ("coherence", "diversity"))
    questions: list[AnsweredQuery] = []
    functions: list[AnsweredQuery] = []
    owners: list[int] = []
    functions_owners: list[int] = []
    for number, repository in enumerate(read_repositories(options.repositories)):
        checkout = options.checkouts / repository.name
        root = checkout / repository.folder
        if root.is_dir():
            asked = list(ask_folder(root, about_repository(repository), encoder, options.cache))
            questions += asked
            owners += [number] * len(asked)
            named = about_functions(that_name_functions(repository, checkout))
            about = list(ask_folder(root, named, encoder, options.cache))
            copy, documented = without_documentation(repository, checkout, options.cache)
            asked_by_documentation = about_functions((one.question, one.path, one.function) for one in documented)
            about += ask_folder(copy, asked_by_documentation, encoder, options.cache)
            functions += about
            functions_owners += [number] * len(about)
            print(repository.name, file=sys.stderr, flush=True)
    library = Path(sysconfig.get_path("stdlib"))
    nameless = list(ask_folder(library, about_standard_library(), encoder, options.cache, EXCLUDE))
    sets = {}
    for name, retrieval_set in (read_sets(options.eval) if options.eval else {}).items():
        sets[name] = CandidateTable(list(ask_set(name, retrieval_set, encoder, options.cache)), names)
        print(name, file=sys.stderr, flush=True)
    legs = ({"words": 1.0, "words_for_code": 1.0}, dict.fromkeys(COSINES, 1.0))
    floors = {name: max(float(table.ndcg(leg).mean()) for leg in legs) for name, table in sets.items()}
    return Data(
        CandidateTable(questions, names),
        np.array(owners, np.int64),
        CandidateTable(functions, names),
        np.array(functions_owners, np.int64),
        CandidateTable(nameless, names),
        sets,
        floors,
    )


class Fitting:
    """The goal, and how far weights take it. What weights make of the data is computed once: the climbs of
    cross-validation pass the same places."""

    def __init__(self, data: Data) -> None:
        self.data = data
        self._floors = np.array(list(data.floors.values()))
        self._known: dict[tuple[float, ...], tuple[Array, Array, float, Array]] = {}

    def ndcg(self, weights: Weighting) -> tuple[Array, Array, float, Array]:
        """NDCG@10 of every question and every one that a function answers; means of the nameless ones and every set."""
        key = tuple(weights.values())
        if key not in self._known:
            data = self.data
            sets = np.array([float(table.ndcg(weights).mean()) for table in data.sets.values()])
            nameless = float(data.nameless.ndcg(weights).mean())
            self._known[key] = data.questions.ndcg(weights), data.functions.ndcg(weights), nameless, sets
        return self._known[key]

    def fit(self, left_out: int | None = None) -> Weighting:
        """The best weights for all repositories but one."""
        asked, about = self.data.repository != left_out, self.data.functions_repository != left_out

        def goal(weights: Weighting) -> float:
            questions, functions, nameless, sets = self.ndcg(weights)
            reached = float(questions[asked].mean() + FUNCTIONS_SHARE * functions[about].mean())
            reached += NAMELESS_SHARE * nameless
            if len(sets):
                reached += float(SETS_SHARE * sets.mean() - np.maximum(self._floors - sets, 0.0).sum())
            return reached

        return ascend(goal, asdict(START), HELD)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Fit the weights of the ranking, with cross-validation.")
    parser.add_argument("--eval", type=Path, help="folder of retrieval sets; none are looked at without it")
    parser.add_argument("--repositories", type=Path, required=True, help="folder of questions about repositories")
    parser.add_argument("--checkouts", type=Path, required=True, help="folder with the repositories themselves")
    parser.add_argument("--cache", required=True, help="folder that keeps indexes and vectors")
    parser.add_argument("--threads", type=int, default=0)
    options = parser.parse_args()
    Path(options.cache).mkdir(parents=True, exist_ok=True)
    data = gather(options, load_encoder(threads=options.threads))
    fitting = Fitting(data)
    held_out, functions_held_out = np.zeros(len(data.questions)), np.zeros(len(data.functions))
    for number in np.unique(data.repository):
        questions, functions, *_ = fitting.ndcg(fitting.fit(left_out=number))
        left_out, functions_left_out = data.repository == number, data.functions_repository == number
        held_out[left_out] = questions[left_out]
        functions_held_out[functions_left_out] = functions[functions_left_out]
    start, final = asdict(DEFAULT_WEIGHTS), fitting.fit()
    for name, asked, out in (
        ("questions about repositories", data.questions, held_out),
        ("functions by documentation or name", data.functions, functions_held_out),
    ):
        as_it_is, fitted = (asked.ndcg(weights).mean() for weights in (start, final))
        print(f"{name}: as it is {as_it_is:.4f}, left out {out.mean():.4f}, fitted to {fitted:.4f}")
    means = [fitting.ndcg(weights)[2] for weights in (start, final)]
    print(f"questions that avoid names: as it is {means[0]:.4f}, fitted {means[1]:.4f}")
    for name, table in data.sets.items():
        means = [table.ndcg(weights).mean() for weights in (start, final)]
        print(f"{name}: better leg {data.floors[name]:.4f}, as it is {means[0]:.4f}, fitted {means[1]:.4f}")
    for name, value in final.items():
        print(f"    {name}: float = {value:g}")


if __name__ == "__main__":
    main()
