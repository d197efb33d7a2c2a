"""Replays the examples of `docs/protocol.md` on the real server and the real indexer process."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pygls.exceptions import JsonRpcException
from pytest_lsp import LanguageClient

from fathom_indexer.types import Kind, Stage
from fathom_server.handlers import register
from fathom_server.protocol import lsp_ext
from fathom_server.server import FathomServer
from fathom_server.session.status import overall_status

PAGE = (Path(__file__).parents[2] / "docs" / "protocol.md").read_text(encoding="utf-8")
EXAMPLE_ROOT = "file:///home/me/library"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def pairs(messages: list[Any]) -> list[Any]:
    """Each request with the answer that is shown for it."""
    answers = {message["id"]: message for message in messages if "id" in message and "method" not in message}
    return [(message, answers[message["id"]]) for message in messages if "id" in message and "method" in message]


LSP_MESSAGES = [json.loads(block) for block in blocks("json")]
LSP_EXAMPLES = pairs(LSP_MESSAGES)
WORKER_EXAMPLES = [json.loads(line) for line in blocks("jsonl")[0].splitlines()]


ELSEWHERE = frozenset(
    "root indexPath indexBytes rootUri uri pid version indexing progress deepening paused complete score similarity "
    "key snippet relevance".split()
)
"""Keys whose values depend on the machine, the moment or rounding; `assert_same_functions` compares what is theirs."""


def assert_same_answer(shown: Any, real: Any, where: str = "answer") -> None:
    """Both have the same keys and types all the way down, and the same values where these are the same everywhere."""
    key = where.rpartition(".")[2]
    if key not in ELSEWHERE and not isinstance(shown, (dict, list)):
        assert shown == real, where
    if shown is None or real is None:
        return
    assert isinstance(shown, (int, float)) == isinstance(real, (int, float)), where
    if isinstance(shown, dict):
        assert isinstance(real, dict), where
        assert set(shown) == set(real), where
        # The deep exit's vectors are made in idle time: how many there are is a matter of the moment.
        momentary = {"done"} if shown.get("stage") == Stage.DEEPEN.value else set()
        for name in shown.keys() - momentary:
            assert_same_answer(shown[name], real[name], f"{where}.{name}")
    elif isinstance(shown, list):
        assert isinstance(real, list), where
        assert len(shown) == len(real), where
        for shown_item, real_item in zip(shown, real, strict=True):
            assert_same_answer(shown_item, real_item, f"{where}[]")
    elif isinstance(shown, str):
        assert isinstance(real, str), where


def functions_of(answer: Any) -> list[Any]:
    return [*answer.get("results", []), *([answer["compared"]] if "compared" in answer else [])]


def assert_same_functions(shown: Any, real: Any) -> None:
    fields = ("path", "startLine", "endLine", "name", "qualifiedName", "kind", "language", "signature")
    for shown_one, real_one in zip(functions_of(shown), functions_of(real), strict=True):
        assert {field: shown_one[field] for field in fields} == {field: real_one[field] for field in fields}
        assert real_one.get("snippet", "").startswith(shown_one.get("snippet", "").removesuffix("..."))


def test_there_is_an_example_of_every_request() -> None:
    assert {request["method"] for request, _ in LSP_EXAMPLES} == {
        lsp_ext.SEARCH,
        lsp_ext.SIMILAR,
        lsp_ext.DUPLICATES,
        lsp_ext.STATUS,
        lsp_ext.REINDEX,
    }


def test_the_status_notification_has_the_shape_that_is_shown() -> None:
    [shown] = [one for one in LSP_MESSAGES if "id" not in one]
    assert shown["method"] == lsp_ext.STATUS
    assert shown["params"] == overall_status([])


def rows() -> list[list[str]]:
    """The cells of the table of standard methods."""
    section = PAGE[PAGE.index("## Standard methods") : PAGE.index("## Commands")]
    cells = [
        [cell.strip() for cell in line.strip("|").split(" | ")] for line in section.splitlines() if line[:1] == "|"
    ]
    return cells[2:]


def test_the_table_names_every_method_and_tests_that_exist() -> None:
    server = FathomServer()
    register(server)
    methods = {method for row in rows() for method in re.findall(r"`([^`]+)`", row[0])}
    served = {method for method in server.protocol.fm.features if not method.startswith("fathom/")}
    assert served <= methods
    for row in rows():
        file, name = row[-1].strip(" |`").split("::")
        assert f"def {name}(" in (Path(__file__).parents[1] / file).read_text(encoding="utf-8"), name


def test_the_version_is_the_one_that_is_spoken() -> None:
    assert f'{{"fathom": {{"version": {lsp_ext.PROTOCOL_VERSION}}}}}' in PAGE


def test_every_command_is_named() -> None:
    section = PAGE[PAGE.index("## Commands") : PAGE.index("## Errors")]
    own = {lsp_ext.SEARCH, lsp_ext.SIMILAR, lsp_ext.DUPLICATES, lsp_ext.STATUS, lsp_ext.REINDEX}
    server = FathomServer()
    register(server)
    assert set(re.findall(r"`(fathom/\w+)`", section)) == set(server.protocol.fm.commands) - own


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    ("request_shown", "answer_shown"),
    LSP_EXAMPLES,
    ids=[f"{asked['id']}-{asked['method']}" for asked, _ in LSP_EXAMPLES],
)
async def test_the_servers_examples(library: LanguageClient, request_shown: Any, answer_shown: Any) -> None:
    protocol: Any = library.protocol
    status = await asyncio.wait_for(protocol.send_request_async(lsp_ext.STATUS, {}), 60)
    root = status["roots"][0]["rootUri"]
    params = json.loads(json.dumps(request_shown["params"]).replace(EXAMPLE_ROOT, root))
    answering = asyncio.wait_for(protocol.send_request_async(request_shown["method"], params), 60)
    if "error" in answer_shown:
        with pytest.raises(JsonRpcException) as error:
            await answering
        assert (error.value.code, error.value.message) == (
            answer_shown["error"]["code"],
            answer_shown["error"]["message"],
        )
        return
    real = await answering
    assert_same_answer(answer_shown["result"], real)
    if real is None:
        return
    assert_same_functions(answer_shown["result"], real)
    for shown, one in zip(functions_of(answer_shown["result"]), functions_of(real), strict=True):
        assert one["location"]["uri"] == shown["location"]["uri"].replace(EXAMPLE_ROOT, root)
        assert one["location"]["range"] == shown["location"]["range"]


def test_the_indexers_examples(copy_workspace: Callable[[Path], Path], tmp_path: Path) -> None:
    root = copy_workspace(tmp_path / "library")
    # However busy the machine is, searches have the time to compare all candidates.
    config = json.dumps({"cache_dir": str(tmp_path / "cache"), "rerank_ms": 60_000})
    process = subprocess.Popen(
        [sys.executable, "-m", "fathom_indexer.process", "--root", str(root), "--config", config],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    ready = json.loads(process.stdout.readline())
    assert ready == WORKER_EXAMPLES[0]
    while json.loads(process.stdout.readline())["params"]["stage"] != "ready":
        pass
    for request, shown in pairs(WORKER_EXAMPLES):
        process.stdin.write(json.dumps(request).encode() + b"\n")
        process.stdin.flush()
        real: Any = {}
        while real.get("id") != request["id"]:
            real = json.loads(process.stdout.readline())
        if "error" in shown:
            assert real == shown
        else:
            assert_same_answer(shown["result"], real["result"], request["method"])
            assert_same_functions(shown["result"], real["result"])
    assert process.wait(60) == 0
    process.communicate()


def test_every_kind_is_listed() -> None:
    row = next(line for line in PAGE.splitlines() if line.startswith("| `kind` |"))
    assert set(re.findall(r"`(\w+)`", row)) - {"kind"} == {kind.value for kind in Kind}
