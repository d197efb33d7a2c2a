from __future__ import annotations

from dataclasses import replace

import pytest

from fathom_indexer.languages import language_named
from fathom_research.training.data.holdout import fingerprint
from fathom_research.training.data.manifest import Package
from fathom_research.training.data.mine import Mined, Tally, mine
from fathom_research.training.data.sources import Source

PACKAGE = Package("shelf", "pypi", ("python", "javascript", "go", "java"), "MIT")


def mined(
    code: str, language: str = "python", held: frozenset[str] = frozenset(), package: Package = PACKAGE
) -> list[Mined]:
    """The functions mined of one file."""
    source = Source(f"shelf/file.{language}", language_named(language), code.encode())
    return [found for found, _ in mine(package, [source], held, Tally())]


def test_takes_documented_functions_without_their_documentation(python_source: str) -> None:
    first, second = mined(python_source)
    assert (first.qualified_name, first.description) == (
        "merge_intervals",
        "Joins intervals that overlap into one each.",
    )
    assert first.code.startswith("def merge_intervals(intervals):\n    merged = []\n    for start, end")
    assert (second.qualified_name, second.description) == ("Shelf.widest", "Find the shelf that takes the most room.")
    assert second.code.startswith(
        "@staticmethod\ndef widest(shelves, default=None):\n    best = default\n    for shelf in shelves:\n"
    )
    for found in (first, second):
        assert found.description not in found.code
        compile(found.code, "code", "exec")
    assert first.file == second.file == "shelf/file.python"
    assert first.id != second.id


def test_comments_above_are_documentation(go_source: str) -> None:
    (found,) = mined(go_source, "go")
    assert found.description == "mergeIntervals joins intervals that overlap into one each."
    assert found.code.startswith("func mergeIntervals(") and "//" not in found.code


@pytest.mark.parametrize(
    "code",
    [
        pytest.param(
            'def get_width(self):\n    """Returns the width of it."""\n    size = self.size\n    return size.w\n',
            id="accessor",
        ),
        pytest.param('def f():\n    """Does something of use."""\n    return 1\n', id="short"),
        pytest.param(
            'def area(self, width, height, depth):\n    """Tells how large it is."""\n    # Somebody else knows.\n'
            "    raise NotImplementedError(self, width, height, depth)\n",
            id="abstract",
        ),
        pytest.param(
            'def test_area(shelf, width):\n    """Tells whether the area is right."""\n    area = shelf.area()\n'
            "    assert area == width * shelf.height\n    assert area > 0\n",
            id="test",
        ),
    ],
)
def test_leaves_out(code: str) -> None:
    assert mined(code) == []


JAVASCRIPT = """
/** Joins intervals that overlap into one each. */
exports.merge = function (first, second) {
  const low = Math.min(first.low, second.low);
  const high = Math.max(first.high, second.high);
  return { low, high };
};
"""
BODY = JAVASCRIPT.partition("exports.merge = ")[2].rstrip().rstrip(";")


@pytest.mark.parametrize(
    "listed", [f"exports.merge = {BODY};", f"exports.merge = {BODY}", BODY, BODY.replace(" ", "\n")]
)
def test_held_out_functions_are_left_out_however_they_are_cut(listed: str) -> None:
    assert len(mined(JAVASCRIPT, "javascript")) == 1
    assert mined(JAVASCRIPT, "javascript", frozenset({fingerprint(listed)})) == []


def test_held_out_with_or_without_docstring_or_comments(python_source: str) -> None:
    def names(listed: str) -> list[str]:
        return [found.name for found in mined(commented, held=frozenset({fingerprint(listed)}))]

    commented = python_source.replace("    best = default\n", "    # Start somewhere.\n        best = default\n")
    listed = commented[commented.index("    def widest") :]
    bare = listed.replace(
        '"""Find the shelf that takes the most room.\n\n        >>> Shelf.widest([])\n        """', ""
    )
    assert names("") == ["merge_intervals", "widest"]
    assert names(listed) == ["merge_intervals"]
    assert names(bare) == ["merge_intervals"]
    assert names(bare.replace("# Start somewhere.", "")) == ["merge_intervals"]
    assert names("    @staticmethod\n" + listed) == ["merge_intervals"]


def test_at_most_so_many_of_a_file_and_of_a_package(python_source: str) -> None:
    function = python_source.partition("\n\n\n")[2].partition("\n\n\n")[0]
    many = "\n\n\n".join(function.replace("merge_intervals", f"merge_{number}") for number in range(90))
    assert len(mined(many)) == 60
    assert len(mined(many, package=replace(PACKAGE, limit=20))) == 20


def test_what_is_taken_does_not_depend_on_the_order_of_files(python_source: str) -> None:
    python = language_named("python")
    sources = [Source(f"shelf/{number}.py", python, python_source.encode()) for number in range(6)]
    package = replace(PACKAGE, limit=4)
    taken = [found for found, _ in mine(package, sources, frozenset(), Tally())]
    assert taken == [found for found, _ in mine(package, sources[::-1], frozenset(), Tally())]


def test_a_file_that_is_no_source_stops_nothing(python_source: str) -> None:
    python = language_named("python")
    broken = Source("shelf/broken.py", python, b"\xff\xfe def (((" * 50)
    tally = Tally()
    found = list(mine(PACKAGE, [broken, Source("shelf/a.py", python, python_source.encode())], frozenset(), tally))
    assert len(found) == tally.taken == 2
    assert tally.files == 2
