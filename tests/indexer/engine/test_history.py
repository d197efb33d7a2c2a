"""What commits say of functions, read from real repositories."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from fathom_indexer.config import Config
from fathom_indexer.engine import Engine
from fathom_indexer.indexing import history
from fathom_indexer.search import ALL_STEPS, Step
from fathom_indexer.types import Progress
from fathom_indexer.workspace.git_log import GitLog, Head

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")

UPLOAD = "def upload(file):\n    connect()\n    send(file)\n    close()\n\n\n"
QUEUE = "def take(queue):\n    first = queue[0]\n    del queue[0]\n    return first\n"


class Repository:
    """A repository in which every commit is a second younger than the one before."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.time = 1_700_000_000
        root.mkdir(parents=True)
        self.git("init", "-q", "-b", "main")
        self.commit("Begin", {"README": "a\n"})

    def git(self, *arguments: str, author: str = "Ann") -> str:
        when = f"{self.time} +0000"
        environment = {**os.environ, "GIT_COMMITTER_DATE": when, "GIT_AUTHOR_DATE": when}
        identity = ("-c", f"user.name={author}", "-c", "user.email=ann@localhost")
        command = ["git", *identity, "-c", "protocol.file.allow=always", *arguments]
        done = subprocess.run(command, cwd=self.root, check=True, capture_output=True, env=environment)
        return done.stdout.decode("utf-8", "replace").strip()

    def commit(self, message: str, files: dict[str, str] | None = None, author: str = "Ann") -> str:
        for path, text in (files or {}).items():
            (self.root / path).parent.mkdir(parents=True, exist_ok=True)
            (self.root / path).write_text(text)
        self.time += 1
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message, author=author)
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    return Repository(tmp_path / "code")


@pytest.fixture
def made(repository: Repository) -> Repository:
    """Two functions in a file, each with a commit of its own."""
    repository.commit("Add uploads and the queue", {"net/jobs.py": UPLOAD + QUEUE})
    repository.commit(
        "fix(net): retry when the peer hangs up (#12)", {"net/jobs.py": UPLOAD.replace("send", "again") + QUEUE}
    )
    repository.commit(
        "Refuse an empty backlog", {"net/jobs.py": UPLOAD.replace("send", "again") + QUEUE.replace("[0]", "[-1]", 1)}
    )
    return repository


def subjects(engine: Engine) -> dict[str, list[str]]:
    """What commits said, the newest first, of each function that has a history."""
    store = engine._store
    found = {stored.id: stored for stored in store.functions(sorted(store.ids_where())).values()}
    said = {f"{item.path} {item.function.qualified_name}": store.history.subjects(key) for key, item in found.items()}
    return {name: lines for name, lines in said.items() if lines}


def read(root: Path, config: Config) -> dict[str, list[str]]:
    with Engine.open(root, config) as engine:
        engine.index()
        consume(engine.idle_steps())
        return subjects(engine)


def consume(steps: Iterator[Progress]) -> int:
    return sum(1 for _ in steps)


RETRY, REFUSE, ADD = "retry when the peer hangs up", "Refuse an empty backlog", "Add uploads and the queue"
WHOLE = {"net/jobs.py upload": [RETRY, ADD], "net/jobs.py take": [REFUSE, ADD]}


def test_each_commit_belongs_to_the_functions_that_it_changed(made: Repository, light: Config) -> None:
    assert read(made.root, light) == WHOLE


def test_a_function_is_found_by_what_a_commit_said_of_it(made: Repository, light: Config) -> None:
    steps = frozenset(ALL_STEPS - {Step.VECTORS, Step.DEEP})
    with Engine.open(made.root, light) as engine:
        engine.index()
        query = "what happens if the peer hangs up in between"
        assert not any(hit.function.name == "upload" for hit in engine.search(query, steps=steps))
        consume(engine.idle_steps())
        first = engine.search(query, steps=steps)[0]
        assert first.function.name == "upload"
        assert first.explanation[0].score > 0
        assert "history" in [part.step for part in first.explanation]
        assert not any(
            part.step == "history" for name in ("hangs", "net/jobs.py") for hit in engine.search(name)
            for part in hit.explanation
        )  # fmt: skip
        without = engine.search(query, steps=steps - {Step.HISTORY})
        assert not any(hit.function.name == "upload" for hit in without)


def test_an_open_document_has_the_history_of_its_file(made: Repository, light: Config) -> None:
    with Engine.open(made.root, light) as engine:
        engine.index()
        consume(engine.idle_steps())
        engine.open_document("net/jobs.py", "import os\n\n" + UPLOAD.replace("connect()", "reconnect()") + QUEUE)
        hit = engine.search("what happens if the peer hangs up in between")[0]
        assert (hit.function.name, hit.function.start_line) == ("upload", 3)
        assert "history" in [part.step for part in hit.explanation]


def test_a_renamed_file_keeps_its_history(made: Repository, light: Config) -> None:
    (made.root / "src").mkdir()
    made.git("mv", "net/jobs.py", "src/work.py")
    made.commit("Move it")
    made.git("mv", "src/work.py", "src/later.py")
    made.commit("Move it again")
    assert read(made.root, light) == {name.replace("net/jobs", "src/later"): said for name, said in WHOLE.items()}


def test_functions_that_are_moved_and_renamed_in_their_file_keep_it(made: Repository, light: Config) -> None:
    text = (made.root / "net/jobs.py").read_text().replace("def upload(", "def push(")
    made.commit("Name it as others do", {"net/jobs.py": text})
    made.commit("Note a limit", {"net/jobs.py": "LIMIT = 1\n\n\n" + text})
    found = read(made.root, light)
    assert found == {
        "net/jobs.py push": ["Name it as others do", RETRY, ADD],
        "net/jobs.py take": [REFUSE, ADD],
    }


def test_moved_in_the_working_tree_and_parsed_anew(made: Repository, light: Config) -> None:
    with Engine.open(made.root, light) as engine:
        engine.index()
        consume(engine.idle_steps())
        (made.root / "net/jobs.py").write_text("import os\n\n\n" + QUEUE + "\n\n" + UPLOAD.replace("close", "end"))
        engine.index()
        assert subjects(engine) == WHOLE


def test_reverts_bots_and_mass_changes_say_nothing(made: Repository, light: Config) -> None:
    text = (made.root / "net/jobs.py").read_text()
    made.commit("Close twice to be sure", {"net/jobs.py": text.replace("close()", "close(2)")})
    made.git("revert", "--no-edit", "HEAD")
    made.commit("Update how things are sent", {"net/jobs.py": text.replace("send", "transmit")}, "helper[bot]")
    many = {f"many/{number}.py": f"def f{number}():\n    return {number}\n" for number in range(30)}
    made.commit("Change all of it", {**many, "net/jobs.py": text.replace("connect()", "connect(1)")})
    assert read(made.root, light) == WHOLE


def test_parallel_branches(made: Repository, light: Config) -> None:
    text = (made.root / "net/jobs.py").read_text()
    made.git("checkout", "-q", "-b", "side", "HEAD~1")
    side = UPLOAD.replace("send", "again").replace("close()", "close()\n    log()\n    log()") + QUEUE
    made.commit("Write down what was sent", {"net/jobs.py": side})
    made.git("checkout", "-q", "main")
    made.commit("Name the oldest job", {"net/jobs.py": text.replace("first", "oldest")})
    made.git("merge", "-q", "--no-edit", "side")
    assert read(made.root, light) == {
        "net/jobs.py upload": ["Write down what was sent", RETRY, ADD],
        "net/jobs.py take": ["Name the oldest job", REFUSE, ADD],
    }


def test_only_new_commits_are_read(made: Repository, light: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    with Engine.open(made.root, light) as engine:
        engine.index()
        consume(engine.idle_steps())
        asked: list[int] = []
        original = GitLog.patch

        def patch(self: GitLog, head: Head, commits: list[str]) -> object:
            asked.append(len(commits))
            return original(self, head, commits)

        monkeypatch.setattr(GitLog, "patch", patch)
        consume(engine.idle_steps())
        assert asked == []
        made.commit("Count jobs from one", {"net/jobs.py": (made.root / "net/jobs.py").read_text() + "# one\n"})
        text = (made.root / "net/jobs.py").read_text()
        made.commit("Hang up politely", {"net/jobs.py": text.replace("close()", "goodbye()")})
        engine.index()
        consume(engine.idle_steps())
        assert asked == [2]
        assert subjects(engine)["net/jobs.py upload"] == ["Hang up politely", RETRY, ADD]


def test_a_rewritten_history_forgets_what_is_gone(made: Repository, light: Config) -> None:
    with Engine.open(made.root, light) as engine:
        engine.index()
        consume(engine.idle_steps())
        made.git("commit", "-q", "--amend", "-m", "Refuse a backlog without jobs")
        consume(engine.idle_steps())
        assert subjects(engine) == {**WHOLE, "net/jobs.py take": ["Refuse a backlog without jobs", ADD]}
        made.git("checkout", "-q", "--orphan", "other")
        made.commit("Start over")
        consume(engine.idle_steps())
        assert subjects(engine) == {}


def test_stopped_between_two_steps_it_goes_on(made: Repository, light: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "_STORED_AT_ONCE", 1)
    monkeypatch.setattr(history, "SLICE", 2)
    with Engine.open(made.root, light) as engine:
        engine.index()
        total = consume(engine.idle_steps())
        engine._store.history.clear()
    for stop in range(1, total + 8):
        with Engine.open(made.root, light) as engine:
            engine._store.history.clear()
            steps = engine.idle_steps()
            for _ in range(stop):
                next(steps, None)
            engine.close()
        with Engine.open(made.root, light) as engine:
            consume(engine.idle_steps())
            assert subjects(engine) == WHOLE, stop


def test_processes_end_with_the_engine(made: Repository, light: Config) -> None:
    engine = Engine.open(made.root, light)
    engine.index()
    steps = engine.idle_steps()
    git = None
    while git is None or not git._processes:
        next(steps)
        git = engine._indexing._history._git
    process = git._processes[0]._process
    engine.close()
    assert process.poll() is not None


def test_where_a_shallow_clone_ends_nothing_is_said(made: Repository, light: Config, tmp_path: Path) -> None:
    made.git("clone", "-q", "--depth=2", made.root.as_uri(), str(tmp_path / "shallow"))
    assert read(tmp_path / "shallow", light) == {"net/jobs.py take": [REFUSE]}


def test_a_partial_clone_is_read_as_far_as_it_goes(made: Repository, light: Config, tmp_path: Path) -> None:
    made.git("config", "uploadpack.allowFilter", "true")
    made.git("clone", "-q", "--filter=blob:none", made.root.as_uri(), str(tmp_path / "partial"))
    # Only what the last commit has is there: every patch needs a file that is missing.
    assert read(tmp_path / "partial", light) == {}
    made.git("clone", "-q", made.root.as_uri(), str(tmp_path / "lossy"))
    old = made.git("rev-parse", "HEAD~2:net/jobs.py")
    for pack in list((tmp_path / "lossy/.git/objects/pack").glob("*.pack")):
        moved = tmp_path / pack.name
        shutil.move(pack, moved)
        with moved.open("rb") as file:
            subprocess.run(["git", "unpack-objects", "-q"], cwd=tmp_path / "lossy", stdin=file, check=True)
    lost = tmp_path / "lossy/.git/objects" / old[:2] / old[2:]
    lost.chmod(0o644)
    lost.unlink()
    assert read(tmp_path / "lossy", light) == {"net/jobs.py take": [REFUSE]}


def test_detached_worktree_subfolder_and_submodule(made: Repository, light: Config, tmp_path: Path) -> None:
    made.git("checkout", "-q", "--detach", "HEAD~1")
    assert read(made.root, light) == {"net/jobs.py upload": [RETRY, ADD], "net/jobs.py take": [ADD]}
    made.git("worktree", "add", "-q", str(tmp_path / "tree"), "main")
    assert read(tmp_path / "tree", light) == WHOLE
    inside = {name.removeprefix("net/"): said for name, said in WHOLE.items()}
    assert read(tmp_path / "tree" / "net", light) == inside
    outer = Repository(tmp_path / "outer")
    outer.git("submodule", "-q", "add", "-b", "main", made.root.as_uri(), "part")
    outer.commit("Take the part in")
    assert read(outer.root, light) == {}
    assert read(outer.root / "part", light) == WHOLE


def test_no_repository_no_git_and_nothing_committed(
    tmp_path: Path, made: Repository, light: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = tmp_path / "plain"
    plain.mkdir()
    (plain / "a.py").write_text(QUEUE)
    assert read(plain, light) == {}
    made.git("init", "-q", str(plain))
    assert read(plain, light) == {}
    made.git("init", "-q", "--bare", str(tmp_path / "bare"))
    assert read(tmp_path / "bare", light) == {}
    monkeypatch.setenv("PATH", str(plain))
    assert read(made.root, light) == {}


def test_switched_off_nothing_is_read_and_nothing_kept(made: Repository, light: Config) -> None:
    assert read(made.root, light) == WHOLE
    assert read(made.root, replace(light, history=False)) == {}


@pytest.mark.skipif(sys.platform == "win32", reason="the programs are shell scripts")
def test_nothing_that_is_configured_is_run(made: Repository, light: Config, tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/sprung\ncat\n")
    trap.chmod(0o755)
    for name in (
        "core.fsmonitor", "core.pager", "diff.external", "diff.py.textconv", "diff.py.command", "filter.py.clean",
        "filter.py.smudge", "core.sshCommand", "gpg.program", "credential.helper", "pager.log", "pager.diff-tree",
    ):  # fmt: skip
        made.git("config", name, str(trap))
    made.git("config", "log.showSignature", "true")
    made.git("config", "core.hooksPath", str(tmp_path))
    (made.root / ".git" / "info").mkdir(exist_ok=True)
    (made.root / ".git" / "info" / "attributes").write_text("*.py diff=py filter=py\n")
    (tmp_path / "sprung").unlink(missing_ok=True)
    assert read(made.root, light) == WHOLE
    assert not (tmp_path / "sprung").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="a shell script")
def test_git_of_the_workspace_is_not_run(made: Repository, light: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    (made.root / "git").write_text(f"#!/bin/sh\ntouch {made.root}/sprung\n")
    (made.root / "git").chmod(0o755)
    monkeypatch.setenv("PATH", str(made.root), prepend=os.pathsep)
    assert read(made.root, light) == {}
    assert not (made.root / "sprung").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_names_that_are_no_text(made: Repository, light: Config) -> None:
    odd = os.path.join(os.fsencode(made.root), b"n\xff\n\tm.py")  # noqa: PTH118 - such names are bytes
    with open(odd, "wb") as file:  # noqa: PTH123
        file.write(QUEUE.encode())
    made.commit("Add an odd one", {'net/ö "x".py': QUEUE})
    found = read(made.root, light)
    assert found == {**WHOLE, 'net/ö "x".py take': ["Add an odd one"]}
