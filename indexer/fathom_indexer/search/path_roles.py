"""What a file is for, judged by its path: tests, examples, copies of others' code and the like come later."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from enum import Enum
from functools import lru_cache

from fathom_indexer.search.platforms import SYSTEM_WORDS, is_foreign
from fathom_indexer.storage import FunctionSummary


class Role(Enum):
    """A role other than doing the work: how much later it comes, and the words that ask for it."""

    TEST = (1.0, "test tests testing tested spec specs mock mocks fixture fixtures assert assertion assertions")
    EXAMPLE = (0.8, "example examples sample samples demo demos tutorial benchmark benchmarks bench doc docs")
    VENDORED = (0.8, "vendor vendored third party bundled external")
    FOREIGN = (0.8, " ".join(SYSTEM_WORDS))
    GENERATED = (0.8, "generated generator codegen protobuf")
    LEGACY = (0.6, "legacy compat compatibility deprecated old backport shim polyfill")
    DECLARATION = (0.4, "type types typing typings declaration declarations stub stubs header headers")

    @property
    def severity(self) -> float:
        """In (0, 1]."""
        return self.value[0]

    @property
    def words(self) -> frozenset[str]:
        """Words of a query that ask for this role, so that it is no drawback."""
        return frozenset(self.value[1].split())


_FOLDERS = {
    Role.TEST: "test tests testing __tests__ spec specs testdata fixtures e2e androidtest unittest unittests mocks",
    Role.EXAMPLE: "example examples _examples sample samples demo demos doc docs docs_src documentation tutorial "
    "tutorials benchmark benchmarks bench benches playground",
    Role.VENDORED: "vendor vendored _vendor third_party thirdparty 3rdparty external extern node_modules",
    Role.GENERATED: "generated __generated__ gen",
    Role.LEGACY: "legacy compat _compat deprecated",
}
_ROLE_OF_FOLDER = {name: role for role, names in _FOLDERS.items() for name in names.split()}

_FILES = (
    (Role.TEST, re.compile(r"^(?:test|tests)[_.-]|[_.-](?:test|tests|spec|specs)\.|^conftest\.py$|^(?:tests|spec)\.")),
    (Role.TEST, re.compile(r"[a-z0-9](?:Test|Tests|TestCase|Spec|Suite)\.\w+$|^Test[A-Z]|\.bats$")),
    (
        Role.GENERATED,
        re.compile(r"_pb2(?:_grpc)?\.py|\.pb\.\w+$|\.g\.(?:dart|cs)$|[._]gen(?:erated)?\.|\.Designer\.cs$"),
    ),
    (Role.DECLARATION, re.compile(r"\.d\.[cm]?ts$|\.pyi$")),
    (Role.LEGACY, re.compile(r"^_?(?:compat|legacy|deprecated)\.|[_-](?:compat|legacy|deprecated)\.")),
)
_VERSION = re.compile(r"^v(\d{1,3})$", re.IGNORECASE)
# A function inside `mod tests` of a source file, as Rust has it.
_TEST_SCOPE = re.compile(r"(?:^|\.)tests?\.")
# A test by how it is declared: `TEST_F(Queue, Pops)`, `it("pops", () =>`, `RSpec.describe Queue`, `It "pops"`.
_TEST_SIGNATURE = re.compile(
    r"(?:[A-Z_]*TEST(?:_[A-Z_]+)?|BENCHMARK(?:_[A-Z_]+)?|SCENARIO|SECTION)\s*\("
    r"|(?:RSpec\.|Deno\.)?[fx]?(?:it|test|describe|context|suite|specify|scenario|feature|bench|example"
    r"|shared_examples|shared_context)(?:\.\w+)*(?:\([^\"'`]*\))?[\s(]\s*[\"'`:A-Z]"
    r"|(?:Describe|Context|It)\s+(?:[\"']|\w+\s*$)"
)


def role_values(
    words: Sequence[str], summaries: Mapping[int, FunctionSummary], system: str = sys.platform
) -> dict[int, float]:
    """How much the candidates' roles count against them, in (0, 1]; roles that the query asks for do not count.

    `system` is where the asking person works, as `sys.platform`: code for another one is foreign.
    """
    asked = {role for role in Role if not role.words.isdisjoint(words)}
    superseded = _superseded({summary.path for summary in summaries.values()}, words)
    values: dict[int, float] = {}
    for function_id, summary in summaries.items():
        roles = roles_of(summary.path) - asked
        if Role.LEGACY not in asked and summary.path in superseded:
            roles |= {Role.LEGACY}
        if Role.FOREIGN not in asked and is_foreign(summary.path, system):
            roles |= {Role.FOREIGN}
        if Role.TEST not in asked and (
            _TEST_SCOPE.search(summary.qualified_name) or _TEST_SIGNATURE.match(summary.signature)
        ):
            roles |= {Role.TEST}
        if roles:
            values[function_id] = max(role.severity for role in roles)
    return values


def _superseded(paths: AbstractSet[str], words: Sequence[str]) -> set[str]:
    """Files in a folder of a version (`v3`) beside whose folder stands one of a later version that has candidates too.

    A query that names the older version wants it.
    """
    versions: dict[str, dict[str, int]] = {}
    for path in paths:
        folders = path.split("/")[:-1]
        for depth, folder in enumerate(folders):
            if version := _VERSION.match(folder):
                versions.setdefault("/".join(folders[:depth]), {})["/".join(folders[: depth + 1])] = int(version[1])
    older = [
        folder + "/"
        for siblings in versions.values()
        for folder, number in siblings.items()
        if number < max(siblings.values()) and f"v{number}" not in words
    ]
    return {path for path in paths if path.startswith(tuple(older))}


@lru_cache(maxsize=8192)
def roles_of(path: str) -> frozenset[Role]:
    """The roles that a path tells of."""
    *folders, name = path.split("/")
    roles = {_ROLE_OF_FOLDER[folder.lower()] for folder in folders if folder.lower() in _ROLE_OF_FOLDER}
    roles |= {role for role, pattern in _FILES if pattern.search(name)}
    return frozenset(roles)
