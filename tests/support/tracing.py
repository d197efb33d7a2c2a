"""Programs run in a house of their own under strace, and what they did there that they must not.

The house has its own home and temporary folder, and an environment with nothing else in it: telemetry clients keep
silent where they see that they run in CI.
"""

from __future__ import annotations

import ipaddress
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

_NETWORK = "%network"
_WRITING = (
    "open openat openat2 creat mkdir mkdirat rename renameat renameat2 link linkat symlink symlinkat unlink unlinkat "
    "rmdir mknod mknodat truncate chmod fchmodat fchmodat2 chown lchown fchownat utime utimes utimensat futimesat "
    "setxattr lsetxattr removexattr lremovexattr"
).split()
_BLIND = ["io_uring_setup"]
"""What strace cannot see through: requests for the network and for files that are no system calls."""

_CALL = re.compile(r"(\w+)\((.*)")
_FAMILY = re.compile(r"\b[AP]F_\w+")
_ADDRESS = re.compile(r'sin_addr=inet_addr\("([^"]*)"\)|inet_pton\(AF_INET6, "([^"]*)"')
_UNIX_PATH = re.compile(r'sun_path=(@?"(?:[^"\\]|\\.)*")')
_PATH = re.compile(r'(?:\b(?:AT_FDCWD|\d+)<([^>]*)>, )?"((?:[^"\\]|\\.)*)"')
_PROBE = re.compile("[a-z0-9_]{8}")
"""What Python's `tempfile` writes and removes to find out whether a folder can be used."""
_TO_WRITE = re.compile(r"O_(?:WRONLY|RDWR|CREAT|TRUNC|APPEND|TMPFILE)\b")


@dataclass(frozen=True)
class House:
    """A home, a temporary folder, a workspace and a trace, below `root`."""

    root: Path

    @classmethod
    def build(cls, root: Path, workspace: Path) -> House:
        """A house with a copy of `workspace` in it."""
        house = cls(root)
        shutil.copytree(workspace, house.workspace)
        for folder in (house.home, house.temporary, house.trace):
            folder.mkdir()
        return house

    @property
    def home(self) -> Path:
        return self.root / "home"

    @property
    def temporary(self) -> Path:
        return self.root / "tmp"

    @property
    def workspace(self) -> Path:
        return self.root / "workspace"

    @property
    def trace(self) -> Path:
        return self.root / "trace"

    @property
    def environment(self) -> dict[str, str]:
        """All that programs in this house are told. Their user has asked for the telemetry of ONNX Runtime."""
        return {
            **bare_environment(self.home, self.temporary),
            "PYTHONDONTWRITEBYTECODE": "1",
            "ORT_DISABLE_TELEMETRY": "0",
        }

    def traced(self, *command: str) -> list[str]:
        """`command` with every system call written down that could tell others something, its children's too."""
        calls = ",".join([_NETWORK, *(f"?{name}" for name in _WRITING + _BLIND)])
        options = [
            "-ff",
            "--seccomp-bpf",
            "-qq",
            "-y",
            "-s",
            "0",
            "-o",
            str(self.trace / "calls"),
            "-e",
            f"trace={calls}",
        ]
        return ["strace", *options, "--", *command]

    def calls(self) -> list[tuple[str, str]]:
        """Name of each call that was traced, and the rest of strace's line."""
        lines = [
            line for file in sorted(self.trace.iterdir()) for line in file.read_text("utf-8", "replace").splitlines()
        ]
        return [(call[1], call[2]) for line in lines if (call := _CALL.match(line))]

    def faults(self, *, loopback: bool = False) -> list[str]:
        """The calls that no program in this house may make.

        All that touches the network but Unix domain sockets in its own folders, and all that changes a file outside of
        them. With `loopback`, it may also use the addresses of this machine alone.
        """
        found = []
        for name, rest in self.calls():
            if name in _BLIND:
                wrong = True
            elif name in _WRITING:
                opens_to_read = name in ("open", "openat", "openat2") and not _TO_WRITE.search(rest)
                wrong = not opens_to_read and not all(self._may_write(name, path) for path in _paths(rest))
            else:
                wrong = not self._may_speak(rest, loopback)
            if wrong:
                found.append(f"{name}({rest}")
        return found

    def _may_write(self, call: str, path: str) -> bool:
        if path == os.devnull:
            return True
        own = [self.home / ".cache" / "fathom", self.home / ".config" / "fathom", self.home / ".local/state/fathom"]
        place = Path(os.path.normpath(path))
        if any(place.is_relative_to(folder) for folder in own):
            return True
        if call == "mkdir" and any(folder.is_relative_to(place) for folder in own):
            return True
        inside = place.relative_to(self.temporary).parts if place.is_relative_to(self.temporary) else ()
        return bool(inside) and (inside[0].startswith("fathom-") or _PROBE.fullmatch("/".join(inside)) is not None)

    def _may_speak(self, rest: str, loopback: bool) -> bool:
        families = {family[3:] for family in _FAMILY.findall(rest)} - {"UNIX", "LOCAL", "UNSPEC"}
        if families - ({"INET", "INET6"} if loopback else set()):
            return False
        if not all(ipaddress.ip_address(four or six).is_loopback for four, six in _ADDRESS.findall(rest)):
            return False
        return all(self._may_write("", path[1:-1]) for path in _UNIX_PATH.findall(rest))


def bare_environment(home: Path, temporary: Path) -> dict[str, str]:
    """An environment in which programs run and know nothing: no settings, no CI, folders of their own."""
    needed = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "PATHEXT") if name in os.environ}
    homes = {"HOME": home, "USERPROFILE": home, "APPDATA": home / "roaming", "LOCALAPPDATA": home / "local"}
    temporaries = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), temporary)
    return {**needed, **{name: str(folder) for name, folder in {**homes, **temporaries}.items()}, "LANG": "C.UTF-8"}


def cannot_trace() -> str:
    """Why no program can be traced here; empty if they can."""
    if sys.platform != "linux":
        return "strace is for Linux"
    if shutil.which("strace") is None:
        return "there is no strace"
    tried = subprocess.run(
        ["strace", "-f", "--seccomp-bpf", "-qq", "-e", "trace=none", "true"],
        capture_output=True,
        text=True,
        check=False,
    )
    return "" if tried.returncode == 0 else f"strace does not work: {tried.stderr.strip()}"


def _paths(rest: str) -> list[str]:
    """The paths among the arguments of a call. One that is relative to nobody knows what stays relative."""
    return [str(Path(folder, path)) if folder else path for folder, path in _PATH.findall(rest)]
