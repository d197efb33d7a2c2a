"""Where the server's log goes: standard error, which editors keep, and a file when asked for."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING

from pygls.exceptions import JsonRpcException

if TYPE_CHECKING:
    from pathlib import Path

LEVELS = (logging.WARNING, logging.INFO, logging.DEBUG)


def configure(verbosity: int, file: Path | None) -> None:
    """Send the log to standard error and to `file`. `verbosity` counts the `-v` given. Raises `OSError`."""
    handlers: list[logging.Handler] = [logging.StreamHandler(sys.stderr)]
    if file is not None:
        handlers.append(logging.FileHandler(file, encoding="utf-8"))
    for handler in handlers:
        handler.addFilter(_unanswered)
    logging.basicConfig(
        level=LEVELS[min(verbosity, len(LEVELS) - 1)],
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
        handlers=handlers,
    )
    # At INFO pygls logs the body of every message, source code included.
    logging.getLogger("pygls").setLevel(logging.WARNING)


def _unanswered(record: logging.LogRecord) -> bool:
    """Keep errors out of the log that are answers: pygls logs each with a traceback, and the client was told."""
    return not (record.exc_info and isinstance(record.exc_info[1], JsonRpcException))
