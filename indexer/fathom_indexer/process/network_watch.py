"""Checks that this process uses no network: its sockets, and the device id that ONNX Runtime's telemetry makes.

No system shows everything (`tests/privacy/` traces system calls instead):

- A socket is seen if it exists at the moment of a check. A look-up of a name may be over within a millisecond.
- Linux lists the sockets that are bound or connected, macOS and Windows all of TCP and UDP. Sockets of a Windows
  service that sends for the process are not among them.
- The telemetry's device id and its database are made when the library is loaded, and the database stays open: that does
  not depend on the moment. Windows builds up to 1.32 have neither; they hand events to the system.
"""

from __future__ import annotations

import ipaddress
import sys
import threading
from pathlib import Path
from types import TracebackType

import psutil
from platformdirs import user_cache_dir, user_data_dir

INTERVAL = 0.05
"""Seconds between two checks of the sockets. A check takes half a millisecond."""

_TELEMETRY = Path("Microsoft", "DeveloperTools", ".onnxruntime")
_DEVICE_ID = "deviceid"


class NotSilentError(Exception):
    """The process has opened a socket to another machine, or its telemetry has become active."""


class NetworkWatch:
    """Watches this process from `with` on. Begin before the libraries are loaded that are to be watched."""

    def __init__(self, telemetry: Path | None = None) -> None:
        """`telemetry` is the folder of ONNX Runtime's telemetry client; where the library has it by default."""
        self._telemetry = telemetry_folder() if telemetry is None else telemetry
        self._process = psutil.Process()
        self._device_id = self._look_at_device_id()
        self._sockets: set[str] = set()
        self._unseen = ""
        self._looks = 0
        self.looked = threading.Event()
        """Set after each check of the sockets."""
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._look, name="watch for sockets", daemon=True)

    def __enter__(self) -> NetworkWatch:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end.set()
        self._thread.join()

    def verdict(self) -> str:
        """A report of the checks, if there was no communication so far. Raises `NotSilentError`."""
        self._look_at_sockets()
        found = sorted(f"an internet socket {socket}" for socket in self._sockets)
        if self._look_at_device_id() != self._device_id:
            found.append(f"{self._telemetry / _DEVICE_ID} was made or changed (by a program that uses ONNX Runtime)")
        found += [f"{file} is open" for file in self._open_files() if file.is_relative_to(self._telemetry)]
        if found:
            raise NotSilentError("; ".join(found))
        if self._unseen:
            return f"no device id was made; sockets cannot be seen here ({self._unseen})"
        return f"no device id was made, and no internet socket was there in {self._looks} looks"

    def _look(self) -> None:
        while not self._end.wait(INTERVAL):
            self._look_at_sockets()
            self.looked.set()

    def _look_at_sockets(self) -> None:
        try:
            connections = self._process.net_connections("inet")
        except (psutil.Error, OSError) as error:
            self._unseen = str(error) or type(error).__name__
            return
        self._looks += 1
        for connection in connections:
            ends = [end for end in (connection.laddr, connection.raddr) if end]
            if not ends or not all(ipaddress.ip_address(end.ip).is_loopback for end in ends):
                self._sockets.add(" to ".join(f"{end.ip} port {end.port}" for end in ends) or "without an address")

    def _look_at_device_id(self) -> tuple[int, int] | None:
        try:
            found = (self._telemetry / _DEVICE_ID).stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns

    def _open_files(self) -> list[Path]:
        try:
            return [Path(file.path) for file in self._process.open_files()]
        except (psutil.Error, OSError):
            return []


def telemetry_folder() -> Path:
    """Where ONNX Runtime's telemetry client keeps its device id and database."""
    base = user_cache_dir() if sys.platform == "linux" else user_data_dir()
    return Path(base) / _TELEMETRY
