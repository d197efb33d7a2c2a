"""Low priority for the indexer, and pauses of work that can wait while other processes need the machine."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable

import psutil

from fathom_indexer.config import Config

logger = logging.getLogger(__name__)

CHECK_INTERVAL = 10.0
"""Seconds between two checks of battery and load."""

_NICENESS = 10


def lower_priority() -> None:
    """Lower the priority of this process."""
    niceness = psutil.BELOW_NORMAL_PRIORITY_CLASS if psutil.WINDOWS else _NICENESS
    try:
        process = psutil.Process()
        # A still lower priority was set on purpose.
        if psutil.WINDOWS or process.nice() < niceness:
            process.nice(niceness)
    except (psutil.Error, OSError) as error:
        logger.info("the priority stays as it is: %s", error)


def multiply_on_one_thread() -> None:
    """Have NumPy, which must not have been imported yet, compare vectors on the calling thread alone.

    With several threads, a search waits for the one that the system schedules last. Measured at 10,000 functions and
    low priority, with two cores that other processes were using: a search took 13 ms on one thread, 28 to 90 ms on two.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def on_battery() -> bool:
    """Whether there is a battery and no mains power."""
    battery = psutil.sensors_battery() if hasattr(psutil, "sensors_battery") else None
    return battery is not None and battery.power_plugged is False


class OtherLoad:
    """The share of the processor that other processes used between two calls, from 0 to 1; 0 at the first."""

    def __init__(self) -> None:
        self._process = psutil.Process()
        self()

    def __call__(self) -> float:
        own = self._process.cpu_percent() / (psutil.cpu_count() or 1)
        return float(max(0.0, psutil.cpu_percent() - own)) / 100


class Throttle:
    """Decides whether work that can wait should wait."""

    def __init__(
        self,
        config: Config,
        battery: Callable[[], bool] = on_battery,
        load: Callable[[], float] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pause_on_battery = config.pause_on_battery
        self._pause_above_load = config.pause_above_load
        self._battery = battery
        self._load = load or OtherLoad()
        self._clock = clock
        self._checked = float("-inf")
        self._reason = ""

    def reason(self) -> str:
        """Why work should wait, `battery` or `load`; empty if it need not."""
        if self._clock() - self._checked >= CHECK_INTERVAL:
            self._checked = self._clock()
            self._reason = self._check()
        return self._reason

    def _check(self) -> str:
        if self._pause_on_battery and self._battery():
            return "battery"
        if self._pause_above_load and self._load() > self._pause_above_load:
            return "load"
        return ""
