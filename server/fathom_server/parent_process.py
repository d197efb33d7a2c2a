"""Detects the end of the process that started the server."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

logger = logging.getLogger(__name__)

INTERVAL = 2.0
"""Seconds between two checks."""


async def watch_parent(pid: int, on_death: Callable[[], None], interval: float = INTERVAL) -> None:
    """Call `on_death` once the process has ended. Standard input usually ends first, but another process may hold it.

    Does nothing if the process does not exist at the start: the client may run in another container.
    """
    if not is_alive(pid):
        logger.info("process %d does not exist here and is not watched", pid)
        return
    while is_alive(pid):
        await asyncio.sleep(interval)
    on_death()


if sys.platform == "win32":
    import ctypes

    _SYNCHRONIZE = 0x00100000
    _WAIT_TIMEOUT = 0x00000102
    _ERROR_ACCESS_DENIED = 5

    def is_alive(pid: int) -> bool:
        """Whether a process is running. On Windows `os.kill(pid, 0)` would end it."""
        kernel32 = ctypes.WinDLL("kernel32", use_last_error=True)
        handle = kernel32.OpenProcess(_SYNCHRONIZE, False, pid)
        if not handle:
            return ctypes.get_last_error() == _ERROR_ACCESS_DENIED
        try:
            return bool(kernel32.WaitForSingleObject(handle, 0) == _WAIT_TIMEOUT)
        finally:
            kernel32.CloseHandle(handle)

else:

    def is_alive(pid: int) -> bool:
        """Whether a process is running."""
        try:
            os.kill(pid, 0)
        except (ProcessLookupError, OverflowError):
            return False
        except PermissionError:
            return True
        return True
