"""Runs the commands that tests need, and says what they said when they fail."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_SHOWN = 8000
"""Characters of a failed command's output that are shown, its last ones."""


class CommandFailedError(Exception):
    """A command did not end well; the message has the end of what it wrote."""


def run(
    *command: str | Path, cwd: Path | None = None, environment: Mapping[str, str] | None = None, timeout: float = 600
) -> str:
    """Run a command to its end, without input; what it writes to its standard output.

    `environment` is all of it; that of this process if left out. `timeout` is in seconds.
    Raises `CommandFailedError`, also where there is no such command.
    """
    words = [str(word) for word in command]
    try:
        finished = subprocess.run(
            words,
            cwd=cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CommandFailedError(f"{' '.join(words)}: {error}") from error
    if finished.returncode:
        output = (finished.stdout + finished.stderr)[-_SHOWN:]
        raise CommandFailedError(f"{' '.join(words)} ended with {finished.returncode}:\n{output}")
    return finished.stdout
