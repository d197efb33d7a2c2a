"""Rules of the extractor, one small source each."""

from __future__ import annotations

import tracemalloc

import pytest

from fathom_indexer.languages import Language, extract, language_named, parsing, registry
from fathom_indexer.languages.extract import MODULE_UNIT_LINES, MODULE_UNIT_REACH
from fathom_indexer.types import FUNCTION_KINDS, Function, Kind


def units_of(language: str, source: str) -> list[Function]:
    return extract(source.encode(), language_named(language))


def names_of(language: str, source: str) -> list[str]:
    return [unit.qualified_name for unit in units_of(language, source) if unit.kind is not Kind.MODULE]


def test_long_signature_ends_with_an_ellipsis() -> None:
    (unit,) = units_of("python", f"def f({', '.join(f'argument_{n}' for n in range(100))}):\n    pass\n")
    assert len(unit.signature) == 300
    assert unit.signature.endswith("…")


def test_signature_is_one_line_without_what_only_the_layout_needs() -> None:
    (unit,) = units_of("python", "def f(\n    a,  # first\n    b=(\n        1,\n    ),\n) -> int:\n    pass\n")
    assert unit.signature == "def f(a, b=(1)) -> int:"


def test_offsets_are_those_of_the_file_with_its_byte_order_mark() -> None:
    source = b"\xef\xbb\xbfdef f():\n    pass\n"
    (unit,) = extract(source, language_named("python"))
    assert (unit.start_byte, unit.text) == (3, "def f():\n    pass")


def test_bytes_that_are_no_utf8_keep_their_place() -> None:
    source = b"# \xe9t\xe9\ndef f():\n    return '\xff'\n\n\ndef g(): pass\n"
    f, g = extract(source, language_named("python"))
    assert f.text == "def f():\n    return '\ufffd'"
    assert source[g.start_byte : g.end_byte] == b"def g(): pass"


def test_code_outside_definitions_is_cut_into_units_of_some_lines() -> None:
    source = "".join(f"x{n} = {n}\n" for n in range(100))
    assert [(unit.start_line, unit.end_line) for unit in units_of("python", source)] == [(1, 40), (41, 80), (81, 100)]


def test_code_between_definitions_is_one_unit_only_as_long_as_its_pieces_are_near() -> None:
    function = "def f():\n" + "    pass\n" * 20
    source = "".join(f"x{n} = {n}\n{function}" for n in range(20))
    units = [unit for unit in units_of("python", source) if unit.kind is Kind.MODULE]
    assert len(units) > 1
    assert all(unit.end_line - unit.start_line < MODULE_UNIT_REACH for unit in units)
    assert all(len(unit.text.splitlines()) <= MODULE_UNIT_LINES for unit in units)
    assert "\n".join(unit.text for unit in units) == "\n".join(f"x{n} = {n}" for n in range(20))


def test_class_keeps_what_its_functions_leave() -> None:
    (unit, method) = units_of("python", "class A:\n    x = 1\n\n    # about f\n    def f(self): pass\n\n    y = 2\n")
    assert unit.text == "class A:\n    x = 1\n    y = 2"
    assert (unit.start_line, unit.end_line) == (1, 7)
    assert method.documentation == "about f"


def test_type_alias_stays_in_the_class_or_function_that_holds_it() -> None:
    source = "using A = int;\nclass B {\n  using C = int;\n};\nvoid f() { using D = int; }\n"
    assert names_of("cpp", source) == ["A", "B", "f"]


@pytest.mark.parametrize(
    ("source", "language"),
    [
        ("int f(void);\n", "c"),
        ("/* the class is: */\nstruct class_of { int namespace; };\n", "c"),
        ('#ifdef __cplusplus\nextern "C" {\n#endif\nint f(void);\n', "c"),
        ("class Widget {\n};\n", "cpp"),
        ("class UI_EXPORT Widget final : Base {\n};\n", "cpp"),
        ("namespace a::b\n{\n}\n", "cpp"),
        ("  template <class T> T f(T a) { return a; }\n", "cpp"),
        ("struct A {\npublic:\n  int x;\n};\n", "cpp"),
        ("/* std::vector, operator+ */\nstatic inline int f(int a) { return g(a & b, c); }\n", "c"),
        ("#ifdef __cplusplus\nnamespace a { class B; }\n#else\nstruct B;\n#endif\n", "c"),
        ("static int f(void)\n{\n  return !!(a &b);\n}\n", "c"),
        ("void f(const Foo& a);\n", "cpp"),
        ("void f(Foo &a, int b);\n", "cpp"),
        ("inline int f(std::string s);\n", "cpp"),
        ("constexpr int k = 3;\n", "cpp"),
        ("static auto make() { return 1; }\n", "cpp"),
        ("struct V { V operator+(V o) const; };\n", "cpp"),
        ("struct V { V &operator =(V); };\n", "cpp"),
        ("struct V { operator const char *() const; };\n", "cpp"),
        ("static inline void f(op_t *operator) { operator = operator->next; g(operator, operator[0]); }\n", "c"),
        ("enum class Color { Red };\n", "cpp"),
        ("namespace\n{\nint f() { return 1; }\n}\n", "cpp"),
        ("struct A {\n  A(int x) : x_(x) {}\n  int x_;\n};\n", "cpp"),
    ],
)
def test_headers_of_cpp_are_told_from_those_of_c(source: str, language: str) -> None:
    assert {unit.language for unit in units_of("c", source)} == {language}


def test_headers_of_objective_c_are_told_from_those_of_c() -> None:
    assert {unit.language for unit in units_of("c", "#import <A/A.h>\nint f(void);\n")} == {"objective-c"}
    assert {unit.language for unit in units_of("c", "@interface A : B\n- (void)f;\n@end\n")} == {"objective-c"}
    assert {unit.language for unit in units_of("c", "/* an @interface */\nint f(void);\n")} == {"c"}


def test_conditions_in_an_implementation_lose_nothing_behind_them() -> None:
    source = (
        "NS_ASSUME_NONNULL_BEGIN\n@interface A ()\n#if X\n@property int p;\n#endif\n@end\n"
        "@implementation A\n- (void)f:(int)x {\n#if X\n  if (x) {\n#endif\n  }\n}\n\n- (int)g {\n  return 1;\n}\n@end\n"
    )
    assert names_of("objective-c", source)[:2] == ["A", "A"]
    source = "@implementation A\n#if X\n- (void)f {\n}\n#endif\n- (int)g {\n  return 1;\n}\n@end\n"
    assert names_of("objective-c", source) == ["A", "A.f", "A.g"]


def test_language_without_its_grammar_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    there = Language("there", "json", (".x",), extra=True)
    assert there.is_installed
    missing = Language("missing", "no_such_module:language", (".y",), extra=True)
    assert not missing.is_installed
    c = language_named("c")
    monkeypatch.setattr(registry, "_by_name", lambda: {"c": c})
    assert registry.dialect(c, b"#import <A/A.h>\n").name == "c"


@pytest.mark.parametrize(
    ("language", "source", "names"),
    [
        ("vue", "<script>\nexport default { a() {} }\n</script>\n<p>function b() {}</p>", ["a"]),
        ("svelte", "<p>{#if x}function b() {}{/if}</p>\n<script lang='ts'>const a = () => 1</script>", ["a"]),
        ("astro", "---\nfunction a() {}\n---\n<p>function b() {}</p>\n<script>function c() {}</script>", ["a", "c"]),
        ("astro", "<p>---</p>\n<script>function c() {}</script>\n<style>d {}</style>", ["c"]),
        ("vue", "<SCRIPT>function no() {}", []),
        ("vue", "<template>function no() {}</template>", []),
    ],
)
def test_only_scripts_of_components_define_anything(language: str, source: str, names: list[str]) -> None:
    assert names_of(language, source) == names


@pytest.mark.parametrize(
    ("source", "name", "signature"),
    [
        ("__global__ void a(int x) {}", "a", "__global__ void a(int x)"),
        ("__host__ __device__ float a() { return 1; }", "a", "__host__ __device__ float a()"),
        ("static __device__ int a() { b<<<1, 2>>>(c); return 1; }", "a", "static __device__ int a()"),
        ("__global__ void __launch_bounds__(256) a() {}", "a", "__global__ void __launch_bounds__(256) a()"),
    ],
)
def test_functions_of_cuda(source: str, name: str, signature: str) -> None:
    (unit,) = units_of("cuda", source)
    assert (unit.name, unit.signature) == (name, signature)


def test_signature_and_body_that_stand_beside_each_other_are_one_function() -> None:
    source = "@x\nint a(int b) {\n  return b;\n}\n\nint get c => 1;\n"
    a, c = units_of("dart", source)
    assert (a.text, a.signature) == ("@x\nint a(int b) {\n  return b;\n}", "int a(int b)")
    assert (c.text, c.signature) == ("int get c => 1;", "int get c")


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("void a::b::C::f() {}", "a.b.C.f"),
        ("void ::a::f() {}", "a.f"),
        ("void C<std::vector<int>>::f() {}", "C.f"),
        ("void a ::\n  f() {}", "a.f"),
        ("bool C::operator==(const C& o) const { return true; }", "C.operator=="),
        ("bool operator<(A a, A b) { return true; }", "operator<"),
        ("C::~C() {}", "C.~C"),
        ("a::C::operator bool() const { return true; }", "a.C.operator bool"),
        ("template <> int f<int>(int x) { return x; }", "f"),
        ("A_MACRO b::Type C::f() { return 1; }", "C.f"),
    ],
)
def test_names_of_cpp(source: str, name: str) -> None:
    assert names_of("cpp", source) == [name]


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("a.b.c = function () {}", ["a.b.c"]),
        ("a().b = function () {}", ["b"]),
        ("const {a, b} = {a() {}}", ["a"]),
        ("let a = () => 1, b = () => 2", ["a", "b"]),
        ("a = b = () => 1", ["b"]),
        ("x['y'] = function () {}", []),
        ("const o = {'a b': () => 1, 2: () => 2, [k]: () => 3}", ["o.a b", "o.2", "o.[k]"]),
        ("function f() { return function g() {} }", ["f", "f.g"]),
        ("module.exports = {a() {}, b: {c() {}}}", ["a", "b.c"]),
    ],
)
def test_names_of_javascript(source: str, names: list[str]) -> None:
    assert names_of("javascript", source) == names


def test_name_that_is_too_long_is_none() -> None:
    source = f"const o = {{'{'x' * 1000}': () => 1}}\n"
    assert not any(unit.kind in FUNCTION_KINDS for unit in units_of("javascript", source))


@pytest.mark.parametrize(
    ("language", "source", "place"),
    [
        ("python", "# f\n@deco('f')\ndef f(): pass\n", (3, 4, 5)),
        ("javascript", "const é = 1, größe = () => é\n", (1, 13, 18)),
        ("cpp", "void A::run() {}\n", (1, 8, 11)),
        ("javascript", "it('pops', () => {})\n", (1, 4, 8)),
        ("cpp", "TEST_F(Queue, Pops) {}\n", (1, 7, 18)),
    ],
)
def test_place_of_a_name_is_its_own(language: str, source: str, place: tuple[int, int, int]) -> None:
    unit = next(unit for unit in units_of(language, source) if unit.kind in FUNCTION_KINDS)
    assert (unit.name_line, unit.name_start, unit.name_end) == place


def test_end_that_layout_says_is_marked() -> None:
    source = "fun before() = 1\n\nfun mid() {\n    val b = suspend { 42 }\n}\n\nfun after() = 2\n"
    assert [(unit.name, unit.end_line, unit.guessed) for unit in units_of("kotlin", source)] == [
        ("before", 1, False),
        ("mid", 5, True),
        ("after", 7, False),
    ]


def test_several_names_of_one_typedef_make_one_unit() -> None:
    assert names_of("c", "typedef struct { int x; } a, *b;\ntypedef unsigned c, d;\n") == ["a", "c"]


class _Interrupted(int):
    def __radd__(self, other: int) -> int:
        raise KeyboardInterrupt


def test_interrupt_while_parsing_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parsing, "_CHUNK_BYTES", _Interrupted())
    with pytest.raises(KeyboardInterrupt):
        units_of("python", "def f(): pass\n" * 1000)


def test_parsing_keeps_nothing_of_the_source() -> None:
    source = b"# " + b"x" * 200_000 + b"\ndef f():\n    return 1\n"
    language = language_named("python")
    extract(source, language)
    tracemalloc.start()
    extract(source, language)
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(10):
        extract(source, language)
    kept = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert kept < len(source)
