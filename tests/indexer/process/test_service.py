"""The indexer as a process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from fathom_indexer.wire.messages import PROTOCOL_VERSION


def worker_process(*arguments: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "fathom_indexer.process", *arguments]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def test_the_process_answers_for_a_folder_that_does_not_exist_and_ends_with_its_input(tmp_path: Path) -> None:
    config = json.dumps({"cache_dir": str(tmp_path / "cache")})
    process = worker_process("--root", str(tmp_path / "nowhere"), "--config", config)
    out, _ = process.communicate(b'nonsense\n{"id": 1, "method": "status"}\n', timeout=60)
    messages = [json.loads(line) for line in out.splitlines()]
    assert messages[0]["method"] == "ready"
    assert messages[0]["params"]["protocol"] == PROTOCOL_VERSION
    assert any("id" in message and message["id"] is None for message in messages)
    assert process.returncode == 0


def test_a_step_that_hangs_does_not_outlive_the_client(tmp_path: Path) -> None:
    script = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from fathom_indexer.config import Config\n"
        "from fathom_indexer.process import service\n"
        "service.EXIT_GRACE = 0.1\n"
        "def hang():\n"
        "    print('it hangs', file=sys.stderr, flush=True)\n"
        "    time.sleep(600)\n"
        "service.serve_starter(hang, None, Path(sys.argv[1]), Config())\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stderr is not None
            assert process.stderr.readline() == "it hangs\n"
            # The client goes.
            _, errors = process.communicate(timeout=60)
            assert "the process ends in the middle of it" in errors
            assert (errors.count("\n"), process.returncode) == (1, 1), "nothing else is said"
        finally:
            process.kill()


def test_a_configuration_that_is_none_is_refused(tmp_path: Path) -> None:
    for config in ("[", '{"colour": "red"}'):
        process = worker_process("--root", str(tmp_path), "--config", config)
        out, _ = process.communicate(timeout=60)
        assert (out, process.returncode) == (b"", 2)


def test_what_prints_cannot_write_into_the_protocol(tmp_path: Path) -> None:
    script = (
        "import os, subprocess, sys\n"
        "from fathom_indexer.process.stdio import claim_stdout\n"
        "out = claim_stdout()\n"
        "print('print'); os.write(1, b'native'); subprocess.run([sys.executable, '-c', 'print(1)'])\n"
        "out.write(b'message'); out.flush()\n"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, env=dict(os.environ))
    assert result.stdout == b"message"
    assert b"native" in result.stderr
