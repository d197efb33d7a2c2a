"""Documentation to one plain English sentence or paragraph, as a query might have it."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

MIN_WORDS = 3
MAX_WORDS = 60

_INTRODUCTION = re.compile(r"^[@\\](?:brief|short|description|desc|summary|abstract|details|doc|remarks?)\b:?\s*", re.I)
_RETURNS = re.compile(
    r"^(?:[@\\]returns?|:returns?:|Returns?:)\s*(?:\{[^}]*\}\s*|\[[^\]]*\]\s*)?(?:Returns?\b\s*)?", re.I
)
_XML_SUMMARY = re.compile(r"<summary>(.*?)</summary>", re.DOTALL | re.I)

# What ends the prose of a documentation comment: a tag, a section, an example.
_SECTION = re.compile(
    r"""^(?:
        [@\\][A-Za-z]\w*                                            # @param, \return
      | :\w[\w\s,.\[\]*]*:(?:\s|$)                                  # :param x:
      | \.\.\s+[\w-]+::                                             # .. note::
      | (?:Args|Arguments|Param(?:eter)?s?|Attributes|Returns?|Return\ values?|Raises|Throws|Yields?|Examples?|Usage
         |Notes?|See\ also|References|Warnings?|Keyword\ Args|Keyword\ Arguments|Options|Inputs?|Outputs?|Safety|Panics
         |Errors|Complexity|Defaults?|Signature|Since|Version|Authors?|Todo)\s*:?\s*$
      | (?:Args|Arguments|Params|Parameters|Returns?|Raises|Throws|Yields?|Examples?|Usage|See\ also|Todo)\s*:\s
      | \#{1,6}\s*(?:Examples?|Errors|Panics|Safety|Arguments|Parameters|Returns?|Notes?|Usage|See\ Also)\b
      | [-=~^"*]{3,}\s*$
      | >>>\ | ``` | ~~~
      | </?(?:pre|code|example|remarks|param|returns|typeparam|exception|ul|ol|table)\b
    )""",
    re.VERBOSE | re.IGNORECASE,
)
# gtk-doc lists parameters as `@name: words` before the prose.
_LEADING_PARAMETER = re.compile(r"^@\w+:(?:\s|$)")
_HEADING = re.compile(r"^(?:#{1,6}\s|={1,6}\s|call-seq:|:call-seq:|\*{2,})")

_MARKUP: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.DOTALL), replacement)
    for pattern, replacement in (
        (r"\{@(?:link|linkplain|see)\s+[^\s}|]+[\s|]+([^}]+)\}", r"\1"),
        (r"\{@\w+\s+#?([^}]*)\}", r"\1"),
        (r"<see(?:also)?\s+(?:cref|langword|href)=[\"'](?:\w:)?([^\"']*)[\"']\s*/>", r"\1"),
        (r"<(?:param|typeparam)ref\s+name=[\"']([^\"']*)[\"']\s*/>", r"\1"),
        (r"</?[A-Za-z][^<>]{0,80}>", " "),
        (r":[\w:+-]+:`~?([^`<]+?)\s*(?:<[^>`]*>)?`", r"\1"),
        (r"`([^`<]+?)\s*<[^>`]*>`_+", r"\1"),
        (r"!?\[`?([^\]`]+)`?\](?:\([^)]*\)|\[[^\]]*\])", r"\1"),
        (r"\[\[?`?([\w:.#<>()]+)`?\]?\]", r"\1"),
        (r"https?://\S+", " "),
        (r"[\\@](?:c|p|a|e|em|b|ref|link|endlink|code|endcode|l)\b", " "),
        (r"(?<![\w@])@(?=[A-Za-z_]\w*)", ""),
        (r"`+|\*\*|__(?=\w)|(?<=\w)__", ""),
        (r"(?<![\w*])\*(?=\w)([^*]*)(?<=\w)\*(?![\w*])", r"\1"),
        (r"(?<!\w)[+|]([\w.:#?!]+)[+|](?!\w)", r"\1"),
        (r"\s*\[\d+\]_?", ""),
    )
)
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z`\"'(])")
_ABBREVIATION = re.compile(r"(?:\b(?:e\.g|i\.e|etc|vs|cf|resp|approx|incl|no|fig|eq)|\b[A-Z])\.$", re.I)
_WORD = re.compile(r"[A-Za-z][A-Za-z'-]*")
_SYMBOL = re.compile(r"[{};=<>\[\]|\\$&^~]")

_UNUSABLE = re.compile(
    r"""
      ^(?:todo|fixme|xxx|hack|bug|note\s+to\s+self|wip|tbd)\b
    | \bcopyright\b | \(c\)\s*\d{4} | licen[sc]ed?\s+under | all\s+rights\s+reserved | spdx-license
    | redistribution\s+and
    | inherit[-_ ]?doc | ^documentation\s+inherited | ^see\s | ^\(?non-javadoc | ^overridden\b | ^@?override\b
    | ^[\w.*]+\s*\(.{1,80}?\)\s*: | ^\w+\s:\s    # a parameter where the prose should be
    | ^deprecated\b | ^undocumented\b | ^not\s+documented | ^no\s+documentation | ^auto[- ]?generated
    | ^(?:eslint|tslint|jshint|jslint|jscs|prettier|istanbul|c8|v8|nolint|noinspection|pylint|flake8|noqa|type:|mypy
       |rubocop|clang-format|clang-tidy|nosec|go:|\+build|nosonar|phpcs|phpstan|psalm|swiftlint|ktlint|region|endregion|pragma
       |codecov|coverage|lint|vim:|eof|todo)\b
    | ^(?:this|the)\s+(?:method|function|class)\s+is\s+(?:deprecated|generated|auto)
    | \bthis\s+(?:file|function|method)\s+(?:was|is)\s+(?:auto(?:matically)?[- ]?)?generated
    """,
    re.VERBOSE | re.IGNORECASE,
)


def describe(documentation: str) -> str | None:
    """The first usable paragraph of 3 to 60 words, without markup, tags and sections; None if there is none."""
    for paragraph in _paragraphs(documentation):
        text = _shortened(_plain(paragraph))
        if text is not None and _is_usable(text):
            return text
    return None


def words(text: str) -> list[str]:
    """The words of prose, in order and in their own case."""
    return _WORD.findall(text)


def first_sentence(text: str) -> str:
    """The text up to its first full stop."""
    return _sentences(text)[0]


def _paragraphs(documentation: str) -> Iterator[str]:
    """The prose before the first section, paragraph by paragraph; without any, what is said to be returned."""
    summary = _XML_SUMMARY.search(documentation)
    lines = (summary[1] if summary else documentation).strip().splitlines()
    paragraph: list[str] = []
    found = False
    returns = ""
    in_parameters = False
    for raw in lines:
        line = _INTRODUCTION.sub("", raw.strip())
        if _RETURNS.match(line) and not returns:
            returns = _RETURNS.sub("Returns ", line)
        in_parameters = bool(line) and (in_parameters or _LEADING_PARAMETER.match(line) is not None)
        if in_parameters:
            continue
        if _SECTION.match(line):
            break
        if not line or _HEADING.match(line):
            if paragraph:
                yield " ".join(paragraph)
                found, paragraph = True, []
        else:
            paragraph.append(line)
    if paragraph:
        yield " ".join(paragraph)
    elif not found and returns:
        yield returns


def _plain(paragraph: str) -> str:
    for pattern, replacement in _MARKUP:
        paragraph = pattern.sub(replacement, paragraph)
    text = " ".join(html.unescape(paragraph).split())
    return re.sub(r"\s+([.,;:!?)])", r"\1", text).strip(" -*:")


def _sentences(text: str) -> list[str]:
    sentences: list[str] = []
    for piece in _SENTENCE_END.split(text):
        if sentences and _ABBREVIATION.search(sentences[-1]):
            sentences[-1] += " " + piece
        else:
            sentences.append(piece)
    return sentences


def _shortened(text: str) -> str | None:
    """As many whole sentences as fit into the most words allowed; None if not even the first does."""
    kept: list[str] = []
    count = 0
    for sentence in _sentences(text):
        count += len(words(sentence))
        if count > MAX_WORDS:
            break
        kept.append(sentence)
    return " ".join(kept) or None


def _is_usable(text: str) -> bool:
    letters = sum(character.isalpha() or character == " " for character in text)
    return (
        len(words(text)) >= MIN_WORDS
        and sum(character.isascii() for character in text) >= 0.97 * len(text)
        and letters >= 0.75 * len(text)
        and len(_SYMBOL.findall(text)) <= 0.04 * len(text)
        and not text.endswith((";", "{"))
        and not _UNUSABLE.search(text)
    )
