"""Path filters as people type them, filters that let nothing through, and output that no text can break."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fathom_indexer.cli.filters import glob_in_workspace
from fathom_indexer.cli.main import main
from fathom_indexer.cli.output import printable
from fathom_indexer.search.filters import glob_filter

posix_only = pytest.mark.skipif(os.name != "posix", reason="needs names that Windows does not allow")

FILES = ("src/app.py", "src/web/view.py", "src/web/[slug]/page.py", "tests/app.py", "lib/src/deep.py", "top.py")


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FATHOM_CACHE_DIR", str(tmp_path / "cache"))
    root = (tmp_path / "code").resolve()
    for number, file in enumerate(FILES):
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_text(f"def work{number}(thing):\n    return thing + {number}\n")
    return root


@pytest.mark.parametrize(
    ("here", "glob", "found"),
    [
        ("", "./src/", {"src/app.py", "src/web/view.py", "src/web/[slug]/page.py"}),
        ("", ".//src/./", {"src/app.py", "src/web/view.py", "src/web/[slug]/page.py"}),
        ("", "./src", {"src/app.py", "src/web/view.py", "src/web/[slug]/page.py"}),
        ("", "src/", {"src/app.py", "src/web/view.py", "src/web/[slug]/page.py", "lib/src/deep.py"}),
        ("", "{root}/src/", {"src/app.py", "src/web/view.py", "src/web/[slug]/page.py"}),
        ("", "{root}/src/*.py", {"src/app.py"}),
        ("", "{root}", set(FILES)),
        ("", "{root}/", set(FILES)),
        ("", ".", set(FILES)),
        ("", "./", set(FILES)),
        ("", "./top.py", {"top.py"}),
        ("", "./*.py", {"top.py"}),
        ("", "src/../tests/", {"tests/app.py"}),
        ("", "./nowhere/../tests/", {"tests/app.py"}),
        ("", "/src/", {"src/app.py", "src/web/view.py", "src/web/[slug]/page.py"}),
        ("", "/top.py", {"top.py"}),
        ("", "src/web/[slug]/", {"src/web/[slug]/page.py"}),
        ("", "{root}/src/web/[slug]/page.py", {"src/web/[slug]/page.py"}),
        ("", "src\\web\\", {"src/web/view.py", "src/web/[slug]/page.py"}),
        ("", ".\\src\\app.py", {"src/app.py"}),
        ("src", "./web/", {"src/web/view.py", "src/web/[slug]/page.py"}),
        ("src", "web/view.py", {"src/web/view.py"}),
        ("src", "../tests/", {"tests/app.py"}),
        ("src", "..", set(FILES)),
        ("src", "src/app.py", {"src/app.py"}),
        ("src/web/[slug]", "./page.py", {"src/web/[slug]/page.py"}),
        ("src/web/[slug]", "../*.py", {"src/web/view.py"}),
        ("..", "./src/", {"src/app.py", "src/web/view.py", "src/web/[slug]/page.py"}),
        ("", "../", set(FILES)),
        ("", "../other/", set()),
        ("", "/etc/passwd", set()),
        ("", "**/deep.py", {"lib/src/deep.py"}),
    ],
)
def test_a_path_filter_means_what_it_means_to_a_shell(root: Path, here: str, glob: str, found: set[str]) -> None:
    relative = glob_in_workspace(glob.replace("{root}", str(root)), root, root / here)
    matches = glob_filter([relative])
    assert {file for file in FILES if matches(file)} == found
    assert glob_in_workspace("!" + glob.replace("{root}", str(root)), root, root / here) == "!" + relative


@posix_only
def test_a_path_filter_through_a_link_means_where_it_leads(root: Path) -> None:
    (root.parent / "other-name").symlink_to(root)
    (root / "linked").symlink_to("src/web")
    assert glob_in_workspace(f"{root.parent}/other-name/src/", root, root.parent / "other-name") == "/src/"
    assert glob_in_workspace("./src/", root, root.parent / "other-name") == "/src/"
    assert glob_in_workspace("./linked/", root, root) == "/src/web/"


@pytest.mark.parametrize(
    ("glob", "name"),
    [
        ("#x", "#x/a.py"),
        ("#x.py", "a/#x.py"),
        ("#*", "#x.py"),
        ("!x.py", "!x.py"),
        ("./a.py", "a.py"),
        ("x ", "x /a.py"),
    ],
)
def test_a_glob_is_no_line_of_a_file(glob: str, name: str) -> None:
    assert glob_filter([glob])(name)
    assert not glob_filter([glob])("b.py")


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any, str]:
    code = main(list(arguments))
    captured = capsys.readouterr()
    return code, json.loads(captured.out), captured.err


def test_commands_take_such_filters(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "#x").mkdir()
    (root / "#x" / "odd.py").write_text("def odd(thing):\n    return thing\n")
    monkeypatch.chdir(root)
    for glob, expected in (("./tests/", "tests/app.py"), (f"{root}/tests/", "tests/app.py"), ("#x", "#x/odd.py")):
        code, answer, errors = run(capsys, "search", "work on a thing", "--json", "-p", glob)
        assert (code, errors) == (0, "")
        assert {hit["path"] for hit in answer["results"]} == {expected}
        assert "message" not in answer
    code, answer, errors = run(capsys, "similar", "top.py:1", "--json", "-p", "../code/tests")
    assert {hit["path"] for hit in answer["results"]} == {"tests/app.py"}


def test_a_filter_that_matches_nothing_says_so(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    search = ("search", "work", str(root), "--json")
    for extra, words in (
        (["-p", "srcc/"], "no file matches the path filter 'srcc/'"),
        (["-p", "../other/"], "no file matches the path filter '../other/'"),
        (["-p", "src/", "-p", "[z].py"], "no file matches the path filter '[z].py'"),
        (["-l", "go"], "no file is in go"),
        (["-l", "go", "-l", "python"], "no file is in go"),
        (["-k", "trait"], "nothing that was found passes all of the filters"),
        (["-p", "src/", "-p", "!src/"], "nothing that was found passes all of the filters"),
    ):
        code, answer, errors = run(capsys, *search, *extra)
        assert (code, answer["message"], errors) == (0, words, f"fathom: {words}\n")
    code, answer, errors = run(capsys, *search, "-p", "top.py", "-l", "python")
    assert "message" not in answer and errors == ""
    for command, key in (("search", "results"), ("duplicates", "groups")):
        arguments = [command, "work", str(root)] if command == "search" else [command, str(root)]
        code, answer, errors = run(capsys, *arguments, "--json", "-l", "cobol")
        assert code == 2 and answer[key] == []
        assert answer["message"].startswith("unknown language 'cobol'")
        assert answer["message"] in errors
    code, answer, errors = run(capsys, "similar", "top.py:1", str(root), "--json", "-k", "methods")
    assert code == 2 and answer["message"].startswith("unknown kind 'methods'")
    code, answer, errors = run(capsys, "duplicates", str(root), "--json", "-p", "srcc/")
    assert answer["message"] == "no file matches the path filter 'srcc/'"


def test_a_batch_says_so_once_and_in_every_line(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("work\nthing\n"))
    assert main(["search", "--batch", str(root), "-p", "srcc/"]) == 0
    captured = capsys.readouterr()
    assert [json.loads(line)["message"] for line in captured.out.split("\n")[:-1]] == [
        "no file matches the path filter 'srcc/'"
    ] * 2
    assert captured.err.count("no file matches") == 1


@posix_only
def test_no_name_breaks_the_list(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = "a\nb\x1b[31m\x07\u2028c.py"
    (root / name).write_text('def loud(bell):\n    return "\x1b]0;title\x07" + bell\n')
    (root / "min\n.min.js").write_text("x")
    assert main(["search", "loud bell", str(root), "-k", "function", "-n", "1"]) == 0
    out = capsys.readouterr().out
    assert out.splitlines()[0].startswith(r"a\nb\x1b[31m\x07\u2028c.py:1  loud  function")
    assert "\x1b" not in out and "\x07" not in out
    assert main(["status", str(root)]) == 0
    assert r"min\n.min.js" in capsys.readouterr().out


def test_what_is_escaped_and_what_is_not() -> None:
    assert printable("naïve 日本 π\u3000\u00a0x") == "naïve 日本 π\u3000\u00a0x"
    assert printable("\ud800\u202e\r\t") == r"\ud800\u202e\r\t"


@posix_only
@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1"])
def test_json_is_json_for_strict_readers(root: Path, encoding: str) -> None:
    (root / "line\u2028end é.py").write_text("def naïve_smile():\n    return '😀 \u2029'\n", encoding="utf-8")
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    command = [sys.executable, "-m", "fathom_indexer.cli.main", "search"]
    queries = b"na\xc3\xafve smile\n\xff\xed\xa0\x80 smile\n"
    batch = subprocess.run(
        [*command, "--batch", str(root)], input=queries, env=environment, capture_output=True, check=True, timeout=120
    )
    rows = batch.stdout.decode(encoding).splitlines()
    assert len(rows) == 2
    for row in rows:
        # What a strict reader does: no half of a pair may stand alone.
        answer = json.loads(row)
        json.dumps(answer, ensure_ascii=False).encode("utf-8")
        assert any(hit["name"] == "naïve_smile" for hit in answer["results"])
    one = subprocess.run(
        [*command, b"smile \xff", str(root), "--json"], env=environment, capture_output=True, check=True, timeout=120
    )
    assert json.loads(one.stdout.decode(encoding))["query"] == "smile \ufffd"
