"""Tokens and sketches, for every language that is read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fathom_indexer.duplicates.sketch import overlap, sketch_of
from fathom_indexer.duplicates.tokens import IDENTIFIER, NUMBER, OTHER, STRING, tokens_of
from fathom_indexer.languages import LANGUAGES, Language, extract, language_named, language_of_path
from fathom_indexer.types import FUNCTION_KINDS

FIXTURES = Path(__file__).parents[2] / "fixtures" / "languages"

COMMENTS = {
    "c": "/* said */",
    "fsharp": "// said",
    "haskell": "-- said",
    "lua": "-- said",
    "ocaml": "(* said *)",
    "ocaml-interface": "(* said *)",
    "sql": "-- said",
    **dict.fromkeys(
        ["bash", "elixir", "gdscript", "hcl", "julia", "nix", "perl", "powershell", "python", "ruby"], "# said"
    ),
}

PYTHON = language_named("python")

WITH_FUNCTIONS = [language for language in LANGUAGES if language.name != "hcl"]


def longest_function(language: Language) -> str:
    """The text of the longest function in the language's fixtures that are no broken code."""
    return max(
        (
            function.text
            for file in sorted((FIXTURES / language.name).iterdir())
            if file.suffix != ".golden" and "roken" not in file.name and language_of_path(file.name) == language
            for function in extract(file.read_bytes(), language)
            if function.kind in FUNCTION_KINDS
        ),
        key=len,
    )


def texts(code: str, language: str = "python") -> list[str]:
    return list(tokens_of(code, language_named(language)).texts)


@pytest.mark.parametrize("language", WITH_FUNCTIONS, ids=lambda language: language.name)
def test_comments_and_layout_do_not_count(language: Language) -> None:
    text = longest_function(language)
    plain = sketch_of(tokens_of(text, language))
    assert plain.tokens > 5
    commented = f"{text}\n{COMMENTS.get(language.name, '// said')}\n"
    assert sketch_of(tokens_of(commented, language)).exact == plain.exact
    respaced = re.sub(r"(?<=\S), (?=\S)", ",    ", text)
    assert sketch_of(tokens_of(respaced, language)).renamed == plain.renamed


@pytest.mark.parametrize("language", WITH_FUNCTIONS, ids=lambda language: language.name)
def test_names_that_are_replaced_consistently_do_not_count(language: Language) -> None:
    text = longest_function(language)
    tokens = tokens_of(text, language)
    plain = sketch_of(tokens)
    everything_else = " ".join(
        token for token_class, token in zip(tokens.classes, tokens.texts, strict=True) if token_class != IDENTIFIER
    )
    names = [
        token
        for token_class, token in zip(tokens.classes, tokens.texts, strict=True)
        if token_class == IDENTIFIER and re.fullmatch(r"[a-z]\w*", token) and token not in everything_else
    ]
    name = max(names, key=lambda name: (names.count(name), len(name)))
    renamed = sketch_of(tokens_of(re.sub(rf"(?<![\w@]){name}(?![\w!?'])", "zzqx", text), language))
    assert renamed.renamed == plain.renamed
    assert renamed.exact != plain.exact
    assert overlap(renamed.grams, plain.grams) == 1
    assert overlap(renamed.names, plain.names) < 1


def test_names_that_are_swapped_somewhere_do_count() -> None:
    one = sketch_of(tokens_of("def f(a, b):\n    return a - b, b\n", PYTHON))
    other = sketch_of(tokens_of("def f(a, b):\n    return b - a, b\n", PYTHON))
    assert one.renamed != other.renamed


def test_classes_of_tokens() -> None:
    tokens = tokens_of("def f(a):\n    return a + 1.5 or 'x' if True else None", PYTHON)
    assert tokens.texts == tuple("def f ( a ) : return a + 1.5 or 'x' if True else None".split())
    classes = dict(zip(tokens.texts, tokens.classes, strict=True))
    assert (classes["a"], classes["1.5"], classes["'x'"], classes["True"]) == (IDENTIFIER, NUMBER, STRING, OTHER)


def test_docstrings_are_remarks_and_other_strings_are_not() -> None:
    assert texts('def f():\n    """Said."""\n    return "kept"') == ["def", "f", "(", ")", ":", "return", '"kept"']


def test_what_is_interpolated_into_a_string_is_code() -> None:
    assert texts('x = f"a{b + 1}c"') == ["x", "=", 'f"a', "{", "b", "+", "1", "}", 'c"']


@pytest.mark.parametrize(
    ("language", "method"),
    [
        ("java", "public int size() { return this.items.size(); }"),
        ("typescript", "get size(): number { return this.items.length }"),
        ("javascript", "async *items() { yield this.first; }"),
        ("php", "private function size(): int { return count($this->items); }"),
        ("csharp", "public int Size { get { return items.Count; } }"),
        ("ocaml", "method size = List.length items"),
    ],
)
def test_a_method_is_read_without_its_class(language: str, method: str) -> None:
    kept = tokens_of(method, language_named(language))
    assert kept.texts[0] in {"public", "get", "async", "private", "method"}
    assert not any(token.startswith("class") for token in kept.texts)
    assert len(kept) >= 7


@pytest.mark.parametrize("code", ["", "\n", "((((", "def", "\x00", "\ufffd", "'"])
def test_anything_has_tokens(code: str) -> None:
    sketch = sketch_of(tokens_of(code, PYTHON))
    assert overlap(sketch.grams, sketch.grams) == 1


def test_a_statement_put_in_changes_few_grams() -> None:
    lines = [f"    value{index} = first{index}(value, {index})" for index in range(10)]
    one = sketch_of(tokens_of("\n".join(["def f(value):", *lines]), PYTHON))
    lines.insert(5, "    print('here')")
    other = sketch_of(tokens_of("\n".join(["def f(value):", *lines]), PYTHON))
    assert one.renamed != other.renamed
    assert 0.8 < overlap(one.grams, other.grams) < 1
