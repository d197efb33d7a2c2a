"""The watch that looks for what would leave this machine."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from fathom_indexer.process.network_watch import NetworkWatch, NotSilentError, telemetry_folder


def test_silence_is_what_it_finds_where_nothing_is_said(tmp_path: Path) -> None:
    with NetworkWatch(tmp_path) as watch:
        assert watch.verdict().startswith("no device id was made, and no internet socket was there in ")


@pytest.mark.parametrize("address", ["0.0.0.0", "::"])
@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM])
def test_a_socket_that_others_can_reach(address: str, kind: socket.SocketKind, tmp_path: Path) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with NetworkWatch(tmp_path) as watch, socket.socket(family, kind) as speaking:
        speaking.bind((address, 0))
        if kind is socket.SOCK_STREAM:
            speaking.listen()
        with pytest.raises(NotSilentError, match=f"an internet socket {address} port {speaking.getsockname()[1]}"):
            watch.verdict()


def test_a_socket_that_is_gone(tmp_path: Path) -> None:
    with NetworkWatch(tmp_path) as watch:
        with socket.create_server(("0.0.0.0", 0)) as speaking:
            port = speaking.getsockname()[1]
            assert watch.looked.wait(60)
            watch.looked.clear()
            assert watch.looked.wait(60)
            watch.looked.clear()
            assert watch.looked.wait(60)
        with pytest.raises(NotSilentError, match=f"port {port}"):
            watch.verdict()


def test_sockets_between_programs_of_this_machine_are_none_of_it(tmp_path: Path) -> None:
    with (
        NetworkWatch(tmp_path) as watch,
        socket.create_server(("127.0.0.1", 0)) as listening,
        socket.create_connection(listening.getsockname()),
    ):
        watch.verdict()


def make(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "deviceid").write_text("a")


def replace(folder: Path) -> None:
    (folder / "new").write_text("b")
    (folder / "new").replace(folder / "deviceid")


@pytest.mark.parametrize(("before", "meanwhile"), [(None, make), (make, replace)])
def test_a_device_id_that_appears_or_changes(
    before: Callable[[Path], None] | None, meanwhile: Callable[[Path], None], tmp_path: Path
) -> None:
    folder = tmp_path / "telemetry"
    if before:
        before(folder)
    with NetworkWatch(folder) as watch:
        watch.verdict()
        meanwhile(folder)
        with pytest.raises(NotSilentError, match="deviceid was made or changed"):
            watch.verdict()


def test_a_device_id_that_others_have_left_is_none_of_it(tmp_path: Path) -> None:
    make(tmp_path / "telemetry")
    with NetworkWatch(tmp_path / "telemetry") as watch:
        watch.verdict()


def test_a_telemetry_database_that_this_process_has_open(tmp_path: Path) -> None:
    make(tmp_path / "telemetry")
    with (
        NetworkWatch(tmp_path / "telemetry") as watch,
        (tmp_path / "telemetry" / "onnxruntime.db").open("w"),
        pytest.raises(NotSilentError, match=r"onnxruntime\.db is open"),
    ):
        watch.verdict()


def test_a_system_that_shows_no_sockets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(process: psutil.Process, kind: str) -> None:
        raise psutil.AccessDenied(process.pid)

    monkeypatch.setattr(psutil.Process, "net_connections", denied)
    with NetworkWatch(tmp_path) as watch:
        assert "sockets cannot be seen here" in watch.verdict()


def test_the_thread_ends_with_the_block(tmp_path: Path) -> None:
    before = threading.active_count()
    with NetworkWatch(tmp_path):
        assert threading.active_count() == before + 1
    assert threading.active_count() == before


@pytest.mark.skipif(sys.platform != "linux", reason="the folder is another elsewhere")
@pytest.mark.parametrize("cache", ["", "elsewhere"])
def test_where_the_telemetry_is_looked_for_is_where_the_library_has_it(
    cache: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    if cache:
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / cache))
    expected = tmp_path / (cache or ".cache") / "Microsoft" / "DeveloperTools" / ".onnxruntime"
    assert telemetry_folder() == expected


TALKING = """
import socket, sys
from fathom_indexer.process.check import main
listening = socket.create_server(("0.0.0.0", 0))
sys.exit(main())
"""


def test_the_self_test_fails_where_a_library_talks(tmp_path: Path) -> None:
    command = [sys.executable, "-c", TALKING]
    result = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=600, check=False)
    assert result.returncode == 1
    assert "BROKEN silence: NotSilentError: an internet socket 0.0.0.0 port " in result.stdout
