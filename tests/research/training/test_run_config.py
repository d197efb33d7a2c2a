"""Recipes: what they may say, and that the committed ones are read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fathom_indexer.errors import ModelError
from fathom_research.training.run_config import RunConfig

RECIPES = sorted((Path(__file__).parents[3] / "research" / "recipes").glob("*.json"))


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_committed_recipes_are_read_and_say_what_they_are_for(path: Path) -> None:
    assert RunConfig.load(path).description


def test_settings_survive_json() -> None:
    config = RunConfig(exits=(0, 2), kinds={"doc": 0.5}, seed=7)
    assert RunConfig.from_json(json.loads(json.dumps(config.to_json()))) == config


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ({"exit": [1]}, "no such settings: exit"),
        ({"exits": [2, 1]}, "exits"),
        ({"exits": 3}, "wrong type"),
        ({"target": "nobody"}, "target"),
        ({"kinds": {"poem": 1}}, "kinds"),
        ({"batch": 1, "temperature": 0}, "temperature, batch"),
    ],
)
def test_wrong_settings_are_named(raw: dict[str, object], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        RunConfig.from_json(raw)


def test_a_broken_recipe_is_named(tmp_path: Path) -> None:
    path = tmp_path / "recipe.json"
    path.write_text("[")
    with pytest.raises(ModelError, match=r"recipe\.json is not a recipe"):
        RunConfig.load(path)
