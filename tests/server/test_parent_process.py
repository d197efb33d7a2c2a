"""Detection of the end of the client's process."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys

import pytest

from fathom_server import parent_process
from fathom_server.parent_process import is_alive, watch_parent


def test_who_is_alive() -> None:
    assert is_alive(os.getpid())
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    assert not is_alive(process.pid)
    assert not is_alive(2**40)


@pytest.mark.asyncio
async def test_the_end_of_the_process_is_detected(monkeypatch: pytest.MonkeyPatch) -> None:
    def look(pid: int) -> bool:
        looks.append(pid)
        if len(looks) == 3:
            looked_often.set()
        return is_alive(pid)

    looks: list[int] = []
    looked_often = asyncio.Event()
    monkeypatch.setattr(parent_process, "is_alive", look)
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    noticed = asyncio.Event()
    watching = asyncio.create_task(watch_parent(process.pid, noticed.set, interval=0.01))
    await asyncio.wait_for(looked_often.wait(), 60)
    assert not noticed.is_set()
    process.communicate(b"\n")
    await asyncio.wait_for(watching, 60)
    assert noticed.is_set()


@pytest.mark.asyncio
async def test_a_process_that_was_never_there_is_not_watched() -> None:
    await watch_parent(2**40, lambda: pytest.fail("the client lives elsewhere"))
