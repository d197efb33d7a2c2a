"""How alike code is built."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fathom_indexer.duplicates.structure import features, structure

GCD_PYTHON = "def gcd(a, b):\n    while b != 0:\n        a, b = b, a % b\n    return a"
GCD_JAVA = "static int gcd(int x, int y) { while (y != 0) { int rest = x % y; x = y; y = rest; } return x; }"
COUNT_JAVA = "static int count(List<String> names) { int n = 0; for (String s : names) { n += s.length(); } return n; }"
UPPER_RUBY = "def shout(words)\n  words.map { |word| word.upcase }.join(' ')\nend"


def test_the_same_function_in_another_language_is_nearest() -> None:
    alike = structure(features(GCD_PYTHON), [features(code) for code in (COUNT_JAVA, GCD_JAVA, UPPER_RUBY)])
    assert max(alike) == alike[1]


def test_what_languages_spell_differently_is_the_same() -> None:
    assert features("x == None and not y") == features("x === null && !y")
    assert features("elif x:") == features("elsif x")
    assert features("items.append(n)") == features("items.push(n)")
    assert features("len(xs)") == features("xs.size")


def test_case_and_joints_of_names_do_not_count() -> None:
    assert features("readHTTPHeader") == features("read_http_header")


def test_a_word_is_not_taken_for_a_sign_that_is_called_so() -> None:
    assert not set(features("differ rest equal")) & set(features("^ % =="))


def test_nothing_is_like_nothing() -> None:
    assert structure(features(""), [features("a + b"), features("")]) == [0, 0]
    assert structure(features("a"), []) == []


@given(st.text(max_size=200), st.lists(st.text(max_size=200), max_size=5))
def test_any_texts_have_a_likeness_from_0_to_1(query: str, candidates: list[str]) -> None:
    assert all(0 <= value <= 1 for value in structure(features(query), [features(text) for text in candidates]))


def test_code_is_most_like_itself() -> None:
    codes = [GCD_PYTHON, GCD_JAVA, COUNT_JAVA, UPPER_RUBY]
    for index, code in enumerate(codes):
        alike = structure(features(code), [features(other) for other in codes])
        assert alike.index(max(alike)) == index
        assert alike[index] > 0.99
