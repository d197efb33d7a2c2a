"""The command line as people and scripts use it."""

from __future__ import annotations

import io
import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from fathom_indexer import __version__
from fathom_indexer.cli.main import main

HIT_KEYS = {
    "nameRange",
    "path",
    "startLine",
    "endLine",
    "name",
    "qualifiedName",
    "kind",
    "language",
    "score",
    "signature",
    "snippet",
}


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FATHOM_CACHE_DIR", str(tmp_path / "cache"))
    root = tmp_path / "code"
    root.mkdir()
    (root / "mail.py").write_text(
        "def notify(person, text):\n    '''Sends a letter over the internet.'''\n    smtp.send(person, text)\n"
    )
    (root / "sums.ts").write_text(
        "export function total(xs: number[]): number {\n  return xs.reduce((a, b) => a + b);\n}\n"
    )
    (root / "binary.py").write_bytes(b"\x00" * 50)
    return root


def test_search_prints_a_readable_list(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["search", "add up numbers", str(workspace)]) == 0
    out = capsys.readouterr().out
    first = out.splitlines()[0]
    assert first == "sums.ts:1  total  function  100 %"
    assert "reduce" in out
    assert "\x1b" not in out, "no colours where no terminal is"


def test_search_json_has_the_documented_shape(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["search", "send an email", str(workspace), "--json", "--limit", "1"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["query"] == "send an email"
    (hit,) = answer["results"]
    assert set(hit) == HIT_KEYS
    assert (hit["path"], hit["startLine"], hit["endLine"], hit["name"]) == ("mail.py", 1, 3, "notify")
    assert (hit["kind"], hit["language"]) == ("function", "python")


def test_search_takes_filters(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["search", "anything", str(workspace), "--json"]
    for extra in (["-l", "typescript"], ["-p", "*.ts"], ["-p", "!*.py"], ["-p", "sums.ts", "-k", "function"]):
        assert main([*arguments, *extra]) == 0
        assert {hit["path"] for hit in json.loads(capsys.readouterr().out)["results"]} == {"sums.ts"}


def test_batch_answers_every_line(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("send an email\n\nadd up numbers"))
    assert main(["search", "--batch", str(workspace)]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["query"] for row in rows] == ["send an email", "", "add up numbers"]
    assert rows[0]["results"][0]["name"] == "notify"
    assert rows[1]["results"] == []
    assert rows[2]["results"][0]["name"] == "total"


def test_similar_by_place_and_by_snippet(
    workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (workspace / "sums.js").write_text("function addAll(list) {\n  return list.reduce((a, b) => a + b);\n}\n")
    assert main(["similar", "sums.ts:2", str(workspace), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["results"][0]["name"] == "addAll"
    monkeypatch.chdir(workspace)
    assert main(["similar", "sums.ts:2", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["results"][0]["name"] == "addAll"
    assert (answer["compared"]["path"], answer["compared"]["name"]) == ("sums.ts", "total")
    snippet = tmp_path / "snippet.py"
    snippet.write_text("def email(to, body): mailer.deliver(to, body)")
    assert main(["similar", "--snippet", str(snippet), str(workspace), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["results"][0]["name"] == "notify"
    assert "compared" not in answer


def test_index_and_status(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", str(workspace)]) == 0
    assert "nothing is indexed yet" in capsys.readouterr().out
    assert main(["index", str(workspace)]) == 0
    assert "functions in 2 files are searchable" in capsys.readouterr().out
    assert main(["status", str(workspace), "--json"]) == 0
    status = json.loads(capsys.readouterr().out)
    assert status["files"] == 2
    assert status["embedded"] == status["functions"] > 0
    assert status["skipped"] == {"binary": 1}
    assert status["skippedFiles"] == [{"path": "binary.py", "reason": "binary"}]
    assert main(["index", str(workspace), "--rebuild", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["functions"] == status["functions"]


def test_large_files_are_named_first_with_the_setting_that_includes_them(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = "    // looks at the node and at what surrounds it\n" * 80
    lines = "".join(
        f"export function check{number}(node) {{\n{words}  return visit(node);\n}}\n" for number in range(300)
    )
    (workspace / "zz_checker.ts").write_text(lines)
    for number in range(30):
        (workspace / f"a{number}.min.js").write_text("x")
    assert main(["duplicates", str(workspace)]) == 0
    assert main(["status", str(workspace)]) == 0
    out = capsys.readouterr().out
    assert "zz_checker.ts  (too large (over 1000000 bytes))" in out
    assert "--max-file-bytes N (in editors: maxFileBytes)" in out
    larger = ["--max-file-bytes", "5000000"]
    assert main(["duplicates", str(workspace), *larger]) == 0
    assert main(["status", str(workspace), "--json", *larger]) == 0
    capsys.readouterr()
    assert main(["search", "check299", str(workspace), "--no-refresh", "--json", "-n", "1", *larger]) == 0
    assert json.loads(capsys.readouterr().out)["results"][0]["name"] == "check299"


def test_no_refresh_searches_what_is_there(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["index", str(workspace)]) == 0
    (workspace / "new.py").write_text("def fresh(): return 'new'\n")
    capsys.readouterr()
    assert main(["search", "fresh", str(workspace), "--no-refresh", "--json"]) == 0
    assert "fresh" not in [hit["name"] for hit in json.loads(capsys.readouterr().out)["results"]]
    assert main(["search", "fresh", str(workspace), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["results"][0]["name"] == "fresh"


def test_languages(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["languages", "--json"]) == 0
    names = {language["name"] for language in json.loads(capsys.readouterr().out)}
    assert {"python", "typescript", "tsx", "go", "rust", "java", "c", "cpp", "csharp", "ruby", "php"} <= names
    assert {"kotlin", "scala", "swift", "lua", "bash", "haskell", "elixir", "zig", "javascript"} <= names


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["search"], 2, "nothing to look for"),
        (["search", "  "], 2, "nothing to look for"),
        (["search", "retry", "failed", "--json"], 2, "no such folder: failed (put a question of several words"),
        (["search", "x", "{root}", "-k", "methods"], 2, "unknown kind 'methods'"),
        (["search", "x", "{root}", "-l", "cobol"], 2, "unknown language 'cobol'"),
        (["search", "x", "{root}/mail.py"], 1, "not a folder"),
        (["search", "x", "{root}", "--model", "{root}"], 1, "not a Fathom model"),
        (["similar", "mail.py", "{root}"], 2, "not FILE:LINE"),
        (["similar", "mail.py:0", "{root}"], 2, "not FILE:LINE"),
        (["similar", "mail.py:99", "{root}"], 2, "no code at"),
        (["similar", "nothing.py:1", "{root}"], 2, "not in the index"),
        (["similar"], 2, "compare with what?"),
        (["similar", "--snippet", "{root}/nothing", "{root}"], 2, "cannot be read"),
    ],
)
def test_errors_are_one_clear_line(
    workspace: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, words: str
) -> None:
    assert main([argument.replace("{root}", str(workspace)) for argument in arguments]) == code
    captured = capsys.readouterr()
    assert words in captured.err
    assert captured.err.startswith("fathom: ")
    assert "Traceback" not in captured.err
    assert captured.out == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ["search", "x", "--limit", "0"],
        ["search", "x", "--limit", "many"],
        ["index", "--max-file-bytes", "0"],
        ["sing"],
        [],
    ],
)
def test_wrong_usage_exits_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as error:
        main(arguments)
    assert error.value.code == 2
    assert "usage:" in capsys.readouterr().err


def run(*arguments: str, workspace: Path, **options: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "fathom_indexer.cli.main", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, **options)  # type: ignore[call-overload, no-any-return]


def test_as_a_process_it_writes_nothing_else(workspace: Path) -> None:
    result = run("search", "add up numbers", str(workspace), "--json", workspace=workspace)
    assert result.returncode == 0
    assert json.loads(result.stdout)["results"][0]["name"] == "total"
    assert result.stderr == ""
    assert run("--version", workspace=workspace).stdout == f"fathom {__version__}\n"


def test_a_reader_that_has_enough_is_no_error(workspace: Path) -> None:
    command = [sys.executable, "-m", "fathom_indexer.cli.main", "search", "--batch", str(workspace)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin and process.stdout and process.stderr
        process.stdin.write("one\n")
        process.stdin.flush()
        assert process.stdout.readline()
        process.stdout.close()
        try:
            process.stdin.write("two\n" * 100)
            process.stdin.close()
        except BrokenPipeError:
            pass
        assert process.wait(60) == 0
        assert process.stderr.read() == ""


@pytest.mark.skipif(os.name == "nt", reason="pipes of names are not read on Windows")
def test_a_folder_that_cannot_be_written_to_can_be_searched(workspace: Path) -> None:
    workspace.chmod(0o500)
    try:
        assert run("search", "add up numbers", str(workspace), workspace=workspace).returncode == 0
    finally:
        workspace.chmod(0o700)


def test_an_unusable_cache_is_named(workspace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("not a folder")
    assert main(["search", "x", str(workspace), "--cache-dir", str(tmp_path / "file")]) == 1
    assert "fathom: " in capsys.readouterr().err


COPIED = "\n".join(
    [
        "def settle(account, payments, limit):",
        "    total = 0",
        "    for payment in payments:",
        "        if payment.amount > limit:",
        "            raise ValueError(payment, limit)",
        "        total += payment.amount * payment.rate",
        "    account.balance -= total",
        "    account.log.append(('settled', total))",
        "    return account.balance\n",
    ]
)


@pytest.fixture
def copies(workspace: Path) -> Path:
    (workspace / "one.py").write_text(COPIED)
    (workspace / "über [2].py").write_text("# The same.\n" + COPIED)
    (workspace / "three.py").write_text(COPIED.replace("payment", "invoice").replace("settle", "pay"))
    return workspace


def test_duplicates_as_text(copies: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["duplicates", str(copies)]) == 0
    head, *lines = capsys.readouterr().out.strip().splitlines()
    assert head.startswith("3 functions of about")
    assert [line.split()[0] for line in lines] == ["one.py:1", "über", "three.py:1"]
    assert ["exact" in line for line in lines] == [False, True, False]
    assert "renamed" in lines[2]


def test_duplicates_as_json_and_what_is_forbidden(copies: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["duplicates", str(copies), "--json", "--fail-on", "exact"]) == 3
    (group,) = json.loads(capsys.readouterr().out)["groups"]
    assert set(group) == {"kind", "similarity", "tokens", "key", "clones"}
    assert [clone["clone"] for clone in group["clones"]] == ["exact", "exact", "renamed"]
    assert main(["duplicates", str(copies), "--fail-on", "exact", "-p", "!one.py"]) == 0
    assert main(["duplicates", str(copies), "--fail-on", "renamed", "-p", "!one.py"]) == 3
    capsys.readouterr()
    assert main(["duplicates", str(copies), "--json", "--language", "go"]) == 0
    assert json.loads(capsys.readouterr().out) == {"groups": []}


def test_duplicates_as_sarif(copies: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What SARIF 2.1.0 requires of a log, and what code scanning services require besides."""
    assert main(["duplicates", str(copies), "--sarif"]) == 0
    log = json.loads(capsys.readouterr().out)
    assert log["version"] == "2.1.0"
    assert log["$schema"].endswith("sarif-schema-2.1.0.json")
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    assert driver["name"] == "Fathom"
    (result,) = run["results"]
    assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"] == "duplicate-renamed"
    assert result["level"] in {"none", "note", "warning", "error"}
    assert all(rule["shortDescription"]["text"] for rule in driver["rules"])
    assert result["message"]["text"]
    assert all(isinstance(value, str) for value in result["partialFingerprints"].values())
    assert 0 <= result["rank"] <= 100
    places = [*result["locations"], *result["relatedLocations"]]
    assert [related["id"] for related in result["relatedLocations"]] == [1, 2]
    for place in places:
        physical = place["physicalLocation"]
        assert physical["artifactLocation"]["uriBaseId"] == "SRCROOT"
        assert 1 <= physical["region"]["startLine"] <= physical["region"]["endLine"]
    assert [place["physicalLocation"]["artifactLocation"]["uri"] for place in places] == [
        "one.py",
        "%C3%BCber%20%5B2%5D.py",
        "three.py",
    ]


@pytest.mark.parametrize("arguments", [["--threshold", "0"], ["--threshold", "7"], ["--kind", "poem"]])
def test_duplicates_with_arguments_that_make_no_sense(copies: Path, arguments: list[str]) -> None:
    assert main(["duplicates", str(copies), *arguments]) == 2


def test_a_damaged_index_is_told_built_anew_and_searched_all_the_same(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["search", "add up numbers", str(workspace), "--json"]
    assert main(command) == 0
    expected = capsys.readouterr().out
    (index,) = (workspace.parent / "cache").glob("*/index.sqlite3")
    with closing(sqlite3.connect(index)) as db, db:
        db.execute("UPDATE functions SET name = name || '_'")
    assert main(command) == 0
    answer = capsys.readouterr()
    assert answer.out == expected
    assert "is damaged (a function does not match its checksum)" in answer.err
