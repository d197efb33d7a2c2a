"""Files in other encodings than UTF-8 are read as what they are."""

from __future__ import annotations

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fathom_indexer.languages import extract, language_named, to_utf8

CODE = "def compute(x, y):\n    if x > y:\n        return x\n    return None\n\n\n"


def as_utf8(text: str, encoding: str) -> str:
    return to_utf8(text.encode(encoding)).decode("utf-8")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_tells_the_encoding(encoding: str) -> None:
    assert as_utf8("x = 'π 😀'\r\n", encoding) == "x = 'π 😀'\r\n"


@pytest.mark.parametrize("mark", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_either_byte_order_is_read(mark: str) -> None:
    assert as_utf8("\ufeffx = 'π'\n", mark) == "x = 'π'\n"


@pytest.mark.parametrize(
    ("declaration", "encoding", "text"),
    [
        ("# -*- coding: latin-1 -*-", "latin-1", "s = 'Muñoz'"),
        ("# -*- coding: iso-8859-15 -*-", "iso-8859-15", "s = '€'"),
        ("#!/usr/bin/python\n# vim: set fileencoding=cp1251 :", "cp1251", "s = 'да'"),
        ("# encoding: Shift_JIS", "shift_jis", "s = 'テ'"),
        ("# coding: euc-jp-unix", "euc-jp", "s = 'テ'"),
        ("# coding: iso-2022-jp", "iso-2022-jp", "s = 'テ'"),
        ("// -*- coding: koi8-r -*-", "koi8-r", "// да"),
        ("/* -*- coding: cp1253 -*- */", "cp1253", "/* Ωμέγα */"),
    ],
)
def test_a_file_may_say_its_encoding(declaration: str, encoding: str, text: str) -> None:
    source = f"{declaration}\n{text}\n"
    assert as_utf8(source, encoding) == source


@pytest.mark.parametrize(
    "declaration", ["utf-8", "unicode_escape", "idna", "zlib", "rot13", "utf-16", "no-such", "latin-1\0", "undefined"]
)
def test_a_false_declaration_does_no_harm(declaration: str) -> None:
    source = f"# coding: {declaration}\ns = 'Größe der Übergabe \\n'\n"
    assert as_utf8(source, "latin-1") == source
    assert as_utf8(source, "utf-8") == source


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("latin-1", "# Größe der Übergabe"),
        ("latin-1", "# naïve"),
        ("latin-1", "name = 'Muñoz'"),
        ("latin-1", "# Calcule la durée écoulée"),
        ("cp1252", "# “quoted” – it’s"),
        ("cp1250", "# Příliš žluťoučký kůň úpěl ďábelské ódy"),
        ("cp1251", "# Функция вычисляет сумму"),
        ("koi8-r", "# Ошибка при чтении файла"),
        ("shift_jis", "# 日本語のコメント"),
        ("shift_jis", "s = 'ソースの表示'"),
        ("euc-jp", "# ファイルを読み込む関数です"),
        ("gbk", "# 计算两个数的和"),
        ("gb18030", "# 读取文件内容并返回字符串，失败时抛出异常"),
        ("big5", "# 讀取檔案內容並返回字串"),
        ("euc-kr", "# 파일을 읽고 문자열을 반환한다"),
    ],
)
def test_other_encodings_are_guessed(encoding: str, text: str) -> None:
    source = CODE * 20 + text + "\n" + CODE * 20
    assert as_utf8(source, encoding) == source


def test_single_bad_bytes_do_not_change_what_a_file_is() -> None:
    source = "# Größe, Übergabe, schön\n".encode() + b"broken = '\xff\xc3'\n"
    assert to_utf8(source) == source


def test_offsets_and_lines_are_those_of_the_text() -> None:
    source = "# Größe\r\ndef größe():\r\n    return 'ü'\r\n\r\ndef next_one():\r\n    return 2\r\n"
    for encoding in ("latin-1", "utf-16", "utf-8-sig"):
        text = to_utf8(source.encode(encoding))
        first, second = extract(text, language_named("python"))
        assert (first.name, first.start_line, first.end_line) == ("größe", 2, 3)
        assert (second.name, second.start_line, second.end_line) == ("next_one", 5, 6)
        assert text[first.start_byte : first.end_byte].decode() == first.text


def test_a_carriage_return_alone_ends_a_line() -> None:
    source = b"# first\rdef one():\r    '''Says one.'''\r    return 1\r\r\n"
    source += b"def two():\r\n    return 2\n\rdef three(): return 3"
    units = extract(source, language_named("python"))
    assert [(unit.name, unit.start_line, unit.end_line) for unit in units] == [
        ("one", 2, 4),
        ("two", 6, 7),
        ("three", 9, 9),
    ]
    assert units[0].documentation == "Says one.\n\nfirst"
    assert units[0].text == "def one():\n    '''Says one.'''\n    return 1"


@settings(max_examples=100, deadline=None)
@given(source=st.binary(max_size=300))
def test_any_bytes_can_be_read(source: bytes) -> None:
    # An escape sequence of ISO 2022 or a mark changes more than letters outside ASCII.
    if b"\x1b" not in source and not source.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff")):
        text = to_utf8(source)
        assert text.count(b"\n") == source.count(b"\n") and text.count(b"\r") == source.count(b"\r")


def test_a_megabyte_of_noise_is_looked_at_in_part() -> None:
    noise = os.urandom(1_000_000).replace(b"\0", b"x").replace(b"\x1b", b"x")
    assert to_utf8(b"#" + noise)
