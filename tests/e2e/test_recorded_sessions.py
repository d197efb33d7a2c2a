"""Whole sessions of real clients, replayed: each of their requests has one answer, with all that it had then.

`tests/fixtures/clients/recording` has the scripts that recorded them.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.asyncio

SESSIONS = Path(__file__).parent.parent / "fixtures" / "clients" / "sessions"
HOME = "/home/me/library"
CANCELLED = -32800


class Replay:
    """A client that says what it said then, and waits for what it waited for then."""

    def __init__(self, recorded: list[Any], server: asyncio.subprocess.Process) -> None:
        assert server.stdin is not None
        assert server.stdout is not None
        self._recorded = recorded
        self._input, self._output = server.stdin, server.stdout
        self._replies: dict[str, list[Any]] = defaultdict(list)
        """What the client answered to requests of the server, by method."""
        self.answers: dict[Any, list[Any]] = defaultdict(list)
        self._heard = asyncio.Condition()

    async def run(self) -> None:
        asked: dict[Any, str] = {}
        for line in self._recorded:
            message = line["message"]
            if line["from"] == "server" and "method" in message:
                asked[message["id"]] = message["method"]
            elif line["from"] == "client" and "method" not in message:
                self._replies[asked[message["id"]]].append(message)
        hearing = asyncio.create_task(self._hear())
        for line in self._recorded:
            message = line["message"]
            if line["from"] == "client" and "method" in message:
                self._say(message)
            elif line["from"] == "server" and "method" not in message:
                async with self._heard:
                    await self._heard.wait_for(lambda: message["id"] in self.answers)  # noqa: B023
        await hearing

    async def _hear(self) -> None:
        while header := await self._output.readline():
            while (await self._output.readline()).strip():
                pass
            message = json.loads(await self._output.readexactly(int(header.split()[1])))
            if "method" not in message:
                async with self._heard:
                    self.answers[message["id"]].append(message)
                    self._heard.notify_all()
            elif "id" in message:
                # The server may ask what it did not ask then, such as to show progress: there is less time, or more.
                replies = self._replies[message["method"]] or [{"result": None}]
                reply = replies.pop(0) if len(replies) > 1 else replies[0]
                self._say({**reply, "id": message["id"]})

    def _say(self, message: Any) -> None:
        body = json.dumps(message).encode()
        self._input.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))


def kind_of(answer: Any) -> Any:
    """An error's code; of a result, which fields it has, or its first item has, and which lists hold something."""
    if "error" in answer:
        return answer["error"]["code"]
    result = answer["result"]
    if isinstance(result, list):
        return [sorted(item) if isinstance(item, dict) else type(item) for item in result[:1]]
    if isinstance(result, dict):
        return {name: bool(value) if isinstance(value, list) else ... for name, value in result.items()}
    return result


@pytest.mark.parametrize("path", sorted(SESSIONS.iterdir()), ids=lambda path: path.stem)
async def test_a_session_of_a_real_client(path: Path, copy_workspace: Callable[[Path], Path], tmp_path: Path) -> None:
    root = copy_workspace(tmp_path / "library")
    environment = {**os.environ, "FATHOM_CACHE_DIR": str(tmp_path / "cache")}
    index = [sys.executable, "-m", "fathom_indexer.cli.main", "index", str(root)]
    await asyncio.to_thread(subprocess.run, index, check=True, capture_output=True, timeout=120, env=environment)
    here = path.read_text(encoding="utf-8").replace(f"file://{HOME}", root.as_uri())
    here = here.replace(HOME, root.as_uri().removeprefix("file://"))
    recorded = [json.loads(line) for line in here.splitlines()]
    server = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "fathom_server",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env=environment,
        limit=1 << 24,
    )
    replay = Replay(recorded, server)
    await asyncio.wait_for(replay.run(), 120)
    assert await asyncio.wait_for(server.wait(), 60) == 0

    said = [line["message"] for line in recorded if line["from"] == "client"]
    requests = {message["id"]: message["method"] for message in said if "method" in message and "id" in message}
    cancelled = {message["params"]["id"] for message in said if message.get("method") == "$/cancelRequest"}
    then = {line["message"]["id"]: line["message"] for line in recorded if line["from"] == "server"}
    assert {number: len(answers) for number, answers in replay.answers.items()} == dict.fromkeys(requests, 1)
    for number, method in requests.items():
        [answer] = replay.answers[number]
        if number in cancelled:
            assert "result" in answer or answer["error"]["code"] == CANCELLED
        else:
            now, before = kind_of(answer), kind_of(then[number])
            if isinstance(now, dict) and isinstance(before, dict):
                # A later server may say more.
                now = {name: kind for name, kind in now.items() if name in before}
            assert now == before, (method, answer)


async def test_what_real_clients_send_is_there() -> None:
    """A session that was recorded badly would prove nothing."""
    paths = list(SESSIONS.iterdir())
    assert len(paths) >= 2
    for path in paths:
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        methods = [line["message"].get("method") for line in lines if line["from"] == "client"]
        wanted = {
            *("initialize", "initialized", "shutdown", "exit", "$/cancelRequest", "workspace/symbol"),
            *("textDocument/didOpen", "textDocument/didChange", "textDocument/didSave", "textDocument/hover"),
            *("textDocument/codeAction", "textDocument/codeLens", "textDocument/diagnostic"),
            *("workspace/executeCommand", "workspace/didChangeConfiguration", "fathom/search", "fathom/status"),
        }
        assert wanted <= set(methods)
