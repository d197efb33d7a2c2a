"""Loading the encoder's library tells nobody of it. What leaves the machine is looked at in `tests/privacy/`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tracing import bare_environment

ENCODE = """
import os
from fathom_indexer.encoder import TextKind, load_encoder
load_encoder(threads=1).encode(["late fee"], TextKind.QUERY)
print(os.environ["ORT_DISABLE_TELEMETRY"])
"""


@pytest.mark.parametrize("asked", [None, "0", "", "false"])
def test_the_telemetry_is_off_whatever_the_environment_says(asked: str | None, tmp_path: Path) -> None:
    home, temporary = tmp_path / "home", tmp_path / "temporary"
    home.mkdir()
    temporary.mkdir()
    environment = bare_environment(home, temporary)
    if asked is not None:
        environment["ORT_DISABLE_TELEMETRY"] = asked
    result = subprocess.run(
        [sys.executable, "-c", ENCODE], env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert (result.returncode, result.stdout.strip()) == (0, "1"), result.stderr
    assert [path for folder in (home, temporary) for path in folder.rglob("*")] == []
