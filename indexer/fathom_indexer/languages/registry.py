"""The languages Fathom reads. Adding one: a line here, a query in `queries/`, a fixture in `tests/fixtures/`.

`lists.py` writes files for the server and the plugins from this one, with the names that editors have for them.
"""

from __future__ import annotations

import hashlib
import importlib.util
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

# What CUDA adds to C++. The first word of a function keeps its place in it, as if it were a type.
_CUDA = re.compile(
    rb"(?:(?<=__ )|(?<=inline )|(?<=static )|(?<=\])|(?<=\] ))__(?:device|forceinline|global|host|noinline)__"
    rb"|__(?:device|host)__(?=(?: +__\w+__)* +(?:explicit +)?~?\w+\()"
    rb"|__launch_bounds__\s*\([^()\n]*\)|__align__\s*\([^()\n]*\)|__(?:shared|constant|managed|grid_constant)__"
    rb"|<<<[^;{}]*?>>>|" + _C_MACROS.pattern
)

# All of a component except its scripts; in Astro's, also except the code between the dashes at the beginning.
_COMPONENT = rb"(?:\A|</script\s*>).*?(?:<script\b[^>]*>|\Z)"
_AROUND_SCRIPTS = re.compile(_COMPONENT, re.DOTALL)
_AROUND_ASTRO = re.compile(
    rb"\A\s*---[ \t]*\r?\n|(?<=\n)---[ \t]*(?=\r?\n|\Z).*?(?:<script\b[^>]*>|\Z)|" + _COMPONENT, re.DOTALL
)

# Comments, strings and directives of C, which may contain anything; or syntax that C does not have.
_ONLY_CPP = re.compile(
    rb"(?P<other>//[^\n]*|/\*.*?(?:\*/|\Z)|^[ \t]*\#(?:[^\n\\]|\\.)*|\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*')"
    # `a::b`, `[[nodiscard]] auto`, `enum class`, `operator+`, `namespace {`
    rb"|\w\s?::\s?~?\w|(?<![\w:]):: ?\w+::"
    rb"|^[ \t]*(?:inline[ \t]+)?namespace\b(?:\s+[\w:]+)?\s*\{"
    rb"|^[ \t]*(?:\w+[ \t]+)?template\s*<|^[ \t]*(?:public|private|protected)\s*:|^[ \t]*using\s+\w+"
    rb"|\benum\s+(?:class|struct)\s+\w+|^[ \t]*class(?:\s+\w+){1,3}\s*(?:final\s*)?[:{;]"
    rb"|\b(?:constexpr|consteval|noexcept|decltype|static_cast|nullptr_t)\b"
    # Not of a variable called so, as C may have: `operator = 1`, `operator->next`.
    rb"|\boperator\s*(?:[^\s\w;,().]{1,3}|\(\s*\)|\"\"\s*\w+)\s*\(|\boperator\s+(?:const\s+)?[\w:]+[\s*&\[\]]*\("
    # A reference among parameters or results, a member with a default, a constructor with initializers.
    rb"|[(,]\s*const\s+(?:struct\s+)?\w+\s*&"
    rb"|^[ \t]*(?!(?:return|else|case|goto|do)\b)(?:[\w:<>]+[ \t*&]+){1,8}[\w~]+\s*"
    rb"\((?:[^(){};&]|\([^(){};]{0,200}\)){0,300}?\w(?:\s+const)?\s*&&?\s*(?:\w+\s*)?[,)=]"
    rb"|^[ \t]*(?:(?:static|inline|const|virtual)[ \t]+){0,4}\w+(?:[ \t]+const)?[ \t]*&[ \t]*\w+\s*\("
    rb"|^[ \t]*(?:explicit[ \t]+)?\w+\s*\([^;{}()]{0,400}\)\s*(?:noexcept\s*)?:\s*\w+\s*[({][^;]{0,400}?[)}]\s*[,{]"
    rb"|^[ \t]*virtual\s+[\w~]|^[ \t]*(?:static[ \t]+|const[ \t]+)*auto[ \t&*]+\w+\s*[=({]"
    rb"|^[ \t]*explicit\s+\w+\s*\(|^[ \t]*friend\s+\w",
    re.MULTILINE | re.DOTALL,
)

# Parts of a header of C that only compilers of C++ read.
_C_ONLY = re.compile(
    rb"^[ \t]*#[ \t]*(?:ifdef[ \t]+__cplusplus|if[ \t]+defined[ \t]*\(?[ \t]*__cplusplus)(?:(?!^[ \t]*#[ \t]*endif).)*",
    re.MULTILINE | re.DOTALL,
)

# Macros of Apple's headers that the grammar does not know; and conditions, which it parses only around whole
# declarations.
_OBJECTIVE_C_MACROS = re.compile(
    rb"\bNS_(?:ASSUME_NONNULL_(?:BEGIN|END)|DESIGNATED_INITIALIZER|REQUIRES_SUPER|UNAVAILABLE)\b"
    rb"|\b(?:API|NS|CF)_(?:\w*AVAILABLE|\w*DEPRECATED\w*|SWIFT_NAME|REFINED_FOR_SWIFT)\([^()\n]*(?:\([^()\n]*\)[^()\n]*)*\)"
    rb"|\b(?:FOUNDATION|UIKIT)_(?:EXPORT|EXTERN)\b"
    rb"|^[ \t]*#[ \t]*(?:if|ifdef|ifndef|elif|else|endif)\b[^\n]*",
    re.MULTILINE,
)
_ONLY_OBJECTIVE_C = re.compile(
    rb"^@(?:class|implementation|import|interface|protocol)\b|^[ \t]*#import\b", re.MULTILINE
)

# `let rec%template`: the grammar reads what follows `let`, but not what follows `rec`.
_OCAML_EXTENSIONS = re.compile(rb"(?<=\brec)%[\w.]+")

# `actual class Lock` with an annotation before it, which the grammar takes for an expression.
_KOTLIN_MODIFIERS = re.compile(
    rb"^[ \t]*(?:@[^\n]*|\))\s+(?:(?:public|internal|private|protected)[ \t]+)?"
    rb"(?P<blank>(?:(?:expect|actual|annotation)[ \t]+)+)"
    rb"(?=(?:(?:open|abstract|sealed|final|inner|data|value|enum|annotation|fun)[ \t]+)*(?:class|interface|object)\b)",
    re.MULTILINE,
)

EXTRACT_FORMAT = 3
"""Raise it when the extractor gives other units for the same file: every workspace is then read again."""


@dataclass(frozen=True)
class Language:
    """A language: how its files are recognised and where its grammar and query are.

    `grammar` is `module` or `module:function`, the function returning the grammar's pointer (`language` by default).
    `queries` names its files in `queries/` when that is not one of the language's own name.
    `clauses` says that a function may be written as several in a row, all of its name (Haskell's equations).
    `extra` says that its grammar is too large to be installed with the rest: it comes with the extra `languages`.
    `macros` matches what a preprocessor would remove and the grammar cannot know, or code in another language: it is
    blanked for the parser, or only its group `blank` if it has one.
    `ids` are LSP's names for it, `filetypes` Neovim's, each when that is not the language's own name alone.
    """

    name: str
    grammar: str
    extensions: tuple[str, ...]
    filenames: tuple[str, ...] = ()
    queries: tuple[str, ...] = ()
    clauses: bool = False
    macros: re.Pattern[bytes] | None = None
    extra: bool = False

    @property
    def is_installed(self) -> bool:
        """Whether its grammar is installed; only a grammar of the extra may be missing."""
        return not self.extra or importlib.util.find_spec(self.grammar.partition(":")[0]) is not None

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


ALL_LANGUAGES: tuple[Language, ...] = (
    Language(
        "astro",
        "tree_sitter_typescript:language_typescript",
        (".astro",),
        queries=("ecmascript", "typescript"),
        macros=_AROUND_ASTRO,
    ),
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
        tuple(".cc .cpp .cxx .c++ .hh .hpp .hxx .h++ .ipp .tpp .inl .ino .cppm .ixx".split()),
        macros=_C_MACROS,
    ),
    Language("csharp", "tree_sitter_c_sharp", (".cs", ".csx"), filetypes=("cs",)),
    Language("cuda", "tree_sitter_cpp", (".cu", ".cuh"), queries=("cpp",), macros=_CUDA, ids=("cuda-cpp",)),
    Language("dart", "tree_sitter_dart", (".dart",)),
    Language("elixir", "tree_sitter_elixir", (".ex", ".exs"), clauses=True),
    Language("fsharp", "tree_sitter_fsharp", (".fs", ".fsx"), extra=True),
    Language("gdscript", "tree_sitter_gdscript", (".gd",)),
    Language("go", "tree_sitter_go", (".go",)),
    Language("haskell", "tree_sitter_haskell", (".hs",), clauses=True),
    Language(
        "hcl",
        "tree_sitter_hcl",
        (".hcl", ".tf", ".tofu"),
        ids=("hcl", "terraform"),
        filetypes=("hcl", "terraform"),
    ),
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
    Language("kotlin", "tree_sitter_kotlin", (".kt", ".kts"), macros=_KOTLIN_MODIFIERS),
    Language("lua", "tree_sitter_lua", (".lua",)),
    Language("nix", "tree_sitter_nix", (".nix",)),
    Language(
        "objective-c",
        "tree_sitter_objc",
        (".m", ".mm"),
        queries=("c", "objective-c"),
        macros=_OBJECTIVE_C_MACROS,
        extra=True,
        ids=("objective-c", "objective-cpp"),
        filetypes=("objc", "objcpp"),
    ),
    Language("ocaml", "tree_sitter_ocaml:language_ocaml", (".ml",), macros=_OCAML_EXTENSIONS),
    Language(
        "ocaml-interface",
        "tree_sitter_ocaml:language_ocaml_interface",
        (".mli",),
        queries=("ocaml",),
        ids=("ocaml.interface",),
        filetypes=("ocaml",),
    ),
    Language("perl", "tree_sitter_perl", (".pl", ".pm", ".t"), extra=True),
    Language("php", "tree_sitter_php:language_php", (".php", ".phtml")),
    Language("powershell", "tree_sitter_powershell", (".ps1", ".psm1"), filetypes=("ps1",)),
    Language("python", "tree_sitter_python", (".py", ".pyi", ".pyw")),
    Language("ruby", "tree_sitter_ruby", (".rb", ".rake", ".gemspec"), filenames=("Rakefile", "Gemfile")),
    Language("rust", "tree_sitter_rust", (".rs",)),
    Language("scala", "tree_sitter_scala", (".scala", ".sc", ".sbt")),
    Language("solidity", "tree_sitter_solidity", (".sol",)),
    Language("sql", "tree_sitter_sql", (".sql",), extra=True),
    Language(
        "svelte",
        "tree_sitter_typescript:language_typescript",
        (".svelte",),
        queries=("ecmascript", "typescript"),
        macros=_AROUND_SCRIPTS,
    ),
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
    Language(
        "vue",
        "tree_sitter_typescript:language_typescript",
        (".vue",),
        queries=("ecmascript", "typescript"),
        macros=_AROUND_SCRIPTS,
    ),
    Language("zig", "tree_sitter_zig", (".zig",)),
)

"""All there are, those of the extra `languages` too."""

LANGUAGES: tuple[Language, ...] = tuple(language for language in ALL_LANGUAGES if language.is_installed)
"""Those whose grammar is there."""

MISSING: tuple[str, ...] = tuple(language.name for language in ALL_LANGUAGES if not language.is_installed)
"""Those that the extra `languages` would add."""


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
    """A hash of everything here that decides which units a file gives: the registry and its queries."""
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
    """The language of a file by its content: headers named as C's are often C++ or Objective-C."""
    if language.name == "c" and "objective-c" in _by_name() and _ONLY_OBJECTIVE_C.search(source):
        return language_named("objective-c")
    if language.name == "c" and any(found["other"] is None for found in _ONLY_CPP.finditer(_C_ONLY.sub(b"", source))):
        return language_named("cpp")
    return language
