"""Long runs of data are cut short in texts; the code around them is not touched."""

from __future__ import annotations

import base64
import random
from pathlib import Path

import pytest

from fathom_indexer.languages import extract, language_named
from fathom_indexer.languages.data import RUN_BYTES, data_spans
from fathom_indexer.types import FUNCTION_KINDS, Function

CHANCE = random.Random(7)
ROWS = 3000


def numbers(row: str, count: int = ROWS) -> str:
    """Rows of chance: each `#` a number from 0 to 255, each `%` two digits of hexadecimal, each `~` a decimal."""
    made = {
        "#": lambda: str(CHANCE.randrange(256)),
        "%": lambda: f"{CHANCE.randrange(256):02x}",
        "~": lambda: f"{CHANCE.uniform(-90, 90):.5f}",
    }
    return "".join("".join(made[c]() if c in made else c for c in row) + "\n" for _ in range(count))


BASE64 = base64.b64encode(CHANCE.randbytes(120_000)).decode()
BASE64_LINES = [BASE64[start : start + 76] for start in range(0, len(BASE64), 76)]

SOURCES = {
    "bytes in C": ("c", "const unsigned char logo[] = {", numbers("  " + "0x%, " * 12), "};"),
    "decimals in C": ("c", "const int sizes[] = {", numbers("  " + "#, " * 16), "};"),
    "floats in C": ("c", "const float weights[4][4] = {", numbers("  {~f, ~f, ~f, ~f},"), "};"),
    "escapes in C": ("c", "const char blob[] =", numbers('  "' + "\\x%" * 16 + '"'), '  "";'),
    "hashes in JavaScript": ("javascript", "const known = [", numbers('  "' + "%" * 32 + '",'), "];"),
    "records in JavaScript": ("javascript", "const places = [", numbers('  {"id": #, "lat": ~, "lon": ~},'), "];"),
    "base64 in JavaScript": ("javascript", "const font = `", "\n".join(BASE64_LINES) + "\n", "`;"),
    "one line of base64": ("javascript", 'const font = "', "", BASE64 + '";'),
    "one line of numbers": ("javascript", "const font = [", numbers("#,", 30_000).replace("\n", ""), "];"),
    "base64 in Python": ("python", "LOGO = (", "".join(f'    "{line}"\n' for line in BASE64_LINES), ")"),
    "tuples in Python": ("python", "TABLE = [", numbers("    (#, #, ~),"), "]"),
    "bytes in Rust": ("rust", "pub const LOGO: [u8; 36000] = [", numbers("    " + "0x%, " * 12), "];"),
}
FUNCTIONS = {
    "c": "int {name}(int a) {{\n  return a + 17;\n}}\n",
    "javascript": "function {name}(a) {{\n  return a + 17;\n}}\n",
    "python": "def {name}(a):\n    return a + 17\n",
    "rust": "fn {name}(a: i32) -> i32 {{\n    a + 17\n}}\n",
}
every_source = pytest.mark.parametrize(("language", "head", "rows", "tail"), SOURCES.values(), ids=SOURCES)


def size(units: list[Function]) -> int:
    return sum(len(unit.text) for unit in units)


@every_source
def test_data_is_cut_short_and_the_functions_around_it_are_whole(
    language: str, head: str, rows: str, tail: str
) -> None:
    before, after = (FUNCTIONS[language].format(name=name) for name in ("before", "after"))
    source = f"{before}\n{head}\n{rows}{tail}\n\n{after}".encode()
    units = extract(source, language_named(language))
    functions = [unit for unit in units if unit.kind in FUNCTION_KINDS]
    assert [(unit.name, unit.text) for unit in functions] == [("before", before.strip()), ("after", after.strip())]
    assert size(units) < 3000 and len(units) <= 5
    assert any(head.strip(' =[{(`"') in unit.text for unit in units)


@every_source
def test_what_is_cut_out_lies_within_a_unit(language: str, head: str, rows: str, tail: str) -> None:
    source = f"{head}\n{rows}{tail}\n".encode()
    units = extract(source, language_named(language))
    for start, end in data_spans(source):
        assert any(unit.start_byte <= start and end <= unit.end_byte for unit in units)


def test_a_function_that_holds_data_is_found_with_what_else_it_does() -> None:
    rows = numbers("\t\t" + "0x%, " * 12)
    source = f"func asset() []byte {{\n\traw := []byte{{\n{rows}\t}}\n\treturn inflate(raw)\n}}\n".encode()
    (unit,) = extract(b"package assets\n" + source, language_named("go"))[1:]
    assert (unit.name, unit.start_line, unit.end_line) == ("asset", 2, ROWS + 6)
    assert "return inflate(raw)" in unit.text and len(unit.text) < 2000


def test_a_class_that_holds_data_keeps_its_methods() -> None:
    rows = numbers("        (#, #, ~),")
    source = f"class Curve:\n    POINTS = [\n{rows}    ]\n\n    def length(self):\n        return len(self.POINTS)\n"
    units = extract(source.encode(), language_named("python"))
    assert [unit.qualified_name for unit in units] == ["Curve", "Curve.length"]
    assert "POINTS" in units[0].text and size(units) < 2000


@pytest.mark.parametrize(
    "row",
    [
        '    ("Liechtenstein", "LI", 438),\n    ("Austria", "AT", 40),\n    ("Côte d\'Ivoire", "CI", 225),\n',
        "    case OPCODE_LOAD_1: return load(1);\n    case OPCODE_STORE_2: return store(2);\n",
        "#define FLAG_READ 0x01\n#define FLAG_WRITE 0x02\n",
        "x1 = compute(x0, 12)\ny2 = transform(x1, 13)\n",
        "    assert parse_day('2024-01-02') == Day(2024, 1, 2)\n    check(area(3, 4), 12)\n",
        "////////////////////////////////////////////////////////////////////////////////\n",
        "    short_name_of_something_1, another_rather_long_identifier_22,\n    third_3_name, four,\n",
    ],
)
def test_code_with_numbers_is_no_data(row: str) -> None:
    assert data_spans(row.encode() * (3 * RUN_BYTES // len(row))) == []


def test_short_runs_are_kept() -> None:
    row = b"  0x01, 0x02, 0x03, 0x04,\n"
    assert data_spans(row * (RUN_BYTES // len(row))) == []
    assert data_spans(row * (RUN_BYTES // len(row) + 1) + b"0123456789" * 5) != []


def test_the_sources_of_this_project_hold_no_data() -> None:
    for file in (Path(__file__).parents[3] / "indexer").rglob("*.py"):
        assert data_spans(file.read_bytes()) == []
