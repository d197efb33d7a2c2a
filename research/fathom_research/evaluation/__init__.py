"""Questions about whole repositories and single functions, rankings by vectors alone, and the fitting of weights."""

from fathom_research.evaluation.bootstrap import Estimate, estimate
from fathom_research.evaluation.documented import DocumentedFunction, ask_documentation
from fathom_research.evaluation.exits import dense_rankings, exit_rankings
from fathom_research.evaluation.functions import FunctionRank, asked_function, function_rank
from fathom_research.evaluation.repositories import Question, Repository, read_questions, read_repositories
from fathom_research.evaluation.targets import CodeRange, answers_ndcg, ranks

__all__ = [
    "CodeRange",
    "DocumentedFunction",
    "Estimate",
    "FunctionRank",
    "Question",
    "Repository",
    "answers_ndcg",
    "ask_documentation",
    "asked_function",
    "dense_rankings",
    "estimate",
    "exit_rankings",
    "function_rank",
    "ranks",
    "read_questions",
    "read_repositories",
]
