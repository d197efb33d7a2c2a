"""The languages Fathom reads. Adding one: a line here, a query in `queries/`, a fixture in `tests/fixtures/`.

What editors call them is told to the server and the plugins by files that `lists.py` writes from this one.
"""

from __future__ import annotations

import hashlib
import importlib
import re
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib import resources
from pathlib import PurePosixPath

from tree_sitter import Language as Grammar
from tree_sitter import Query

from fathom_indexer.errors import QueryError

# `class UI_EXPORT Widget`, `struct __packed header`
_C_MACROS = re.compile(
    rb"(?:(?<=class )|(?<=struct )|(?<=union ))"
    rb"(?:[A-Z][A-Z0-9_]+|__\w+)(?:\([^()\n]*\))?(?=\s+\w+\s*(?:final\s*)?[:{<])"
)

_ONLY_CPP = re.compile(
    rb"^[ \t]*(?:namespace\s+[\w:]+\s*\{|template\s*<|(?:public|private|protected)\s*:|class(?:\s+\w+){1,3}\s*[:{])",
    re.MULTILINE,
)


EXTRACT_FORMAT = 1
"""Raise it when the extractor gives other units for the same file: every workspace is read anew."""


@dataclass(frozen=True)
class Language:
    """A language: how its files are recognised and where its grammar and query are.

    `grammar` is `module` or `module:function`, the function returning the grammar's pointer (`language` by default).
    `queries` names its files in `queries/` when that is not one of the language's own name.
    `clauses` says that a function may be written as several in a row, all of its name (Haskell's equations).
    `macros` is what a preprocessor would take away and the grammar cannot know: it is blanked for the parser.
    `ids` are LSP's names for it, `filetypes` Neovim's, each when that is not the language's own name alone.
    """

    name: str
    grammar: str
    extensions: tuple[str, ...]
    filenames: tuple[str, ...] = ()
    queries: tuple[str, ...] = ()
    clauses: bool = False
    macros: re.Pattern[bytes] | None = None
    # Not in `repr` and so not in the fingerprint: what editors call a language changes no unit.
    ids: tuple[str, ...] = field(default=(), repr=False)
    filetypes: tuple[str, ...] = field(default=(), repr=False)

    @cached_property
    def tree_sitter_grammar(self) -> Grammar:
        module, _, function = self.grammar.partition(":")
        return Grammar(getattr(importlib.import_module(module), function or "language")())

    @cached_property
    def tree_sitter_query(self) -> Query:
        """The query of `queries/`, and a `@comment` capture for everything that the grammar calls a comment."""
        folder = resources.files(__package__) / "queries"
        patterns = [(folder / f"{name}.scm").read_text(encoding="utf-8") for name in self.queries or (self.name,)]
        grammar = self.tree_sitter_grammar
        named = {
            grammar.node_kind_for_id(kind) or ""
            for kind in range(grammar.node_kind_count)
            if grammar.node_kind_is_named(kind)
        }
        comments = [f"({name}) @comment" for name in sorted(named) if "comment" in name or name == "haddock"]
        query: Query = Query(grammar, "\n".join([*patterns, *comments]))
        return query


LANGUAGES: tuple[Language, ...] = (
    Language(
        "bash",
        "tree_sitter_bash",
        (".sh", ".bash", ".bats", ".zsh"),
        filenames=(".bashrc", ".profile"),
        ids=("shellscript",),
        filetypes=("bash", "sh", "zsh"),
    ),
    Language("c", "tree_sitter_c", (".c", ".h"), macros=_C_MACROS),
    Language(
        "cpp",
        "tree_sitter_cpp",
        (".cc", ".cpp", ".cxx", ".c++", ".hh", ".hpp", ".hxx", ".h++", ".ipp", ".tpp"),
        macros=_C_MACROS,
    ),
    Language("csharp", "tree_sitter_c_sharp", (".cs", ".csx"), filetypes=("cs",)),
    Language("elixir", "tree_sitter_elixir", (".ex", ".exs"), clauses=True),
    Language("go", "tree_sitter_go", (".go",)),
    Language("haskell", "tree_sitter_haskell", (".hs",), clauses=True),
    Language("java", "tree_sitter_java", (".java",)),
    Language(
        "javascript",
        "tree_sitter_javascript",
        (".js", ".cjs", ".mjs", ".jsx"),
        queries=("ecmascript", "javascript"),
        ids=("javascript", "javascriptreact"),
        filetypes=("javascript", "javascriptreact"),
    ),
    Language("julia", "tree_sitter_julia", (".jl",)),
    Language("kotlin", "tree_sitter_kotlin", (".kt", ".kts")),
    Language("lua", "tree_sitter_lua", (".lua",)),
    Language("ocaml", "tree_sitter_ocaml:language_ocaml", (".ml",)),
    Language(
        "ocaml-interface",
        "tree_sitter_ocaml:language_ocaml_interface",
        (".mli",),
        queries=("ocaml",),
        ids=("ocaml.interface",),
        filetypes=("ocaml",),
    ),
    Language("php", "tree_sitter_php:language_php", (".php", ".phtml")),
    Language("powershell", "tree_sitter_powershell", (".ps1", ".psm1"), filetypes=("ps1",)),
    Language("python", "tree_sitter_python", (".py", ".pyi", ".pyw")),
    Language("ruby", "tree_sitter_ruby", (".rb", ".rake", ".gemspec"), filenames=("Rakefile", "Gemfile")),
    Language("rust", "tree_sitter_rust", (".rs",)),
    Language("scala", "tree_sitter_scala", (".scala", ".sc", ".sbt")),
    Language("swift", "tree_sitter_swift", (".swift",)),
    Language(
        "tsx",
        "tree_sitter_typescript:language_tsx",
        (".tsx",),
        queries=("ecmascript", "typescript"),
        ids=("typescriptreact",),
        filetypes=("typescriptreact",),
    ),
    Language(
        "typescript",
        "tree_sitter_typescript:language_typescript",
        (".ts", ".cts", ".mts"),
        queries=("ecmascript", "typescript"),
    ),
    Language("zig", "tree_sitter_zig", (".zig",)),
)


@cache
def _by_name() -> dict[str, Language]:
    return {language.name: language for language in LANGUAGES}


@cache
def _by_suffix() -> dict[str, Language]:
    return {suffix: language for language in LANGUAGES for suffix in language.extensions}


@cache
def _by_filename() -> dict[str, Language]:
    return {name: language for language in LANGUAGES for name in language.filenames}


@cache
def fingerprint() -> str:
    """Stands for everything here that decides what units a file gives: the registry and its queries."""
    digest = hashlib.sha256(repr((EXTRACT_FORMAT, LANGUAGES)).encode())
    for file in sorted((resources.files(__package__) / "queries").iterdir(), key=lambda file: file.name):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def language_named(name: str) -> Language:
    """The language with that name. Raises `QueryError` that lists the names there are."""
    try:
        return _by_name()[name]
    except KeyError:
        raise QueryError(f"unknown language {name!r}; there are: {', '.join(sorted(_by_name()))}") from None


def language_of_path(path: str) -> Language | None:
    """The language of a file by its name alone, or None. `path` has forward slashes."""
    pure = PurePosixPath(path)
    return _by_filename().get(pure.name) or _by_suffix().get(pure.suffix) or _by_suffix().get(pure.suffix.lower())


def dialect(language: Language, source: bytes) -> Language:
    """The language that a file really is in: headers named as C's are often C++'s."""
    return language_named("cpp") if language.name == "c" and _ONLY_CPP.search(source) else language
