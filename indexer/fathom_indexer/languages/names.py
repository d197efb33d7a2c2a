"""Splits names as they are written in source, such as `Outer::Type<T>::name` or `module.name`."""

from __future__ import annotations

import re

# `Outer::Inner::method`, `module.function`, `Table:method`, `Name\Space`; other names are left as they are.
_DOTTED = re.compile(r"(?P<owner>[\w$]+(?:(?:::|[.:\\])[\w$]+)*)(?:::|[.:\\])(?P<name>~?[\w$?!]+)")
_SEPARATOR = re.compile(r"::|[.:\\]")
_AROUND_COLONS = re.compile(r"(?<!operator) ?:: ?")

# The arguments in `Matrix<float>::row`.
_TYPE_ARGUMENTS = re.compile(r"(?<=[\w$]) ?<[^<>]*>")

# `Type::operator==`; a table of Lua may be called `operator`.
_OPERATOR = re.compile(r"(?:(?P<owner>.+?)::)?(?P<name>operator\b(?! ?(?:\.|:(?!:))).*)")
_CONVERSION = re.compile(r"operator[\s:]+\w(?:[^(<]|<[^<>]*(?:<[^<>]*>[^<>]*)*>)*")
_LAST_OPERATOR = re.compile(r"(?:\w+ ?:: ?)*\boperator\b(?! ?(?:\.|:(?!:))).*", re.DOTALL)

# The scope of a name of PowerShell: `global:Get-Item`, `$script:Cache`.
_SCOPE = re.compile(r"(?P<sigil>\$?)(?:global|local|private|script):(?P<name>.+)", re.IGNORECASE)

# The arguments of a macro, strings and brackets whole; a text among them; a word.
_ARGUMENT = re.compile(r'(?:"(?:[^"\\]|\\.)*"|\([^()]*\)|[^,"()])+')
_TEXT = re.compile(r'L?R?"\(?(?P<text>(?:[^"\\]|\\.)*?)\)?"', re.DOTALL)
_WORD = re.compile(r"[A-Za-z_]\w*(?:::\w+)*")
_NO_NAMES = frozenset("void int char bool long short float double unsigned signed const static".split())

# `"in quotes"`, Kotlin's backticks, Zig's `@"name"`, Ruby's `:symbol`, Haskell's `(+)`.
_QUOTED = re.compile(r"""(?:@?(["'`])|:(?!:)|(\())(?P<name>.+)(?(1)\1|)(?(2)\)|)""")


def split_owner(name: str, language: str) -> tuple[str, str]:
    """The owner within a name, as a dotted path or empty, and the name without it."""
    name = _AROUND_COLONS.sub("::", " ".join(name.split()))
    if language == "powershell" and (scoped := _SCOPE.fullmatch(name)):
        return "", scoped["sigil"] + scoped["name"]
    if language == "bash":
        # A word may have dots and hyphens in it.
        owner, _, word = name.rpartition("::")
        return (dotted_path(owner), word) if owner and word else ("", name)
    if quoted := _QUOTED.fullmatch(name):
        return "", quoted["name"].strip()
    if operator := _OPERATOR.fullmatch(name):
        return dotted_path(operator["owner"] or ""), _without_arguments(operator["name"])
    plain = without_type_arguments(name).removeprefix("::")
    dotted = _DOTTED.fullmatch(plain)
    return (dotted_path(dotted["owner"]), dotted["name"]) if dotted else ("", plain)


def last_name(names: str) -> str:
    """The last of several names, with blanks in it only if it is an operator's."""
    before, _, _ = names.partition("<")
    if operator := _LAST_OPERATOR.search(before):
        return names[operator.start() :]
    before = before if names.endswith(">") else names
    return " ".join(without_type_arguments(before).split()[-1:])


def name_of_arguments(arguments: str) -> str:
    """The name that a macro with these arguments (in parentheses) defines, or empty: `TEST_F(QueueTest, PopsInOrder)`.

    A string is the name; two words together are; of more words the first is.
    """
    texts = [text.strip() for text in _ARGUMENT.findall(arguments.strip()[1:-1])]
    if texts and (text := _TEXT.fullmatch(texts[0])):
        return text["text"].strip()
    words = [text for text in texts if _WORD.fullmatch(text)]
    if not words or words[0] != texts[0] or words[0] in _NO_NAMES:
        return ""
    return ".".join(words) if len(texts) == 2 else words[0]


def _without_arguments(operator: str) -> str:
    """`operator char*` of `operator char*() const`; arguments of a type may have parentheses: `Action<R(int)>`."""
    if operator.replace(" ", "").startswith("operator()"):
        return operator
    conversion = _CONVERSION.match(operator)
    return (conversion[0] if conversion else operator.partition("(")[0]).rstrip()


def dotted_path(owner: str) -> str:
    """An owner with dots between its parts, without type arguments."""
    plain = without_type_arguments(_AROUND_COLONS.sub("::", " ".join(owner.split())))
    return _SEPARATOR.sub(".", plain).strip(".")


def without_type_arguments(name: str) -> str:
    """`Matrix::row` of `Matrix<float>::row`."""
    while (shorter := _TYPE_ARGUMENTS.sub("", name)) != name:
        name = shorter
    return name
