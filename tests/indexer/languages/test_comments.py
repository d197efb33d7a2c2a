"""Comments as people write them in each language, and the words that are left of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fathom_indexer.languages import extract, language_named
from fathom_indexer.languages.comments import clean_comments


@pytest.mark.parametrize(
    ("comments", "words"),
    [
        pytest.param(['"""One line."""'], "One line.", id="docstring"),
        pytest.param(["'''One line.'''"], "One line.", id="docstring in apostrophes"),
        pytest.param(["'One line.'"], "One line.", id="short docstring"),
        pytest.param(['r"""A \\d digit."""'], "A \\d digit.", id="raw docstring"),
        pytest.param(
            ['"""Summary.\n\n        * a list\n            deeper\n        # not a mark\n    """'],
            "Summary.\n\n* a list\n    deeper\n# not a mark",
            id="docstring keeps its layout",
        ),
        pytest.param(
            ['"""\n    Parameters\n    ----------\n    x\n    """'],
            "Parameters\n----------\nx",
            id="docstring keeps its rules",
        ),
        pytest.param(['"""'], "", id="unfinished docstring"),
        pytest.param(["# One.", "#  Two.", "#"], "One.\n Two.", id="hash"),
        pytest.param(["#: An attribute."], "An attribute.", id="Sphinx"),
        pytest.param(["#!/bin/sh"], "/bin/sh", id="shebang"),
        pytest.param(["# -----", "# Title", "# ====="], "Title", id="rules"),
        pytest.param(["############", "# Boxed", "############"], "Boxed", id="box"),
        pytest.param(["// One.", "// Two."], "One.\nTwo.", id="slashes"),
        pytest.param(
            ["/// Doc.", "///", "/// # Examples", "///     code()"], "Doc.\n\n# Examples\n    code()", id="Rust"
        ),
        pytest.param(["//! Inner."], "Inner.", id="Rust, inner"),
        pytest.param(["/// <summary>Adds.</summary>"], "<summary>Adds.</summary>", id="C#"),
        pytest.param(["///< Behind."], "Behind.", id="Doxygen, behind"),
        pytest.param(["//go:noinline"], "go:noinline", id="Go directive"),
        pytest.param(["/* One. */"], "One.", id="block"),
        pytest.param(["/** One. */"], "One.", id="Javadoc"),
        pytest.param(
            ["/**\n * Sum.\n *\n * @param a - first\n *     indented\n */"],
            "Sum.\n\n@param a - first\n    indented",
            id="JSDoc",
        ),
        pytest.param(["/**\n\t * Sum.\n\t */"], "Sum.", id="JSDoc with tabs"),
        pytest.param(["/**\r\n * One.\r\n * Two.\r\n */"], "One.\nTwo.", id="carriage returns"),
        pytest.param(["/*!\n  \\brief Sum.\n\n  More.\n*/"], "\\brief Sum.\n\nMore.", id="Qt"),
        pytest.param(["/*\n * item\n * * nested\n */"], "item\n* nested", id="star in a star"),
        pytest.param(["/*\nPlain.\n\n* item\n*/"], "Plain.\n\n* item", id="block without stars"),
        pytest.param(["/***************\n * Boxed.\n ***************/"], "Boxed.", id="star box"),
        pytest.param(["/**/"], "", id="empty block"),
        pytest.param(["/* One", "int x;"], "One\nint x;", id="unfinished block"),
        pytest.param(["-- One.", "-- Two."], "One.\nTwo.", id="dashes"),
        pytest.param(["--- Sum.", "-- @param a"], "Sum.\n@param a", id="LuaDoc"),
        pytest.param(["--[[ One.\n  Two. ]]"], "One.\nTwo.", id="Lua block"),
        pytest.param(["--[==[ One. ]==]"], "One.", id="Lua long block"),
        pytest.param(["-- | Sum.", "-- More."], "Sum.\nMore.", id="Haddock"),
        pytest.param(["{-| Sum. -}"], "Sum.", id="Haddock block"),
        pytest.param(["=begin\nOne.\n=end"], "One.", id="Ruby block"),
        pytest.param(["/* One. */", "// Two."], "One.\nTwo.", id="mixed"),
        pytest.param([], "", id="none"),
    ],
)
def test_words_of_comments(comments: list[str], words: str) -> None:
    assert clean_comments(comments) == words


@given(st.lists(st.text(alphabet=" \t\n*/#-={}[]|\"'!<>;:@ab\r")))
def test_any_text_can_be_cleaned(comments: list[str]) -> None:
    assert set(clean_comments(comments)) <= set("".join(comments)) | {"\n", " "}


@given(
    st.lists(st.from_regex(r"[a-z]{1,9}( [a-z]{1,9}){0,4}", fullmatch=True), min_size=1, max_size=5),
    st.sampled_from(["# {}", "// {}", "/// {}", "-- {}", "/** {} */", "/* {} */", '"""{}"""']),
)
def test_no_word_is_lost(lines: list[str], form: str) -> None:
    assert clean_comments(form.format(line) for line in lines) == "\n".join(lines)


def documentation(language: str, source: str) -> dict[str, str]:
    return {unit.name: unit.documentation for unit in extract(source.encode(), language_named(language)) if unit.name}


def test_comment_documents_only_what_is_directly_below() -> None:
    source = "// far\n\n// near\nfunction a() {}\n// stacked\n// twice\nfunction b() {}\n"
    assert documentation("javascript", source) == {"a": "near", "b": "stacked\ntwice"}


def test_comment_behind_code_documents_nothing_below() -> None:
    assert documentation("javascript", "let x = 1; // about x\nfunction a() {}\n") == {"a": ""}
    assert documentation("java", "class A { // about A\n  void a() {}\n}\n") == {"A": "", "a": ""}


def test_comment_at_the_end_of_a_block_documents_nothing_below() -> None:
    source = "def a():\n    pass\n    # the end of a\ndef b():\n    pass\n"
    assert documentation("python", source) == {"a": "", "b": ""}


def test_comment_between_blocks_documents_what_is_below() -> None:
    source = "class A:\n    def a(self): pass\n    # about b\n    def b(self): pass\n# about c\ndef c(): pass\n"
    assert documentation("python", source) == {"A": "", "a": "", "b": "about b", "c": "about c"}


def test_attributes_may_stand_between_and_do_not_count_as_words() -> None:
    source = "/// Doc.\n#[inline]\n// More.\n#[cold]\nfn a() {}\n"
    (unit,) = extract(source.encode(), language_named("rust"))
    assert unit.documentation == "Doc.\nMore."
    assert unit.signature == "fn a()"
    assert unit.text == source.split("\n", 1)[1].rstrip()


def test_docstring_comes_before_the_comment_above() -> None:
    assert documentation("python", '# Above.\ndef a():\n    """Inside."""\n') == {"a": "Inside.\n\nAbove."}
