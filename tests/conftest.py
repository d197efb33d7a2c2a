"""What every test shares."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NoReturn

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MARKED_FOLDERS = ("e2e", "editors")
"""Folders beside this file whose tests all have the marker of the same name."""

FIRST_FOLDERS = ("editors", "privacy", "research", "e2e")
"""Folders whose files run first: they take longest, and a long file at the end would keep one worker waiting."""

EDITORS_TIMEOUT = 900
"""Seconds for a test of `editors`, which may install an editor first."""

PASSED = "fathom/passed"
"""Where pytest's cache keeps the tests that passed when all were run last."""

PASSED_BEFORE = pytest.StashKey[list[str]]()
"""The ids of the tests that `--not-passed` leaves out."""

WORKER_PASSED_BEFORE = "fathom_passed_before"
"""Where a worker of pytest-xdist, which collects the tests, tells these ids to the process that writes the summary."""

# The one profile of all property tests. Machines differ in speed, so no example has a deadline. In CI the examples are
# the same each time: what fails there was broken by the change that is checked.
settings.register_profile(
    "fathom",
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("fathom")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite the golden files from what the code gives")
    parser.addoption("--not-passed", action="store_true", help="run only what did not pass here the last time")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        folder = item.path.relative_to(here).parts[0]
        if folder in MARKED_FOLDERS:
            item.add_marker(folder)
        if folder == "editors" and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(EDITORS_TIMEOUT))
    items.sort(key=lambda item: _position(item.path.relative_to(here).parts[0]))
    if config.getoption("--not-passed"):
        before = set(_cached(config))
        config.stash[PASSED_BEFORE] = [item.nodeid for item in items if item.nodeid in before]
        items[:] = [item for item in items if item.nodeid not in before]


def pytest_sessionfinish(session: pytest.Session) -> None:
    output: dict[str, object] | None = getattr(session.config, "workeroutput", None)
    if output is not None:
        output[WORKER_PASSED_BEFORE] = session.config.stash.get(PASSED_BEFORE, [])


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """A worker has ended. All of them collect the same tests."""
    if before := getattr(node, "workeroutput", {}).get(WORKER_PASSED_BEFORE):
        node.config.stash[PASSED_BEFORE] = before


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Remember what passed, for `--not-passed`, whose closing line counts what it did not run again."""
    passed, failed, errors = (
        {report.nodeid for report in terminalreporter.getreports(outcome)} for outcome in ("passed", "failed", "error")
    )
    passed -= failed | errors
    if before := config.stash.get(PASSED_BEFORE, []):
        # Plugins expect objects with attributes here.
        terminalreporter.stats["passed before"] = [SimpleNamespace(nodeid=nodeid) for nodeid in before]
        passed.update(before)
    if (cache := _cache(config)) is not None:
        cache.set(PASSED, sorted(passed))


def _position(folder: str) -> int:
    return FIRST_FOLDERS.index(folder) if folder in FIRST_FOLDERS else len(FIRST_FOLDERS)


def _cached(config: pytest.Config) -> Sequence[str]:
    cache = _cache(config)
    passed: Sequence[str] = cache.get(PASSED, []) if cache is not None else []
    return passed


def _cache(config: pytest.Config) -> pytest.Cache | None:
    """None where it is switched off (`-p no:cacheprovider`)."""
    return getattr(config, "cache", None)


@pytest.fixture(scope="session")
def give_up() -> Callable[[str], NoReturn]:
    """Skips a test for want of a tool or a download; fails it where nothing may be (FATHOM_TEST_EVERYTHING=1)."""

    def without(reason: str) -> NoReturn:
        if os.environ.get("FATHOM_TEST_EVERYTHING") == "1":
            pytest.fail(f"FATHOM_TEST_EVERYTHING=1, but {reason}")
        pytest.skip(reason)

    return without


@pytest.fixture(scope="session")
def packaged_model_with_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of the packaged model with its 16-bit weights, out of the history; skips in a clone without them."""
    from fathom_indexer.errors import ModelError
    from fathom_research.training.weights import WeightsLock, from_history, model_with_weights

    folder = tmp_path_factory.mktemp("model-with-weights")
    try:
        lock = WeightsLock.load()
        model_with_weights(folder, from_history(lock), lock)
    except ModelError as error:
        pytest.skip(str(error))
    return folder
