"""Questions out of a code base's own documentation."""

from __future__ import annotations

import pytest

from fathom_indexer.languages.extract import extract
from fathom_indexer.languages.registry import language_named
from fathom_research.evaluation.documented import ask_documentation, blank_documentation, first_sentence

PYTHON = b'''def retry(upload, times):
    """Try a failed upload again and again.

    Args:
        times: How often.
    """
    # Try a failed upload again and again.
    return upload(times)


def bare():
    return 1
'''

JAVA = b"""class Paper {
    /**
     * Folds a sheet of paper in two. Does nothing else.
     *
     * @param sheet what is folded
     */
    Sheet fold(Sheet sheet) {
        return sheet.half();
    }

    int cut() { return 1; }
}
"""


@pytest.mark.parametrize(
    ("documentation", "sentence"),
    [
        ("Try a failed upload again. And again.", "Try a failed upload again"),
        ("Reads `name` of the\nopen file\n\nMore.", "Reads name of the open file"),
        ("Too short.", ""),
        ("@param name what it is called here", ""),
        ("See https://example.org for all of it", ""),
        ("Gets or sets the <see cref='X'/> of the thing", ""),
    ],
)
def test_first_sentences(documentation: str, sentence: str) -> None:
    assert first_sentence(documentation) == sentence


@pytest.mark.parametrize(("language", "source"), [("python", PYTHON), ("java", JAVA)])
def test_documentation_is_taken_out_and_nothing_moves(language: str, source: bytes) -> None:
    before = extract(source, language_named(language))
    [documented] = [unit for unit in before if unit.documentation]
    after = extract(blank_documentation(source, documented), language_named(language))
    assert not any(unit.documentation for unit in after)
    assert {(unit.qualified_name, unit.end_line) for unit in after if unit.name} == {
        (unit.qualified_name, unit.end_line) for unit in before if unit.name
    }


def test_questions_and_what_is_searched_for_them() -> None:
    asked, changed = ask_documentation({"retry.py": PYTHON, "Paper.java": JAVA, "notes.txt": b"Fold it."}, 5)
    assert {(one.question, one.path, one.function.name) for one in asked} == {
        ("Try a failed upload again and again", "retry.py", "retry"),
        ("Folds a sheet of paper in two", "Paper.java", "fold"),
    }
    for one in asked:
        assert not one.function.documentation
        source = changed[one.path]
        assert source[one.function.start_byte : one.function.end_byte].decode() == one.function.text


def test_a_sentence_of_several_functions_is_no_question() -> None:
    other = PYTHON.replace(b"def retry", b"def again")
    assert ask_documentation({"one.py": PYTHON, "two.py": other}, 5) == ([], {})
