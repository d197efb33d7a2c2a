"""Configures the server's log: standard error, which editors show, and optionally a file."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING

from pygls.exceptions import JsonRpcException

if TYPE_CHECKING:
    from pathlib import Path

LEVELS = (logging.WARNING, logging.INFO, logging.DEBUG)


def configure(verbosity: int, file: Path | None) -> None:
    """Log to standard error and to `file`. `verbosity` is the number of `-v` options. Raises `OSError`."""
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
    # At level INFO pygls logs the body of every message, including source code.
    logging.getLogger("pygls").setLevel(logging.WARNING)


def _unanswered(record: logging.LogRecord) -> bool:
    """Leave out errors that were sent to the client as answers. pygls logs each of them with a traceback."""
    return not (record.exc_info and isinstance(record.exc_info[1], JsonRpcException))
