"""Where everything is to be tested (FATHOM_TEST_EVERYTHING=1), what tests are skipped without is installed."""

from __future__ import annotations

import importlib.util
import os
import shutil

import pytest

pytestmark = pytest.mark.skipif(
    os.environ.get("FATHOM_TEST_EVERYTHING") != "1", reason="not everything has to be tested here"
)


@pytest.mark.parametrize("package", ["torch", "safetensors", "onnx", "matplotlib", "hnswlib"])
def test_an_optional_package_is_installed(package: str) -> None:
    assert importlib.util.find_spec(package) is not None


@pytest.mark.parametrize("command", ["git", "node", "npm"])
def test_a_command_is_installed(command: str) -> None:
    assert shutil.which(command) is not None
