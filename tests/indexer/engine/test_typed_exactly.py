"""A small workspace, searched for what stands in it: text, names and places come first, questions are as before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fathom_indexer.config import Config
from fathom_indexer.engine import Engine
from fathom_indexer.search import ALL_STEPS, Step
from fathom_indexer.types import Hit

FILES = {
    "src/limits.py": '''"""Limits of all clients."""

MAX_RETRIES = 5
DEFAULT_TIMEOUT = 2.5


def within(count):
    return count < MAX_RETRIES and not exceeded(count)
''',
    "src/client.py": '''from limits import MAX_RETRIES


class Session:
    """Keeps a connection."""

    def fetch(self, name, attempts):
        for attempt in range(MAX_RETRIES):
            if attempt > attempts:
                raise ValueError(f"could not fetch {name!r}: gave up after {attempt} attempts")
        return self.connection.read(name)

    def close(self):
        log.info("the connection was closed by the other side")
        self.connection.close()
        self.connection = None
''',
    "src/pool.py": '''def session(pool):
    """Takes a session from the pool, or opens another one."""
    if not pool.idle:
        return pool.open()
    return pool.idle.pop()


def parse_file(path):
    """Parses a file of settings."""
    with open(path) as file:
        return [line.split("=") for line in file if line.strip()]
''',
    "lib/mapper.rb": """class Mapper
  def lookup(key)
    value = @types[key]
    value.nil? ? build(key) : value
  end
end
""",
    "lib/route_mapper_helper.rb": """class RouteMapperHelper
  def lookup(key)
    value = @types[key]
    value.nil? ? build(key) : value
  end
end
""",
    "web/table.js": """export const Table = require('./other').Table

export function open(name) {
  if (!known.has(name)) {
    throw new Error(`no such table: ${name}`)
  }
  return known.get(name)
}

export function Open() {
  return openAll(names, options).then((all) => all.filter(Boolean))
}
""",
    "tests/test_client.py": """def test_fetch():
    with raises("could not fetch"):
        session().fetch("a", MAX_RETRIES)
    assert DEFAULT_TIMEOUT == 2.5
""",
}

TRACE = """Traceback (most recent call last):
  File "/usr/lib/python3/site-packages/runner/pool.py", line 3, in run
    main()
  File "{root}/src/pool.py", line 3, in session
    return pool.open()
  File "{root}/src/client.py", line 15, in close
    self.connection = None
  File "{root}/src/limits.py", line 8, in within
    return count < MAX_RETRIES
RuntimeError: the connection was closed by the other side
"""
DIFF = """--- a/src/client.py
+++ b/src/client.py
@@ -13,4 +13,4 @@ class Session:
     def close(self):
-        log.info("the connection was closed by the other side")
+        log.debug("closed")
         self.connection.close()
         self.connection = None
--- a/lib/mapper.rb
+++ b/lib/mapper.rb
@@ -2,3 +2,3 @@
   def lookup(key)
-    value = @types[key]
+    value = @types.fetch(key)
"""


@pytest.fixture
def engine(light: Config, tmp_path: Path) -> Iterator[Engine]:
    root = tmp_path / "work"
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    with Engine.open(root, light) as engine:
        engine.index()
        yield engine


def names(hits: list[Hit]) -> list[str]:
    return [f"{hit.path}:{hit.function.name}" for hit in hits]


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("the connection was closed by the other side", "src/client.py:close"),
        ('"the connection was closed by the other side"', "src/client.py:close"),
        ("The Connection was closed by the other side", "src/client.py:close"),
        ("could not fetch 'image': gave up after 3 attempts", "src/client.py:fetch"),
        ("ValueError: could not fetch 'image': gave up after 3 attempts", "src/client.py:fetch"),
        ("Error: no such table: users", "web/table.js:open"),
        ("where is 'no such table' thrown", "web/table.js:open"),
        ("if attempt > attempts:", "src/client.py:fetch"),
        ("MAX_RETRIES", "src/limits.py:"),
        ("DEFAULT_TIMEOUT", "src/limits.py:"),
        ("Session", "src/client.py:Session"),
        ("Open", "web/table.js:Open"),
        ("src/pool.py:9", "src/pool.py:parse_file"),
        ("src/pool.py:3:5", "src/pool.py:session"),
        ("pool.py(10,2)", "src/pool.py:parse_file"),
        ('File "src/client.py", line 9', "src/client.py:fetch"),
        ("    at fetch (src/client.py:9:4)", "src/client.py:fetch"),
        ("{root}/src/client.py:14", "src/client.py:close"),
        ("file://{root}/src/client.py#L14", "src/client.py:close"),
        ("../work/src/client.py:14", "src/client.py:close"),
        ("C:\\me\\work\\src\\client.py:14", "src/client.py:close"),
        ("src\\client.py:14", "src/client.py:close"),
        ("types of the mapper by key lookup", "lib/mapper.rb:lookup"),
        ("sesion from the pool", "src/pool.py:session"),
    ],
)
def test_comes_first(engine: Engine, query: str, first: str) -> None:
    assert names(engine.search(query.replace("{root}", engine.root.as_posix())))[0] == first


def test_definitions_come_before_uses(engine: Engine) -> None:
    found = names(engine.search("MAX_RETRIES"))
    assert found[0] == "src/limits.py:"
    # A test uses it, too, and comes after the code that does.
    assert set(found[1:4]) == {"src/limits.py:within", "src/client.py:fetch", "src/client.py:"}
    assert found[4] == "tests/test_client.py:test_fetch"


def test_neighbours_follow_the_function_at_the_line(engine: Engine) -> None:
    found = engine.search("src/client.py:14")
    assert [hit.function.name for hit in found[:2]] == ["close", "Session"]
    assert {hit.path for hit in found[:3]} == {"src/client.py"}


def test_frames_of_the_workspace_come_in_their_order(engine: Engine) -> None:
    found = names(engine.search(TRACE.replace("{root}", engine.root.as_posix())))
    assert found[:3] == ["src/pool.py:session", "src/client.py:close", "src/limits.py:within"]
    long = TRACE.replace("{root}", engine.root.as_posix()) + "\n".join(
        f"  at x{i} (other/x{i}.js:3:4)" for i in range(900)
    )
    assert names(engine.search(long))[:3] == found[:3]


def test_what_a_diff_touches(engine: Engine) -> None:
    assert set(names(engine.search(DIFF))[:2]) == {"src/client.py:close", "lib/mapper.rb:lookup"}


@pytest.mark.parametrize("query", ["parse file", "how is a file parsed", "session of a pool", "close the connection"])
def test_questions_are_not_taken_for_text(engine: Engine, query: str) -> None:
    new = {Step.EXACT, Step.LOCATION}
    hits = engine.search(query)
    assert not {part.step for hit in hits for part in hit.explanation} & {step.value for step in new}
    assert hits == engine.search(query, steps=ALL_STEPS - new)


def test_each_signal_is_explained_and_can_be_left_out(engine: Engine) -> None:
    for query, step in [
        ("the connection was closed by the other side", Step.EXACT),
        ("src/client.py:14", Step.LOCATION),
        ("types of the mapper by key lookup", Step.STEM),
    ]:
        assert step.value in {part.step for part in engine.search(query)[0].explanation}
        without = engine.search(query, steps=ALL_STEPS - {step})
        assert step.value not in {part.step for hit in without for part in hit.explanation}
