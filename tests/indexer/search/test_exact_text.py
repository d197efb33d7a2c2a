"""Text, names and words as they are typed."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fathom_indexer.search.constants import definition_value
from fathom_indexer.search.exact import exact_values
from fathom_indexer.search.misspelt import near_words, one_slip
from fathom_indexer.search.phrases import phrases
from fathom_indexer.search.query import understand
from fathom_indexer.search.stubs import stub_value
from fathom_indexer.storage import Store, StoredFunction
from fathom_indexer.types import FileRecord, Function, Kind


def unit(text: str, kind: Kind = Kind.FUNCTION, name: str = "f", start: int = 1) -> Function:
    return Function(name, name, kind, "python", text.partition("\n")[0], "", text, start, start + 1, start, start + 3)


def values(query: str, *texts: str, kind: Kind = Kind.FUNCTION) -> list[float]:
    """What each text gets for a query."""
    store = Store(None)
    functions = [(unit(text, kind, f"f{number}", number), f"{number}") for number, text in enumerate(texts, 1)]
    ids = store.put_file(FileRecord("a.py", "python", 1, 1, ""), functions).ids
    found = exact_values(store, understand(query), None)
    store.close()
    return [found.get(item, 0.0) for item in ids]


def test_the_closer_the_text_the_more_it_counts() -> None:
    found = values(
        "disk quota of %s exceeded by far",
        'fail("disk quota of %s exceeded by far")',
        "# the disk quota of %s exceeded by far too often",
        'fail("Disk Quota of %s exceeded by far")',
        'fail("disk quota of " "%s exceeded, by far")',
        'fail("quota of disk exceeded")',
    )
    assert found[4] == 0
    assert found[3] > 0
    assert found[0] > found[1]
    assert found[0] > found[2] > found[3]


@pytest.mark.parametrize(
    "literal",
    [
        '"cannot open %s: permission denied"',
        '"cannot open %(path)s: permission denied"',
        'f"cannot open {path!r}: permission denied"',
        "`cannot open ${file.path}: permission denied`",
        '"cannot open #{path}: permission denied"',
        '"cannot open {}: permission denied"',
        '"cannot open \\(path): permission denied"',
    ],
)
def test_placeholders_stand_for_values(literal: str) -> None:
    for query in (
        "cannot open /etc/x.conf: permission denied",
        "OSError: cannot open '/etc/x.conf': permission denied",
    ):
        found, other = values(query, f"raise({literal})", 'raise("cannot close %s: no permission")')
        assert found > 0
        assert found > other


def test_part_of_a_question_is_no_message() -> None:
    literal = 'test("optional and nullable", run)'
    assert values("optional and nullable type wrappers", literal) == [0.0]
    assert values("read-only optional and nullable types", literal) == [0.0]
    assert values("no such file or folder: a.txt", 'fail("no such file or folder: " + name)')[0] > 0


@pytest.mark.parametrize("query", ["parse file", "how are files parsed", "file", "parse the file at once"])
def test_questions_are_not_exact(query: str) -> None:
    assert values(query, 'parse_file("x")  # parse file', "def how_are_files(): parse()") == [0.0, 0.0]


def test_few_words_need_marks_or_quotes() -> None:
    assert values("parse file", 'print("parse file")') == [0.0]
    assert values("'parse file'", 'print("parse file")')[0] > 0
    assert values("application/json", 'type = "application/json"')[0] > 0
    assert values("no such page", 'print("no such page")', "# of no such page at all")[0] > 0
    assert values("no such page", "# of no such page at all") == [0.0]


def test_a_name_in_quotes_is_looked_for_as_a_name() -> None:
    definition, use = values("where is `MAX_SIZE` set", "MAX_SIZE = 3", "x = MAX_SIZE + 1", kind=Kind.MODULE)
    assert definition > use > 0
    assert values("where is the `size` set", "size = 3", "x = size + 1") == [0.0, 0.0]


def test_the_scope_of_a_name_counts() -> None:
    store = Store(None)
    for number, path in enumerate(("session.py", "pool.py")):
        store.put_file(FileRecord(path, "python", 1, 1, ""), [(unit("def close(): end()", name="close"), f"{number}")])
    first, second = store.named(["close"], 2)
    found = exact_values(store, understand("Session.close"), None)
    assert found[first] > found[second] > 0
    assert exact_values(store, understand("close"), None) == {}


def test_a_type_comes_before_what_else_has_its_name() -> None:
    store = Store(None)
    functions = [
        unit("class Table:\n    size = 3", Kind.CLASS, "Table", 1),
        unit("def Table(self):\n    return self.table[0]", Kind.METHOD, "Table", 11),
        unit("using Table = Other;", Kind.TYPE, "Table", 21),
        unit("Table = 3", Kind.MODULE, "", 31),
    ]
    ids = store.put_file(FileRecord("a.py", "python", 1, 1, ""), [(item, item.text) for item in functions]).ids
    found = exact_values(store, understand("Table"), None)
    assert [found[ids[0]] > found[item] > 0 for item in ids[1:]] == [True, True, True]


def test_uses_of_a_name_come_after_its_definition() -> None:
    definition, use, other_case, other_name = values(
        "MAX_SIZE", "MAX_SIZE = 3", "x = MAX_SIZE + 1", "max_size = 3", "x.MAX_SIZES", kind=Kind.MODULE
    )
    assert definition > other_case > other_name == 0
    assert definition > use > 0


@pytest.mark.parametrize(
    "text",
    [
        "LIMIT = 5",
        "LIMIT: int = 5",
        "export const LIMIT = 5",
        "static final int LIMIT = 5;",
        "private static readonly int LIMIT = 5;",
        "#define LIMIT 5",
        "#  define LIMIT (5)",
        "pub const LIMIT: usize = 5;",
        "static const char *LIMIT[] = {0};",
        "const (\n\tA = iota\n\tLIMIT = 2\n)",
        "var LIMIT int",
        "LIMIT := 5",
        "  LIMIT: 5,",
        "using LIMIT = Other;",
        "typedef struct x LIMIT;",
        "type LIMIT = string",
        "define('LIMIT', 5);",
        "M.LIMIT = 5",
        "module.exports.LIMIT = 5",
        "@LIMIT = 5",
    ],
)
def test_definitions(text: str) -> None:
    defined = definition_value("LIMIT", StoredFunction(1, "a.py", unit(text, Kind.MODULE)))
    for use in ("x = LIMIT", "if x == LIMIT:", "f(LIMIT)", "x.LIMIT = 5", "LIMIT == 5", "LIMIT(5)"):
        assert defined > definition_value("LIMIT", StoredFunction(1, "a.py", unit(use, Kind.MODULE))) > 0
    assert definition_value("LIMIT", StoredFunction(1, "a.py", unit("LIMITS = 1", Kind.MODULE))) == 0


def test_members_of_an_enumeration() -> None:
    text = "enum Color { RED, GREEN = 2,\n  BLUE\n}"
    for name in ("RED", "GREEN", "BLUE"):
        assert definition_value(name, StoredFunction(1, "a.c", unit(text, Kind.ENUM, "Color"))) > 0.9
    assert definition_value("Color.RED", StoredFunction(1, "color.c", unit(text, Kind.ENUM, "Color"))) > 0.9
    assert definition_value("Shape.RED", StoredFunction(1, "a.c", unit(text, Kind.ENUM, "Color"))) < 0.9


def test_phrases_of_queries() -> None:
    assert [item.text for item in phrases("where is 'no  such page' thrown")] == [
        "where is 'no such page' thrown",
        "no such page",
    ]
    assert phrases('"no such page"')[0].quoted
    assert phrases("the user's file isn't there") == phrases("the user's  file isn't there")
    assert [item.text for item in phrases("KeyError: 'a b'", is_message=True)] == ["'a b'", "KeyError: 'a b'"]


@pytest.mark.parametrize(
    "text",
    [
        "def f(self):\n    return self.g(x, y)",
        "def f(self): pass",
        "def f(x):\n    '''Says what it does.'''\n    raise NotImplementedError",
        "@overload\ndef f(x: int) -> int: ...",
        "public int getX() { return this.x; }",
        "abstract int f(int x);",
        "func (c *C) F() { c.g() }",
        "def f(a)\n  g(a)\nend",
        "fn f(&self) -> u8 { self.x }",
        "f(a: string): number;",
        "get size() { return this._size }",
    ],
)
def test_stubs(text: str) -> None:
    assert stub_value(Kind.METHOD, text, "g") > 0


@pytest.mark.parametrize(
    "text",
    [
        "def f(x):\n    return x * 2",
        "def f(x): return [y for y in x if y]",
        "func (c *C) F() int { return c.n + 1 }",
        "fn f(x: u8) -> u8 { x * 2 }",
        "def f(x: dict[str, int] = {}) -> int:\n    return sum(x.values())",
        "public static int Max(int a, int b) => a > b ? a : b;",
        "def f(x)\n  x.map { |y| y + 1 }\nend",
    ],
)
def test_short_functions_that_do_something_are_no_stubs(text: str) -> None:
    assert stub_value(Kind.METHOD, text) == 0


def test_a_call_of_something_else_says_how_it_is_done() -> None:
    assert stub_value(Kind.FUNCTION, "def parse_day(text):\n    return dates.fromisoformat(text)", "parse_day") == 0
    assert stub_value(Kind.FUNCTION, "def close(self):\n    return pool.close_all(self)", "close") > 0


def test_fragments() -> None:
    assert stub_value(Kind.MODULE, "#endif") == 1
    assert stub_value(Kind.MODULE, "LIMIT = 3") == 0
    assert stub_value(Kind.MACRO, "#define f(a) TRUE") == 1
    assert stub_value(Kind.MACRO, "#define f(a) ((a) + 1)") == 0


@given(st.text(alphabet=st.sampled_from("ab(){}[];:=, .\n\"'#@/*")), st.sampled_from(Kind))
def test_any_text_is_a_stub_or_none(text: str, kind: Kind) -> None:
    assert 0 <= stub_value(kind, text) <= 1


def test_stubs_of_long_lines_take_no_time() -> None:
    for text in ("a, " * 5000, "a." * 5000, "{" * 5000, "@a(" * 5000):
        stub_value(Kind.FUNCTION, f"def f(x):\n  return g({text}b]")


TERMS = {"session": 9, "sessil": 1, "retri": 7, "request": 5, "authent": 3, "secur": 2}


def terms(prefix: str, shortest: int, longest: int) -> dict[str, int]:
    return {term: n for term, n in TERMS.items() if term.startswith(prefix) and shortest <= len(term) <= longest}


@pytest.mark.parametrize(
    ("word", "meant"),
    [("sesion", "session"), ("reqeust", "request"), ("requesst", "request"), ("authenticaton", "authent")],
)
def test_misspelt_words(word: str, meant: str) -> None:
    assert near_words([word], terms) == {word: meant}


def test_words_near_to_none_stay() -> None:
    assert near_words(["seal", "zebra", "x1234", "rest"], terms) == {}


@given(st.text("abc"), st.integers(0, 9))
def test_one_slip(word: str, place: int) -> None:
    assert not one_slip(word, word)
    assert one_slip(word, word[:place] + "x" + word[place:])
    assert one_slip(word[:place] + "x" + word[place:], word)
    assert all(one_slip(a + b, b + a) for a, b in pairwise(word) if a != b)
