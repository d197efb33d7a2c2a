"""The VS Code extension: type-checked, unit-tested and packaged, each by its own npm script; then in a real VS Code."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn
from zipfile import ZipFile

import packages
import pytest
import real_vscode
from commands import CommandFailedError, run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.network

EXTENSION = Path(__file__).parents[2] / "editors" / "vscode"

QUIET_WORKBENCH = {
    "workbench.startupEditor": "none",
    "workbench.secondarySideBar.defaultVisibility": "hidden",
    "workbench.tips.enabled": False,
    "chat.disableAIFeatures": True,
    "editor.minimap.enabled": False,
    "files.autoSave": "off",
}
"""Settings of a VS Code that shows nothing of its own accord."""

NODE_SWITCHES = ("--disable-warning=MODULE_TYPELESS_PACKAGE_JSON",)


def is_installed() -> bool:
    """Whether node_modules is what package-lock.json asks for, as far as npm itself records it."""
    wanted, installed = EXTENSION / "package-lock.json", EXTENSION / "node_modules" / ".package-lock.json"
    return installed.exists() and installed.stat().st_mtime >= wanted.stat().st_mtime


@pytest.fixture(scope="module")
def npm(give_up: Callable[[str], NoReturn]) -> str:
    """npm, with the extension's dependencies installed."""
    node, found = shutil.which("node"), shutil.which("npm")
    if node is None or found is None:
        give_up("node and npm are not installed")
    version = run(node, "--version")
    if int(version.lstrip("v").split(".")[0]) < 20:
        give_up(f"node {version.strip()} is older than 20")
    if not is_installed():
        # No package of ours needs its install script, and one of them would ask the network for more.
        run(found, "ci", "--ignore-scripts", "--no-audit", "--no-fund", cwd=EXTENSION)
    return found


@pytest.fixture(scope="module")
def vsix(npm: str) -> Path:
    packaged = EXTENSION / "fathom.vsix"
    packaged.unlink(missing_ok=True)
    run(npm, "run", "package", cwd=EXTENSION)
    return packaged


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    content: dict[str, Any] = json.loads((EXTENSION / "package.json").read_text(encoding="utf-8"))
    return content


def test_types_and_formatting(npm: str) -> None:
    run(npm, "run", "check", cwd=EXTENSION)


def test_unit_tests(npm: str) -> None:
    run(npm, "test", cwd=EXTENSION)


def test_the_package_is_small_and_complete(vsix: Path) -> None:
    assert vsix.stat().st_size < 1_000_000
    with ZipFile(vsix) as archive:
        assert archive.testzip() is None
        files = {name for name in archive.namelist() if name.startswith("extension/")}
    images = {name for name in files if name.startswith("extension/images/")}
    assert images == {f"extension/images/{image.name}" for image in (EXTENSION / "images").iterdir()}
    assert files - images == {
        "extension/package.json",
        "extension/package.nls.json",
        "extension/l10n/bundle.l10n.json",
        "extension/readme.md",
        "extension/changelog.md",
        "extension/LICENSE.txt",
        "extension/out/extension.js",
        "extension/out/THIRD_PARTY_LICENSES.txt",
    }


def test_the_package_names_the_licence_of_everything_in_the_bundle(vsix: Path) -> None:
    with ZipFile(vsix) as archive:
        licences = archive.read("extension/out/THIRD_PARTY_LICENSES.txt").decode("utf-8")
    for package in ("vscode-languageclient 9.0.1 (MIT)", "vscode-jsonrpc", "minimatch", "semver"):
        assert package in licences


def test_the_bundle_has_every_command_and_setting_of_the_manifest(vsix: Path, manifest: dict[str, Any]) -> None:
    with ZipFile(vsix) as archive:
        bundle = archive.read("extension/out/extension.js").decode("utf-8")
        packaged = json.loads(archive.read("extension/package.json"))
    assert packaged["contributes"] == manifest["contributes"]
    commands = [command["command"] for command in manifest["contributes"]["commands"]]
    assert commands
    for command in commands:
        assert f'"{command}"' in bundle
    # The server asks for its settings itself, the language client for the level of tracing, by its own name.
    own = {name for name in manifest["contributes"]["configuration"]["properties"] if name.count(".") > 1}
    for setting in own - {"fathom.trace.server"}:
        assert f'"{setting.removeprefix("fathom.")}"' in bundle


def test_every_text_of_the_manifest_can_be_translated(manifest: dict[str, Any]) -> None:
    strings = json.loads((EXTENSION / "package.nls.json").read_text(encoding="utf-8"))
    used = set(re.findall(r'"%([^%"]+)%"', json.dumps(manifest)))
    assert used == set(strings)
    shown = {"title", "description", "markdownDescription", "contents", "altText"}
    plain = [text for key, text in _texts(manifest["contributes"]) if key in shown and not text.startswith("%")]
    assert plain == ["Fathom", "Fathom"]  # the name, of the settings and of the views


def _texts(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _texts(item, name)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item, key)
    elif isinstance(value, str):
        yield key, value


def test_the_pictures_of_the_pages_are_there_and_small(manifest: dict[str, Any]) -> None:
    page = (EXTENSION / "README.md").read_text(encoding="utf-8")
    pictures = set(re.findall(r"\((images/[^)]+)\)", page)) | set(re.findall(r'"(images/[^"]+)"', json.dumps(manifest)))
    assert len(pictures) > 5
    for picture in pictures:
        assert (EXTENSION / picture).stat().st_size < 200_000, picture


def test_versions_of_tools_are_exact(manifest: dict[str, Any]) -> None:
    assert all(version[0].isdigit() for version in manifest["devDependencies"].values())
    lock = json.loads((EXTENSION / "package-lock.json").read_text(encoding="utf-8"))
    assert lock["packages"][""]["devDependencies"] == manifest["devDependencies"]


def test_the_licence_is_the_one_of_the_project() -> None:
    assert (EXTENSION / "LICENSE").read_bytes() == (EXTENSION.parents[1] / "LICENSE").read_bytes()


# In a real VS Code, shown by a browser without a screen

CODE_BASE = ("httpx", "0.28.1")
"""A package of 570 functions that others wrote."""

SCRIPTS = Path(sys.executable).parent


@pytest.fixture(scope="module")
def installation(npm: str, give_up: Callable[[str], NoReturn]) -> real_vscode.Installation:
    try:
        return real_vscode.install(npm)
    except real_vscode.UnavailableError as error:
        give_up(str(error))


@pytest.fixture(scope="module")
def code_base(tmp_path_factory: pytest.TempPathFactory, give_up: Callable[[str], NoReturn]) -> Path:
    """A fresh copy of the code base."""
    folder = tmp_path_factory.mktemp("code") / CODE_BASE[0]
    try:
        packages.from_pypi(*CODE_BASE, folder)
    except CommandFailedError as error:
        give_up(str(error))
    return folder


@pytest.fixture(scope="module")
def vscode(
    installation: real_vscode.Installation, vsix: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[real_vscode.Running]:
    """VS Code with the extension installed from its package, and the server of this environment."""
    home = tmp_path_factory.mktemp("vscode")
    real_vscode.write_settings(home, {**QUIET_WORKBENCH, "fathom.server.path": str(SCRIPTS / "fathom-lsp")})
    with real_vscode.running(installation, home, vsix, {"FATHOM_CACHE_DIR": str(home / "cache")}) as running:
        yield running


def run_in_node(vscode: real_vscode.Running, script: str, place: dict[str, str]) -> None:
    """Runs a script that drives a browser, which tells where everything is as its argument."""
    known = {"url": vscode.url, "browser": str(vscode.installation.browser)}
    command = [str(vscode.installation.node), *NODE_SWITCHES, script, json.dumps({**known, **place})]
    story = run(*command, cwd=EXTENSION)
    sys.stdout.write(story)


COPIES = """\
def total_weight(parcels, limit):
    total = 0
    for parcel in parcels:
        if parcel.weight > limit:
            raise ValueError(f"{parcel.name} is too heavy")
        total += parcel.weight * parcel.count
    if total > 10 * limit:
        total = round(total / 10) * 10
    return total


def whole_weight(items, most):
    whole = 0
    for item in items:
        if item.weight > most:
            raise ValueError(f"{item.name} is too heavy")
        whole += item.weight * item.count
    if whole > 10 * most:
        whole = round(whole / 10) * 10
    return whole
"""

SECOND_FOLDER = """\
def days_to_full_moon(day):
    return (14.77 - (day.toordinal() - 6) % 29.53) % 29.53
"""


def test_the_extension_in_its_host(npm: str, vscode: real_vscode.Running, workspace: Path, tmp_path: Path) -> None:
    """See editors/vscode/test/host/extension.test.ts."""
    run(npm, "run", "build:host", cwd=EXTENSION)
    (workspace / "parcels" / "copies.py").write_text(COPIES, encoding="utf-8")
    second = tmp_path / "calendar"
    second.mkdir()
    (second / "moon.py").write_text(SECOND_FOLDER, encoding="utf-8")
    folders = tmp_path / "both.code-workspace"
    folders.write_text(json.dumps({"folders": [{"path": str(workspace)}, {"path": str(second)}]}), encoding="utf-8")
    place = {"extension": EXTENSION, "tests": EXTENSION / "out" / "host" / "index.js", "workspace": folders}
    run_in_node(vscode, "test/host/drive.ts", {name: str(path) for name, path in place.items()})


def test_a_users_journey(vscode: real_vscode.Running, code_base: Path, tmp_path: Path) -> None:
    """See editors/vscode/test/journey/journey.ts. FATHOM_UPDATE_PICTURES=1 makes its pictures those of the README."""
    place = {"project": code_base, "fathom": SCRIPTS / "fathom", "cache": vscode.home / "cache", "out": tmp_path}
    run_in_node(vscode, "test/journey/journey.ts", {name: str(path) for name, path in place.items()})
    if os.environ.get("FATHOM_UPDATE_PICTURES") == "1":
        for picture in tmp_path.glob("*.png"):
            shutil.copy(picture, EXTENSION / "images" / picture.name)


def test_a_users_first_minutes(
    installation: real_vscode.Installation,
    vsix: Path,
    workspace: Path,
    tmp_path: Path,
    give_up: Callable[[str], NoReturn],
) -> None:
    """See editors/vscode/test/journey/installation.ts."""
    wheels, home = tmp_path / "wheels", tmp_path / "home"
    home.mkdir()
    try:
        packages.pip("wheel", "--wheel-dir", wheels, EXTENSION.parents[1])
    except CommandFailedError as error:
        give_up(str(error))
    real_vscode.write_settings(home, QUIET_WORKBENCH)
    # No `fathom-lsp` on the PATH, and a pip that asks no network.
    path = os.pathsep.join([str(packages.SYSTEM_PYTHON.parent), "/usr/bin", "/bin"])
    environment = {"FATHOM_CACHE_DIR": str(home / "cache"), "PATH": path, "PIP_NO_INDEX": "1"}
    with real_vscode.running(installation, home, vsix, environment) as vscode:
        [wheel] = wheels.glob("fathom_lsp-*.whl")
        place = {"project": workspace, "wheel": wheel, "out": tmp_path}
        run_in_node(vscode, "test/journey/installation.ts", {name: str(path) for name, path in place.items()})
