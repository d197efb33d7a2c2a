"""Every front door under strace: no word to another machine, and no file outside of Fathom's own folders.

A front door that is new becomes one more parameter.
"""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any

import pytest
from tracing import House, cannot_trace

pytestmark = [pytest.mark.slow, pytest.mark.privacy]

LIFE = 20.0
"""Seconds that a process lives on after it was used. The telemetry of ONNX Runtime 1.32 begins to talk after nine."""

PATIENCE = 600.0
"""Seconds after which a front door is given up."""

WORKSPACE = Path(__file__).parent.parent / "fixtures" / "workspaces" / "library"
QUESTION = "how much money is owed for bringing a book back too late"
ANSWER = "overdue_charge"


@pytest.fixture
def house(tmp_path: Path, give_up: Callable[[str], None]) -> House:
    if reason := cannot_trace():
        give_up(reason)
    house = House.build(tmp_path, WORKSPACE)
    commit(house)
    return house


def commit(house: House) -> None:
    """Make the workspace a git repository whose commits are read, with a remote that must not be asked for anything."""
    if shutil.which("git") is None:
        return
    identity = ("-c", "user.name=Ann", "-c", "user.email=ann@localhost", "-c", "commit.gpgSign=false")
    for arguments in (
        ("init", "-q"),
        ("remote", "add", "origin", "https://127.0.0.1:9/library.git"),
        ("config", "remote.origin.promisor", "true"),
        ("config", "remote.origin.partialCloneFilter", "blob:none"),
        ("commit", "-q", "--allow-empty", "-m", "Begin"),
        ("add", "-A"),
        ("commit", "-q", "-m", "Lend books and charge for those that come back late"),
    ):
        subprocess.run(["git", *identity, *arguments], cwd=house.workspace, check=True, env=house.environment)


@contextlib.contextmanager
def opened(house: House, module: str, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """A traced process that is used in the block, and has to end by itself then, with all that it started."""
    command = house.traced(sys.executable, "-m", module, *arguments)
    with (
        (house.root / "errors").open("wb") as errors,
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, env=house.environment
        ) as process,
    ):
        giving_up = threading.Timer(PATIENCE, process.kill)
        giving_up.start()
        try:
            yield process
            process.stdin.close()  # type: ignore[union-attr]
            code = process.wait()
        finally:
            giving_up.cancel()
            process.kill()
    assert code == 0, (house.root / "errors").read_text("utf-8", "replace")


def streams(process: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    """What a process reads, and what it writes."""
    assert process.stdin is not None
    assert process.stdout is not None
    return process.stdin, process.stdout


def say(stream: IO[bytes], line: bytes) -> None:
    stream.write(line)
    stream.flush()


def command(*arguments: str) -> Callable[[House], str]:
    """A command that is run to its end; what it writes. `{workspace}` and `{model}` stand for these folders."""

    def use(house: House) -> str:
        words = [word.format(workspace=house.workspace, model=house.root / "model") for word in arguments]
        with opened(house, "fathom_indexer.cli.main", *words) as process:
            return streams(process)[1].read().decode()

    return use


def many_questions(house: House) -> str:
    """A command that lives as long as questions come."""
    with opened(house, "fathom_indexer.cli.main", "search", "--batch", str(house.workspace)) as process:
        to, back = streams(process)
        say(to, QUESTION.encode() + b"\n")
        first = back.readline()
        time.sleep(LIFE)
        say(to, b"remove the oldest book\n")
        return (first + back.readline()).decode()


def indexer(house: House) -> str:
    """An indexer that serves its starter."""
    with opened(house, "fathom_indexer.process", "--root", str(house.workspace)) as process:
        to, back = streams(process)

        def ask(number: int, method: str, **params: Any) -> Any:
            say(to, json.dumps({"id": number, "method": method, "params": params}).encode() + b"\n")
            for line in back:
                if json.loads(line).get("id") == number:
                    return json.loads(line)["result"]
            raise EOFError(method)

        filters: dict[str, list[str]] = {"paths": [], "languages": [], "kinds": []}
        while (status := ask(1, "status"))["indexing"]:
            time.sleep(0.1)
        found = ask(2, "search", query=QUESTION, limit=3, filters=filters)
        time.sleep(LIFE)
        ask(3, "search", query="remove the oldest book", limit=3, filters=filters)
        ask(4, "shutdown")
        return json.dumps([status, found])


def session(house: House, to: IO[bytes], back: IO[bytes]) -> str:
    """A session with a language server that indexes, answers, stays, and is shut down; its answer."""

    def send(**message: Any) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        say(to, b"Content-Length: %d\r\n\r\n%s" % (len(body), body))

    def receive() -> Any:
        length = 0
        while (header := back.readline()) not in (b"\r\n", b""):
            if match := re.fullmatch(rb"Content-Length: (\d+)\r\n", header):
                length = int(match[1])
        assert length, "the server has left"
        return json.loads(back.read(length))

    def ask(number: int, method: str, params: Any) -> Any:
        send(id=number, method=method, params=params)
        while (message := receive()).get("id") != number or "method" in message:
            if "method" in message and "id" in message:
                send(id=message["id"], result=None)
        return message["result"]

    folder = {"uri": house.workspace.as_uri(), "name": "library"}
    ask(1, "initialize", {"processId": None, "rootUri": None, "capabilities": {}, "workspaceFolders": [folder]})
    send(method="initialized", params={})
    while any(root.get("indexing", True) for root in ask(2, "fathom/status", {})["roots"]):
        time.sleep(0.1)
    found = ask(3, "fathom/search", {"query": QUESTION})
    time.sleep(LIFE)
    ask(4, "fathom/search", {"query": "remove the oldest book"})
    ask(5, "shutdown", None)
    send(method="exit")
    return json.dumps(found)


def server(house: House) -> str:
    """The language server, and the indexer that it starts and shares."""
    with opened(house, "fathom_server") as process:
        return session(house, *streams(process))


def server_on_a_port(house: House) -> str:
    """The same over loopback TCP."""
    with opened(house, "fathom_server", "--tcp", "127.0.0.1:0") as process:
        while not (port := re.search(r"listening on 127\.0\.0\.1:(\d+)", (house.root / "errors").read_text())):
            assert process.poll() is None
            time.sleep(0.05)
        with (
            socket.create_connection(("127.0.0.1", int(port[1])), timeout=PATIENCE) as connection,
            connection.makefile("wb") as to,
            connection.makefile("rb") as back,
        ):
            return session(house, to, back)


def check(house: House) -> str:
    """What looks for sockets itself."""
    with opened(house, "fathom_server", "--check") as process:
        return streams(process)[1].read().decode()


@dataclass(frozen=True)
class FrontDoor:
    """A way to use Fathom: how, what it has said then, a library that it has loaded, whether it uses loopback TCP."""

    use: Callable[[House], str]
    says: str
    loads: str = "onnxruntime_pybind11_state"
    loopback: bool = False


FRONT_DOORS = {
    "search": FrontDoor(command("search", QUESTION, "{workspace}"), ANSWER),
    "many questions": FrontDoor(many_questions, ANSWER),
    "similar": FrontDoor(command("similar", "lending/fines.py:20", "{workspace}"), "Fee"),
    "index": FrontDoor(command("index", "{workspace}"), ""),
    "duplicates": FrontDoor(command("duplicates", "{workspace}"), "", "tree_sitter"),
    "status": FrontDoor(command("status", "{workspace}"), "", "_sqlite3"),
    "PyTorch": FrontDoor(
        command("search", QUESTION, "{workspace}", "--runtime", "torch", "--model", "{model}"), ANSWER, "libtorch_cpu"
    ),
    "indexer": FrontDoor(indexer, ANSWER),
    "server": FrontDoor(server, ANSWER),
    "server on a port": FrontDoor(server_on_a_port, ANSWER, loopback=True),
    "check": FrontDoor(check, "ok     silence"),
}


@pytest.mark.parametrize("name", FRONT_DOORS)
def test_nothing_leaves_by(
    name: str, house: House, give_up: Callable[[str], None], request: pytest.FixtureRequest
) -> None:
    door = FRONT_DOORS[name]
    if name == "PyTorch":
        if find_spec("torch") is None:
            give_up("PyTorch is not installed")
        (house.root / "model").symlink_to(request.getfixturevalue("packaged_model_with_weights"))
    assert door.says in door.use(house)
    assert any(door.loads in rest for _, rest in house.calls()), f"{door.loads} was not loaded"
    assert house.faults(loopback=door.loopback) == []
    assert [path.name for path in house.home.iterdir()] == [".cache"]
    assert [path.name for path in (house.home / ".cache").iterdir()] == ["fathom"]
    assert list(house.temporary.iterdir()) == []


MISDEEDS = {
    "a look-up": (
        "sendto",
        "import socket; s = socket.socket(type=socket.SOCK_DGRAM); s.sendto(b'?', ('192.0.2.1', 53))",
    ),
    "a socket": ("socket", "import socket; socket.socket()"),
    "a socket of version 6": ("socket", "import socket; socket.socket(socket.AF_INET6)"),
    "a socket of a thread": (
        "socket",
        "import socket, threading; thread = threading.Thread(target=socket.socket); thread.start(); thread.join()",
    ),
    "a socket of a grandchild that left": (
        "socket",
        "import os, subprocess, sys; os.fork() or (os.setsid(), os.fork() or "
        "subprocess.run([sys.executable, '-c', 'import socket; socket.socket()']))",
    ),
    "a word with a service of the system": (
        "connect",
        "import socket; socket.socket(socket.AF_UNIX).connect_ex('/run/dbus/system_bus_socket')",
    ),
    "a word with a nameless service": (
        "connect",
        "import socket; socket.socket(socket.AF_UNIX).connect_ex('\\0/tmp/service')",
    ),
    "the kernel's own messages": ("socket", "import socket; socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)"),
    "a file at home": ("openat", "import os; open(os.environ['HOME'] + '/deviceid', 'w')"),
    "a file in the cache": (
        "openat",
        "import os; os.makedirs(os.environ['HOME'] + '/.cache'); open(os.environ['HOME'] + '/.cache/deviceid', 'x')",
    ),
    "a file in a folder of others": ("mkdir", "import os; os.makedirs(os.environ['HOME'] + '/.cache/Others')"),
    "a temporary file": ("openat", "import tempfile; tempfile.TemporaryFile()"),
    "a file by a way around": (
        "openat",
        "import os; os.makedirs(os.environ['HOME'] + '/.cache/fathom'); "
        "open(os.environ['HOME'] + '/.cache/fathom/../deviceid', 'w')",
    ),
    "a file below an open folder": (
        "openat",
        "import os; os.open('deviceid', os.O_CREAT | os.O_WRONLY, dir_fd=os.open(os.environ['HOME'], os.O_RDONLY))",
    ),
    "a file beside the program": ("openat", "import os; os.chdir(os.environ['HOME']); open('deviceid', 'w')"),
    "a file that cannot be made": (
        "openat",
        "import contextlib\nwith contextlib.suppress(OSError): open('/no/such/folder/deviceid', 'w')",
    ),
    "a new name": (
        "rename",
        "import os; home = os.environ['HOME']; os.makedirs(home + '/.cache/fathom'); "
        "open(home + '/.cache/fathom/a', 'w'); os.rename(home + '/.cache/fathom/a', home + '/a')",
    ),
    "a link": ("symlink", "import os; os.symlink('/etc/hostname', os.environ['HOME'] + '/link')"),
    "a file that is gone": (
        "unlink",
        "import os, contextlib\nwith contextlib.suppress(OSError): os.unlink('/no/file')",
    ),
}
"""The call that each is seen by, and a program that does it."""


@pytest.mark.parametrize("name", MISDEEDS)
def test_a_misdeed_is_seen(name: str, house: House) -> None:
    call, program = MISDEEDS[name]
    subprocess.run(house.traced(sys.executable, "-c", program), env=house.environment, timeout=PATIENCE, check=False)
    assert any(fault.startswith(f"{call}(") for fault in house.faults()), house.calls()


@pytest.mark.parametrize(
    "program",
    [
        "import socket; socket.socketpair()",
        "import os; path = os.environ['HOME'] + '/.cache/fathom'; os.makedirs(path); open(path + '/index', 'w')",
        "import os, tempfile; open(tempfile.mkdtemp(prefix='fathom-') + '/a', 'w')",
        "open('/dev/null', 'w'); open('/etc/passwd')",
    ],
)
def test_what_is_allowed_is_no_fault(program: str, house: House) -> None:
    subprocess.run(house.traced(sys.executable, "-c", program), env=house.environment, timeout=PATIENCE, check=True)
    assert house.calls()
    assert house.faults() == []


@pytest.mark.parametrize(
    ("address", "allowed"),
    [("('127.0.0.1', 9)", True), ("('127.3.2.1', 9)", True), ("('192.0.2.1', 9)", False), ("('0.0.0.0', 9)", False)],
)
def test_loopback_is_this_machine_alone(address: str, allowed: bool, house: House) -> None:
    program = f"import socket; socket.socket(type=socket.SOCK_DGRAM).connect_ex({address})"
    subprocess.run(house.traced(sys.executable, "-c", program), env=house.environment, timeout=PATIENCE, check=True)
    assert (house.faults(loopback=True) == []) is allowed
    assert house.faults() != []
