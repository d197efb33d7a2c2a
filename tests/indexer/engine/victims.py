"""Processes that index a folder and can be killed at any instant, many a second.

As a program, it loads everything once and then forks a process for every job that it reads. A job is a JSON line:

    {"root": "...", "config": {...}, "file_bytes": null, "user": null}

`file_bytes` is the size beyond which the process cannot write any file, as on a full disk; `user` is the number of the
user that it becomes. It answers with lines, too: the process's number, then what came of it.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import layered

from fathom_indexer.engine import Engine
from fathom_indexer.errors import FathomError
from fathom_indexer.indexing import embedding
from fathom_indexer.storage import Store
from fathom_indexer.wire.conversion import config_from_json

KILLED = "killed"
DONE = "done"


class Victims:
    """The program as it is used: `run` has a process do a job. Use it as a context."""

    def __enter__(self) -> Victims:
        command = [sys.executable, str(Path(__file__))]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def run(self, job: dict[str, Any], seconds: float | None = None) -> str:
        """What comes of a job: `done`, `killed` if it takes longer than `seconds`, else a message of Fathom's."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(job).encode() + b"\n")
        pid = int(self._process.stdout.readline())
        if seconds is not None and not select.select([self._process.stdout], [], [], seconds)[0]:
            # It may have ended in this very moment.
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return str(json.loads(self._process.stdout.readline()))

    def seconds(self, job: dict[str, Any]) -> float:
        """How long a job takes."""
        start = time.monotonic()
        assert self.run(job) == DONE
        return time.monotonic() - start


def _do(job: dict[str, Any]) -> str:
    root, config = Path(job["root"]), config_from_json(job["config"])
    if job.get("user"):
        # Whatever is loaded late is loaded now: that user may not see where Python is installed.
        _work(Engine(root, config, Store(None)))
        os.setuid(job["user"])
    if job.get("file_bytes") is not None:
        import resource  # not on Windows

        resource.setrlimit(resource.RLIMIT_FSIZE, (job["file_bytes"], job["file_bytes"]))
    try:
        _work(Engine.open(root, config))
    except FathomError as error:
        return str(error)
    return DONE


def _work(opened: Engine) -> None:
    with opened as engine:
        for steps in (engine.index_steps(), engine.idle_steps()):
            for _ in steps:
                pass
        engine.search("merge_write", 3)


def _say(what: int | str) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Fork a process for every line."""
    layered.take_the_place_of_layers()
    load = layered.load_once()
    vars(embedding).update(_FEW_NEW=2)
    for line in sys.stdin:
        job = json.loads(line)
        load(Path(job["config"]["model"]))
        receiver, sender = os.pipe()
        pid = os.fork()
        if not pid:
            os.write(sender, _do(job).encode())
            os._exit(0)
        os.close(sender)
        _say(pid)
        with os.fdopen(receiver, "rb") as answer:
            said = answer.read().decode()
        status = os.waitpid(pid, 0)[1]
        _say(KILLED if os.WIFSIGNALED(status) else said)


if __name__ == "__main__":
    main()
