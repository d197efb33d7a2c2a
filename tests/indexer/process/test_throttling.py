"""When work that can wait waits."""

from __future__ import annotations

import subprocess
import sys

import psutil
import pytest

from fathom_indexer.config import Config
from fathom_indexer.process.throttling import CHECK_INTERVAL, OtherLoad, Throttle, on_battery


@pytest.mark.parametrize(
    ("config", "battery", "load", "reason"),
    [
        (Config(), True, 1.0, ""),
        (Config(pause_on_battery=True), True, 0.0, "battery"),
        (Config(pause_on_battery=True), False, 1.0, ""),
        (Config(pause_above_load=0.5), True, 0.6, "load"),
        (Config(pause_above_load=0.5), True, 0.5, ""),
        (Config(pause_on_battery=True, pause_above_load=0.5), True, 0.6, "battery"),
    ],
)
def test_waits_only_for_what_it_was_told(config: Config, battery: bool, load: float, reason: str) -> None:
    assert Throttle(config, lambda: battery, lambda: load, lambda: 0.0).reason() == reason


def test_looks_from_time_to_time() -> None:
    now, loads = [0.0], [0.9, 0.1]
    courtesy = Throttle(Config(pause_above_load=0.5), lambda: False, lambda: loads.pop(0), lambda: now[0])
    assert courtesy.reason() == "load"
    now[0] = CHECK_INTERVAL - 1
    assert courtesy.reason() == "load"
    now[0] = CHECK_INTERVAL
    assert courtesy.reason() == ""


def test_this_machine_can_be_asked() -> None:
    assert on_battery() in (True, False)
    assert 0 <= OtherLoad()() <= 1


def test_priority_is_lowered_and_never_raised() -> None:
    program = (
        "import psutil; from fathom_indexer.process.throttling import lower_priority; lower_priority(); "
        "first = psutil.Process().nice(); psutil.Process().nice(PLACE); lower_priority(); "
        "print(int(first), int(psutil.Process().nice()))"
    )
    place = psutil.IDLE_PRIORITY_CLASS if psutil.WINDOWS else 15
    command = [sys.executable, "-c", program.replace("PLACE", str(int(place)))]
    run = subprocess.run(command, capture_output=True, timeout=60, check=True, text=True)
    lowered, kept = map(int, run.stdout.split())
    if psutil.WINDOWS:
        assert lowered == psutil.BELOW_NORMAL_PRIORITY_CLASS
    else:
        assert (lowered, kept) == (max(10, psutil.Process().nice()), 15)


def test_matrices_are_multiplied_on_one_thread() -> None:
    code = (
        "import sys, psutil\n"
        "from fathom_indexer.process import service, socket_server, worker, throttling\n"
        "assert 'numpy' not in sys.modules, 'too late'\n"
        "throttling.multiply_on_one_thread()\n"
        "import numpy\n"
        "square = numpy.ones((500, 500), numpy.float32)\n"
        "square @ square\n"
        "print(psutil.Process().num_threads())"
    )
    answer = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert answer.strip() == "1"
