"""The Neovim plugin in a real headless Neovim: against prepared answers, then against the real server."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from commands import run

from fathom_indexer import __version__
from fathom_indexer.languages.registry import LANGUAGES
from fathom_server.protocol.lsp_ext import PROTOCOL_VERSION

HERE = Path(__file__).parent
PLUGIN = HERE.parents[1] / "editors" / "neovim"
SCRIPTS = Path(sys.executable).parent


@dataclass
class Neovim:
    """Runs Lua in a Neovim that knows nothing of the user's own files."""

    executable: str
    home: Path
    workspace: Path
    path: str = field(default_factory=lambda: os.environ.get("PATH", ""))

    def run(self, script: str, *files: str, cwd: Path | None = None) -> Any:
        """Opens the files in the workspace, runs the script and gives back what it returns."""
        script_file, outcome_file = self.home / "script.lua", self.home / "outcome.json"
        script_file.write_text(script, encoding="utf-8")
        outcome_file.unlink(missing_ok=True)
        environment = {
            "HOME": str(self.home),
            "PATH": self.path,
            "FATHOM_CACHE_DIR": str(self.home / "fathom-cache"),
            "TEST_SCRIPT": str(script_file),
            "TEST_OUTCOME": str(outcome_file),
            **{f"XDG_{name}_HOME": str(self.home / name.lower()) for name in ("CONFIG", "DATA", "STATE", "CACHE")},
        }
        command = [self.executable, "--headless", "--clean", "--cmd", f"set runtimepath^={PLUGIN}"]
        command += [*files, "-c", f"luafile {HERE / 'neovim' / 'driver.lua'}"]
        run(*command, cwd=cwd or self.workspace, environment=environment, timeout=180)
        outcome = json.loads(outcome_file.read_text(encoding="utf-8"))
        assert "failure" not in outcome, outcome.get("failure")
        return outcome["value"]


@pytest.fixture
def neovim(nvim: str, tmp_path: Path, workspace: Path) -> Neovim:
    home = tmp_path / "home"
    home.mkdir()
    return Neovim(nvim, home, workspace)


@dataclass
class FakeServer:
    """A `fathom-lsp` that gives prepared answers; see fake_server.py."""

    script: Path
    log: Path

    def configure(self, **answers: object) -> str:
        """Lua that makes the plugin use this server. Answers are by method, `fathom_` standing for `fathom/`."""
        by_method = {
            name.replace("fathom_", "fathom/"): answer if isinstance(answer, list) else [answer]
            for name, answer in answers.items()
        }
        self.script.write_text(json.dumps(by_method), encoding="utf-8")
        command = [sys.executable, str(HERE / "fake_server.py"), str(self.script), str(self.log)]
        return f"vim.lsp.config('fathom', {{ cmd = vim.json.decode([==[{json.dumps(command)}]==]) }})\n"

    def received(self, method: str) -> list[dict[str, Any]]:
        """The parameters of all messages of a method."""
        messages = [json.loads(line) for line in self.log.read_text(encoding="utf-8").splitlines()]
        return [message["params"] for message in messages if message.get("method") == method]


@pytest.fixture
def fake(tmp_path: Path) -> FakeServer:
    server = FakeServer(tmp_path / "answers.json", tmp_path / "received.jsonl")
    server.log.touch()
    return server


def hit(workspace: Path, path: str, lines: tuple[int, int], name: str, signature: str) -> dict[str, Any]:
    start, end = lines
    whole_lines = {"start": {"line": start - 1, "character": 0}, "end": {"line": end, "character": 0}}
    return {
        "path": path,
        "startLine": start,
        "endLine": end,
        "name": name.rpartition(".")[2],
        "qualifiedName": name,
        "kind": "function",
        "language": "python",
        "score": 0.5,
        "signature": signature,
        "snippet": "",
        "location": {"uri": (workspace / path).as_uri(), "range": whole_lines},
    }


def answer(*hits: dict[str, Any], indexing: bool = False) -> dict[str, Any]:
    return {"result": {"results": list(hits), "indexing": indexing}}


# Against prepared answers


def test_search_fills_the_quickfix_list_in_the_order_of_the_answer(neovim: Neovim, fake: FakeServer) -> None:
    hits = [
        hit(neovim.workspace, "parcels/text.py", (5, 8), "slugify", "def slugify(title)"),
        hit(neovim.workspace, "parcels/geo.py", (6, 11), "haversine", "def haversine(first, second)"),
        hit(neovim.workspace, "parcels/memory.py", (1, 1), "", "from collections import OrderedDict"),
        hit(neovim.workspace, "web/timing.ts", (10, 16), "Stopwatch", ""),
    ]
    setup = fake.configure(fathom_search=answer(*hits))
    shown = neovim.run(
        setup + "fathom('search title  for a URL')\nreturn { list = quickfix(), window = vim.bo.buftype }"
    )

    assert shown["list"]["title"] == "Fathom: title  for a URL"
    assert [(e["path"], e["lnum"], e["end_lnum"], e["text"], e["valid"]) for e in shown["list"]["entries"]] == [
        ("parcels/text.py", 5, 8, "slugify  def slugify(title)", 1),
        ("parcels/geo.py", 6, 11, "haversine  def haversine(first, second)", 1),
        ("parcels/memory.py", 1, 1, "from collections import OrderedDict", 1),
        ("web/timing.ts", 10, 16, "Stopwatch", 1),
    ]
    assert shown["window"] == "quickfix"
    assert fake.received("fathom/search") == [{"query": "title  for a URL", "limit": 20}]
    assert fake.received("initialize")[0]["rootUri"] == neovim.workspace.as_uri()


def test_search_without_words_asks_for_them(neovim: Neovim, fake: FakeServer) -> None:
    setup = fake.configure(fathom_search=answer())
    neovim.run(
        setup
        + """
        vim.ui.input = function(_, done) done(nil) end
        vim.cmd('Fathom search')
        vim.ui.input = function(_, done) done(' typed words ') end
        fathom('search')
        """
    )
    assert [params["query"] for params in fake.received("fathom/search")] == ["typed words"]


def test_settings_are_used_and_checked(neovim: Neovim, fake: FakeServer) -> None:
    found = hit(neovim.workspace, "parcels/text.py", (5, 8), "slugify", "def slugify(title)")
    setup = fake.configure(fathom_search=answer(found))
    shown = neovim.run(
        setup
        + """
        vim.g.fathom = { limit = 3, open_list = false }
        fathom('search x')
        local buftype = vim.bo.buftype
        for _, wrong in ipairs({ { limt = 1 }, { limit = 'many' }, { limit = 0 } }) do
          vim.g.fathom = wrong
          fathom('search x')
        end
        return { buftype = buftype, messages = messages }
        """
    )
    assert shown["buftype"] == ""
    assert [params["limit"] for params in fake.received("fathom/search")] == [3]
    assert shown["messages"] == [
        'Fathom: unknown setting "limt" in vim.g.fathom. There are: cmd, debounce, limit, list, open_list, picker',
        "Fathom: vim.g.fathom.limit must be a whole number from 1 to 200",
        "Fathom: vim.g.fathom.limit must be a whole number from 1 to 200",
    ]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (answer(), "Fathom: no results."),
        (answer(indexing=True), "Fathom: still indexing, nothing found yet. Try again soon."),
        ({"error": {"code": -32602, "message": "no such language: 'cobol'"}}, "Fathom: no such language: 'cobol'"),
        ({"result": None}, "Fathom: the server gave no answer"),
    ],
)
def test_an_answer_without_results_is_a_message(
    neovim: Neovim, fake: FakeServer, given: dict[str, Any], message: str
) -> None:
    setup = fake.configure(fathom_search=given)
    shown = neovim.run(setup + "fathom('search x')\nreturn { messages = messages, list = quickfix() }")
    assert shown["messages"] == [message]
    assert shown["list"]["entries"] == []


def test_results_are_shown_and_those_that_are_missing_spoken_of(neovim: Neovim, fake: FakeServer) -> None:
    found = hit(neovim.workspace, "parcels/text.py", (5, 8), "slugify", "def slugify(title)")
    given = answer(found)
    given["result"]["message"] = "some results are missing: the indexer of api is not running"
    setup = fake.configure(fathom_search=given)
    shown = neovim.run(setup + "fathom('search x')\nreturn { messages = messages, list = quickfix() }")
    assert shown["messages"] == ["Fathom: some results are missing: the indexer of api is not running."]
    assert len(shown["list"]["entries"]) == 1


def test_results_of_an_incomplete_index_are_shown_and_said_to_be(neovim: Neovim, fake: FakeServer) -> None:
    found = hit(neovim.workspace, "parcels/text.py", (5, 8), "slugify", "def slugify(title)")
    setup = fake.configure(fathom_search=answer(found, indexing=True))
    shown = neovim.run(
        setup
        + """
        fathom('search x')
        wait_for('a message', function() return #messages > 0 end)
        return { messages = messages, list = quickfix() }
        """
    )
    assert shown["messages"] == ["Fathom: still indexing, more may be found later."]
    assert len(shown["list"]["entries"]) == 1


def test_a_newer_search_cancels_the_one_before(neovim: Neovim, fake: FakeServer) -> None:
    found = hit(neovim.workspace, "parcels/text.py", (5, 8), "slugify", "def slugify(title)")
    setup = fake.configure(fathom_search=[{"wait": True}, answer(found)])
    shown = neovim.run(
        setup
        + f"""
        vim.cmd('Fathom search first')
        wait_for('the first request', function()
          return table.concat(vim.fn.readfile('{fake.log}')):find('"query": "first"') ~= nil
        end)
        fathom('search second')
        return {{ messages = messages, list = quickfix() }}
        """
    )
    assert shown["list"]["title"] == "Fathom: second"
    assert shown["messages"] == []
    assert len(fake.received("$/cancelRequest")) == 1


def test_similar_sends_the_position_in_the_encoding_of_the_client(neovim: Neovim, fake: FakeServer) -> None:
    setup = fake.configure(fathom_similar=answer())
    (neovim.workspace / "wide.py").write_text("name = '😀é'  # end\n", encoding="utf-8")
    neovim.run(setup + "vim.fn.search('# end')\nfathom('similar')", "wide.py")
    assert fake.received("fathom/similar") == [
        {
            "textDocument": {"uri": (neovim.workspace / "wide.py").as_uri()},
            # Eight characters, a face of two UTF-16 units, then four more.
            "position": {"line": 0, "character": 14},
            "limit": 20,
        }
    ]


def test_similar_needs_a_file(neovim: Neovim, fake: FakeServer) -> None:
    setup = fake.configure()
    messages = neovim.run(setup + "fathom('similar')\nreturn messages")
    assert messages == ["Fathom: this buffer is not a file. Put the cursor on a function in a file of the project."]


def test_status_says_what_the_index_holds(neovim: Neovim, fake: FakeServer) -> None:
    status = {
        "version": "1.2.3",
        "roots": [
            {
                "rootUri": neovim.workspace.as_uri(),
                "root": str(neovim.workspace),
                "files": 7,
                "functions": 19,
                "embedded": 5,
                "coverage": [
                    {"stage": "parse", "exit": None, "done": 19, "total": 19},
                    {"stage": "embed", "exit": 2, "done": 5, "total": 19},
                ],
                "indexBytes": 1_260_000,
                "languages": {"go": 3, "python": 12, "typescript": 4},
                "skipped": {"too large": 1},
                "indexing": True,
                "progress": {"stage": "embed", "done": 5, "total": 19},
                "state": "ready",
                "error": None,
            },
            {"rootUri": "file:///elsewhere", "state": "dead", "error": "the indexer is not running"},
        ],
    }
    setup = fake.configure(fathom_status={"result": status})
    shown = neovim.run(
        setup
        + """
        local shown = ''
        vim.api.nvim_echo = function(chunks) shown = shown .. chunks[1][1] end
        vim.cmd('Fathom status')
        wait_for('the status', function() return shown ~= '' end)
        return shown
        """
    )
    assert shown.splitlines() == [
        "Fathom 1.2.3",
        str(neovim.workspace),
        "  7 files, 19 functions; index 1.3 MB",
        "  found by words 100 %, by meaning 26 %",
        "  functions: 12 python, 4 typescript, 3 go",
        "  files skipped: 1 too large",
        "  indexing: embed, 5 of 19",
        "/elsewhere",
        "  the indexer is not running",
    ]


def test_status_does_not_count_what_was_found_before_all_files_were_read(neovim: Neovim, fake: FakeServer) -> None:
    root = {
        "rootUri": neovim.workspace.as_uri(),
        "root": str(neovim.workspace),
        "files": 0,
        "functions": 0,
        "coverage": [{"stage": "parse", "exit": None, "done": 0, "total": 0}],
        "indexBytes": 0,
        "languages": {},
        "skipped": {},
        "indexing": True,
        "progress": None,
        "state": "ready",
        "error": None,
        "message": "indexing has not begun; results may be missing until it is done",
    }
    gone = {**root, "rootUri": "file:///gone", "indexing": False, "message": "the disk is full"}
    setup = fake.configure(fathom_status={"result": {"version": "1.2.3", "roots": [root, gone]}})
    shown = neovim.run(
        setup
        + """
        local shown = ''
        vim.api.nvim_echo = function(chunks) shown = shown .. chunks[1][1] end
        vim.cmd('Fathom status')
        wait_for('the status', function() return shown ~= '' end)
        return shown
        """
    )
    assert shown.splitlines() == [
        "Fathom 1.2.3",
        str(neovim.workspace),
        "  0 files, 0 functions; index 0.0 MB",
        "  indexing",
        "/gone",
        "  0 files, 0 functions; index 0.0 MB",
        "  the disk is full",
    ]


def test_a_missing_server_is_said_with_the_way_out(neovim: Neovim) -> None:
    neovim.path = ""
    messages = neovim.run("fathom('search x')\nfathom('status')\nreturn messages")
    assert len(messages) == 2
    for message in messages:
        assert "no server (fathom-lsp) was found" in message
        assert ":Fathom install" in message
        assert ":help fathom-install" in message


def test_a_server_that_dies_while_starting_is_said(neovim: Neovim, fake: FakeServer) -> None:
    setup = fake.configure(initialize={"exit": 3})
    messages = neovim.run(
        setup
        + """
        vim.cmd('Fathom search x')
        wait_for('the message', function() return table.concat(messages):find('while starting') ~= nil end)
        return messages
        """
    )
    assert "Fathom: the server stopped while starting. See :Fathom log" in messages


def test_a_server_that_never_answers_is_said_and_can_be_restarted(neovim: Neovim, fake: FakeServer) -> None:
    found = hit(neovim.workspace, "parcels/text.py", (5, 8), "slugify", "def slugify(title)")
    setup = fake.configure(initialize=[{"wait": True}], fathom_search=answer(found))
    answering = fake.script.with_name("answering.json")
    answering.write_text(json.dumps({"fathom/search": [answer(found)]}), encoding="utf-8")
    shown = neovim.run(
        setup
        + f"""
        require('fathom.server').SILENCE_MS = 50
        vim.cmd('Fathom search x')
        wait_for('a warning', function() return #messages > 0 end)
        local silent = vim.lsp.get_clients({{ name = 'fathom', _uninitialized = true }})
        require('fathom.server').SILENCE_MS = 600000
        vim.fn.rename('{answering}', '{fake.script}')
        vim.cmd('Fathom restart')
        wait_for('the end of the search', function()
          return table.concat(messages):find('while starting') ~= nil
        end)
        fathom('search x')
        return {{
          messages = messages,
          list = quickfix(),
          silent = #silent,
          stopped = vim.wait(60000, function() return silent[1]:is_stopped() end, 20),
        }}
        """
    )
    assert shown["silent"] == 1
    assert shown["stopped"]
    assert sorted(shown["messages"]) == [
        "Fathom: the server stopped while starting. See :Fathom log",
        "Fathom: the server was restarted.",
        "Fathom: the server was started, but does not answer. See :Fathom log, or try :Fathom restart",
    ]
    assert [entry["path"] for entry in shown["list"]["entries"]] == ["parcels/text.py"]


def test_restarting_without_a_server(neovim: Neovim) -> None:
    assert neovim.run("fathom('restart')\nreturn messages") == ["Fathom: no server is running. A search starts it."]


def test_a_home_directory_is_not_indexed(neovim: Neovim, fake: FakeServer) -> None:
    setup = fake.configure(fathom_search=answer())
    messages = neovim.run(setup + "fathom('search x')\nreturn messages", cwd=neovim.home)
    assert len(messages) == 1
    assert "is too large to index" in messages[0]
    assert not fake.received("initialize")


def test_enable_attaches_once_a_project_and_the_command_uses_that_client(neovim: Neovim, fake: FakeServer) -> None:
    setup = fake.configure(fathom_search=answer())
    roots = neovim.run(
        setup
        + """
        vim.lsp.enable('fathom')
        vim.cmd.edit('parcels/geo.py')
        wait_for('the client', function() return #vim.lsp.get_clients({ bufnr = 0 }) == 1 end)
        vim.cmd.edit('web/timing.ts')
        wait_for('the client', function() return #vim.lsp.get_clients({ bufnr = 0 }) == 1 end)
        fathom('search x')
        return vim.tbl_map(function(client) return client.root_dir end, vim.lsp.get_clients())
        """
    )
    assert roots == [str(neovim.workspace)]


def test_enable_leaves_stray_files_alone(neovim: Neovim, fake: FakeServer) -> None:
    setup = fake.configure()
    (neovim.home / "stray.py").write_text("pass\n", encoding="utf-8")
    clients = neovim.run(
        setup
        + """
        vim.lsp.enable('fathom')
        vim.cmd.edit('stray.py')
        return { #vim.lsp.get_clients(), vim.bo.filetype }
        """,
        cwd=neovim.home,
    )
    assert clients == [0, "python"]


def test_subcommands_are_completed_and_checked(neovim: Neovim) -> None:
    shown = neovim.run(
        """
        fathom('serch x')
        fathom('')
        return {
          all = vim.fn.getcompletion('Fathom ', 'cmdline'),
          some = vim.fn.getcompletion('Fathom s', 'cmdline'),
          one = vim.fn.getcompletion('Fathom se', 'cmdline'),
          words = vim.fn.getcompletion('Fathom search s', 'cmdline'),
          logs = vim.fn.getcompletion('Fathom log i', 'cmdline'),
          messages = messages,
        }
        """
    )
    every = ["diff", "duplicates", "install", "log", "reindex", "restart", "search", "similar", "status"]
    assert shown["all"] == every
    assert shown["some"] == ["search", "similar", "status"]
    assert shown["one"] == ["search"]
    assert shown["words"] == []
    assert shown["logs"] == ["indexer"]
    assert shown["messages"] == [
        f'Fathom: no subcommand "serch". There are: {", ".join(every)}',
        f"Fathom: a subcommand is needed. There are: {', '.join(every)}",
    ]


def test_the_plugin_loads_nothing_before_its_first_use(neovim: Neovim) -> None:
    loaded = neovim.run(
        "return vim.tbl_filter(function(name) return vim.startswith(name, 'fathom') end, vim.tbl_keys(package.loaded))"
    )
    assert not loaded


def test_the_help_covers_every_command_and_setting(neovim: Neovim) -> None:
    copy = neovim.home / "doc"
    shutil.copytree(PLUGIN / "doc", copy)
    neovim.run(f"vim.cmd.helptags('{copy}')")
    tags = {line.split("\t")[0] for line in (copy / "tags").read_text(encoding="utf-8").splitlines()}
    commands = neovim.run("return vim.fn.getcompletion('Fathom ', 'cmdline')")
    assert tags >= {f":Fathom-{command}" for command in commands}
    settings = neovim.run("return require('fathom.config').names()")
    assert tags >= {f"fathom-setting-{name}" for name in settings}
    mappings = re.findall(r"'(<Plug>[^']+)'", (PLUGIN / "plugin" / "fathom.lua").read_text(encoding="utf-8"))
    assert mappings
    assert tags >= set(mappings)


def test_the_plugin_goes_with_the_server_of_this_repository(neovim: Neovim) -> None:
    server = neovim.run("local s = require('fathom.server'); return { version = s.VERSION, protocol = s.PROTOCOL }")
    assert server == {"version": __version__, "protocol": PROTOCOL_VERSION}


def test_every_language_has_its_filetype(neovim: Neovim) -> None:
    extensions = {language.name: language.extensions[0] for language in LANGUAGES}
    uncovered = neovim.run(
        f"""
        local uncovered = {{}}
        local covered = vim.lsp.config.fathom.filetypes
        for language, extension in pairs(vim.json.decode('{json.dumps(extensions)}')) do
          vim.cmd.edit('new' .. extension)
          local filetype = vim.bo.filetype
          if language == 'objective-c' then
            -- The ending is that of several languages: the editor looks at what the file says.
            vim.api.nvim_buf_set_lines(0, 0, -1, false, {{ '#import <A/A.h>' }})
            filetype = vim.filetype.match({{ buf = 0 }}) or 'none'
          end
          if not vim.tbl_contains(covered, filetype) then
            table.insert(uncovered, language .. ': ' .. filetype)
          end
        end
        return uncovered
        """
    )
    assert not uncovered


# Against the real server


@pytest.fixture
def real(neovim: Neovim) -> Neovim:
    neovim.path = f"{SCRIPTS}{os.pathsep}{neovim.path}"
    return neovim


def test_real_search_finds_functions_by_what_they_do(real: Neovim) -> None:
    found = real.run(
        """
        local found = {}
        for _, words in ipairs({
          'try once more after a failure, waiting longer and longer',
          'how far apart are two places on the globe',
          'only react when typing has stopped',
        }) do
          fathom_when_indexed('search ' .. words)
          found[#found + 1] = quickfix().entries
        end
        vim.cmd('cfirst')
        return { found = found, opened = vim.fn.expand('%:.'), line = vim.fn.line('.') }
        """
    )
    best = [(entries[0]["path"], entries[0]["lnum"], entries[0]["end_lnum"]) for entries in found["found"]]
    assert best[0] == ("parcels/network.py", 10, 20)
    assert best[1] in {("parcels/geo.py", 6, 11), ("web/distance.ts", 5, 10)}
    assert best[2] == ("web/timing.ts", 2, 8)
    assert found["found"][0][0]["text"].startswith("with_backoff  def with_backoff(")
    assert (found["opened"], found["line"]) == ("web/timing.ts", 2)


def test_real_similar_finds_the_twin_in_another_language(real: Neovim) -> None:
    found = real.run(
        """
        fathom_when_indexed('search anything')
        vim.cmd.wincmd('p')
        vim.fn.search('radians(value) for value in first')
        fathom('similar')
        return quickfix()
        """,
        "parcels/geo.py",
    )
    assert found["title"] == "Fathom: similar to haversine"
    functions = [(entry["path"], entry["text"].split("  ")[0]) for entry in found["entries"]]
    assert ("web/distance.ts", "greatCircle") in functions[:3]
    assert ("parcels/geo.py", "haversine") not in functions


def test_real_server_finds_what_was_just_saved(real: Neovim) -> None:
    path = real.run(
        """
        vim.lsp.enable('fathom')
        vim.cmd.edit('parcels/text.py')
        wait_for('the client', function() return #vim.lsp.get_clients({ bufnr = 0 }) == 1 end)
        fathom_when_indexed('search shorten a text')
        vim.cmd.wincmd('p')
        vim.api.nvim_buf_set_lines(0, -1, -1, false, {
          '', '', 'def tally(sentence):', '    # How often each vowel occurs.',
          '    return {letter: sentence.count(letter) for letter in "aeiou"}',
        })
        vim.cmd.write()
        wait_for('the new function', function()
          fathom('search count the vowels of a sentence')
          local first = quickfix().entries[1]
          return first ~= nil and first.text:find('^tally') ~= nil and first.lnum == 18
        end)
        return quickfix().entries[1].path
        """
    )
    assert path == "parcels/text.py"


def test_real_status_tells_of_the_workspace(real: Neovim) -> None:
    shown = real.run(
        """
        fathom_when_indexed('search anything')
        local shown = ''
        vim.api.nvim_echo = function(chunks) shown = shown .. chunks[1][1] end
        vim.cmd('Fathom status')
        wait_for('the status', function() return shown ~= '' end)
        return shown
        """
    )
    assert str(real.workspace) in shown
    assert "typescript" in shown
