"""Documentation, JSON schema and editor settings agree with the definition of the settings."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path

import pytest

from fathom_server import config_schema
from fathom_server.config import CLIENTS_OWN, SETTINGS, Settings, read_settings

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "path", [config_schema.PAGE, config_schema.SCHEMA, config_schema.MANIFEST, config_schema.STRINGS], ids=str
)
def test_the_generated_files_are_in_step(path: Path) -> None:
    assert (ROOT / path).read_text(encoding="utf-8") == config_schema.generated(ROOT)[path], (
        "run python -m fathom_server.config_schema"
    )


def test_every_setting_is_described_once() -> None:
    properties = config_schema.json_schema()["properties"]
    assert list(properties) == list(SETTINGS)
    assert len(SETTINGS) == len(fields(Settings))
    assert all(info.rule.text.endswith(".") for info in SETTINGS.values())


def test_the_defaults_of_the_schema_are_those_of_the_server() -> None:
    defaults = {name: entry["default"] for name, entry in config_schema.json_schema()["properties"].items()}
    assert read_settings(json.loads(json.dumps(defaults))) == (Settings(), [])


def test_what_the_extension_keeps_to_itself_is_passed_over_by_the_server() -> None:
    own = {name.split(".")[1] for name in config_schema.vscode_properties() if name.count(".") > 1}
    assert own == CLIENTS_OWN
