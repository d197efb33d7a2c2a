"""How the ending of a process is put into words, and found again."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fathom_indexer.process import exit_log
from fathom_indexer.process.exit_log import ExitLog, describe_exit, note_exit


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (0, "exit code 0"),
        (75, "exit code 75"),
        (-9, "killed by signal 9 (SIGKILL)"),
        (-11, "killed by signal 11 (SIGSEGV)"),
        (-99, "killed by signal 99"),
        (0xC0000005, "exit code 0xC0000005"),
    ],
)
@pytest.mark.skipif(sys.platform == "win32", reason="signals have other numbers there")
def test_codes_in_words(code: int, words: str) -> None:
    assert describe_exit(code) == words


def ended(code: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", f"raise SystemExit({code})"])


def opened(log: Path) -> int:
    return os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)


@pytest.mark.asyncio
async def test_a_note_is_found_by_who_looked_before_it_was_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exit_log, "PATIENCE", 0.0)
    log = tmp_path / "indexer.log"
    log.write_text("what earlier ones had to say\n" * 9)
    process = ended(7)
    before = ExitLog(process.pid, log)
    note_exit(process, lambda: opened(log), expected=75)
    assert await before.description() == "exit code 7"
    # What is noted of an earlier process of that number is not this one's ending.
    after = ExitLog(process.pid, log)
    assert await after.description() == ""
    # A log that was begun anew.
    log.write_text("")
    process.returncode = 9
    note_exit(process, lambda: opened(log), expected=75)
    assert await after.description() == "exit code 9"


def test_an_ending_that_is_expected_and_a_log_that_cannot_be_written_are_passed_over(tmp_path: Path) -> None:
    note_exit(ended(75), lambda: pytest.fail("nothing is to be noted"), expected=75)

    def refuse() -> int:
        raise OSError(28, "No space left on device")

    note_exit(ended(7), refuse, expected=75)
