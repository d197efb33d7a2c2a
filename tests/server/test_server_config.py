"""`initializationOptions` to settings: invalid values are reported and replaced by defaults."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fathom_indexer.config import Config
from fathom_server.config import SETTINGS, Settings, read_settings


def test_everything_can_be_set() -> None:
    settings, warnings = read_settings(
        {
            "limit": 7,
            "exclude": ["gen/", "*.min.js"],
            "maxFileBytes": 5000,
            "model": "models/mine",
            "runtime": "torch",
            "history": False,
            "vectors": "exact",
            "threads": 3,
            "lowPriority": False,
            "pauseOnBattery": True,
            "pauseAboveLoad": 0.5,
        }
    )
    assert warnings == []
    assert settings == Settings(
        limit=7,
        exclude=("gen/", "*.min.js"),
        max_file_bytes=5000,
        model="models/mine",
        runtime="torch",
        history=False,
        vectors="exact",
        threads=3,
        low_priority=False,
        pause_on_battery=True,
        pause_above_load=0.5,
    )
    assert settings.indexer == Config(
        max_file_bytes=5000,
        exclude=("gen/", "*.min.js"),
        model="models/mine",
        runtime="torch",
        history=False,
        vectors="exact",
        threads=3,
        low_priority=False,
        pause_on_battery=True,
        pause_above_load=0.5,
    )


@pytest.mark.parametrize("options", [None, {}, {"limit": None, "exclude": None}])
def test_nothing_set_gives_the_defaults(options: Any) -> None:
    assert read_settings(options) == (Settings(), [])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("limit", 0),
        ("limit", 201),
        ("limit", "7"),
        ("limit", True),
        ("limit", 2.5),
        ("exclude", "gen/"),
        ("exclude", ["gen/", 1]),
        ("maxFileBytes", 0),
        ("lowPriority", 1),
        ("pauseOnBattery", "yes"),
        ("pauseAboveLoad", 1.5),
        ("pauseAboveLoad", True),
        ("maxFileBytes", {}),
        ("model", 5),
        ("runtime", "cuda"),
        ("runtime", ["onnx"]),
        ("vectors", ""),
        ("threads", -1),
        ("codeLens", "on"),
        ("diagnostics", "fatal"),
        ("diagnostics", True),
        ("colour", "red"),
        ("max_file_bytes", 5000),
    ],
)
def test_an_invalid_value_costs_itself_only(name: str, value: Any) -> None:
    settings, warnings = read_settings({name: value, "model" if name != "model" else "runtime": "torch"})
    assert len(warnings) == 1
    assert repr(name) in warnings[0]
    assert settings == (Settings(model="torch") if name != "model" else Settings(runtime="torch"))


def test_a_later_source_goes_first_and_a_wrong_value_falls_back_to_the_default() -> None:
    assert read_settings({"limit": 7, "threads": 2}, {"limit": 9})[0] == Settings(limit=9, threads=2)
    assert read_settings({"limit": 7}, {"limit": None})[0] == Settings(limit=7)
    settings, warnings = read_settings({"limit": 7}, {"limit": "many"})
    assert settings == Settings()
    assert len(warnings) == 1
    assert len(read_settings({"limit": 0}, {"limit": 0})[1]) == 1


def test_what_is_the_clients_own_is_passed_over() -> None:
    section = {"server": {"path": ""}, "search": {"limit": 20}, "trace": {"server": "off"}, "threads": 2}
    assert read_settings(section) == (Settings(threads=2), [])


@pytest.mark.parametrize("options", [["fast"], "fast", 5])
def test_options_that_are_no_object_are_told(options: Any) -> None:
    settings, warnings = read_settings(options)
    assert settings == Settings()
    assert len(warnings) == 1


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@given(
    st.dictionaries(
        st.sampled_from(list(SETTINGS)) | st.text(),
        json_values,
    )
)
def test_no_options_are_too_strange(options: dict[str, Any]) -> None:
    settings, _ = read_settings(options)
    assert 1 <= settings.limit <= 200
    assert settings.indexer.runtime in ("onnx", "torch")


@pytest.mark.parametrize("empty", [None, {}, []])
def test_an_empty_list_is_as_good_as_no_settings(empty: Any) -> None:
    assert read_settings(empty) == (Settings(), [])
    assert read_settings({"limit": 7}, empty)[0].limit == 7
