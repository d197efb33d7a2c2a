"""The bytes of a source file as UTF-8, whatever encoding they are in."""

from __future__ import annotations

import codecs
import re

_MARKS = (
    (b"\xef\xbb\xbf", "utf-8"),
    # Before those of UTF-16, with which one of them begins.
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)

_DECLARATION = re.compile(rb"^[ \t\f]*(?:#|//|--|;|%|/\*|\(\*|\{-).*?coding[:=][ \t]*([-\w.]+)")
"""As Python (PEP 263), Ruby, Emacs and Vim have it, in a comment of the first or second line."""

_NO_CHARACTER_SETS = frozenset({"idna", "punycode", "raw_unicode_escape", "undefined", "unicode_escape", "utf_7"})
"""Codecs of Python that change more than characters outside ASCII."""

_GUESSES = "Shift_JIS CP932 EUC-JP GB18030 Big5 EUC-KR CP949 Windows-1251 KOI8-R Windows-1250 Windows-1252".split()
"""Encodings of source files that are not UTF-8 and do not declare their encoding."""

_WESTERN = "windows-1252"
_FEW_BYTES = 6
"""So few bytes outside ASCII cannot tell the similar European encodings apart."""

_SAMPLE_BYTES = 16_000
"""The sample for guessing: it bounds the time to some hundredths of a second."""


def to_utf8(source: bytes) -> bytes:
    """The text of a source file as UTF-8, without a byte order mark. Its lines are those of the file.

    The encoding is, in this order: that of a byte order mark; UTF-8 if the bytes are valid UTF-8; that of a declaration
    (`coding: latin-1`); a guess. A file that is mostly UTF-8 is left as it is, invalid bytes included.
    """
    for mark, encoding in _MARKS:
        if source.startswith(mark):
            bare = source[len(mark) :]
            return bare if encoding == "utf-8" else _decoded(bare, encoding) or source
    is_utf8 = _is_utf8(source)
    if is_utf8 and b"\x1b" not in source:
        return source
    declared = _declared(source)
    if declared is not None and (not is_utf8 or declared.startswith("iso2022")):
        text = _decoded(source, declared)
        if text is not None:
            return text
    if is_utf8 or _is_mostly_utf8(source):
        return source
    text = _decoded(source, _guess(source))
    return source if text is None else text


def lines_with_one_end(code: bytes) -> bytes:
    """The code, byte for byte, but with a line feed for each carriage return that ends a line by itself."""
    return re.sub(rb"\r(?!\n)", b"\n", code) if b"\r" in code else code


def _decoded(source: bytes, encoding: str) -> bytes | None:
    """The bytes in UTF-8; None if they are not valid in that encoding, or it is unknown."""
    try:
        return source.decode(encoding).encode()
    except (UnicodeError, LookupError):
        return None


def _is_utf8(source: bytes) -> bool:
    try:
        source.decode()
    except UnicodeDecodeError:
        return False
    return True


def _declared(source: bytes) -> str | None:
    """The codec that the file declares, if it is a superset of ASCII."""
    for line in source[:1000].split(b"\n")[:2]:
        if found := _DECLARATION.match(line):
            name = re.sub(r"-(?:unix|dos|mac)$", "", found[1].decode("ascii", "replace").lower())
            try:
                codec = codecs.lookup(name).name
                keeps_ascii = b"coding\n".decode(codec) == "coding\n"
            except (LookupError, UnicodeError, ValueError):
                return None
            return codec if keeps_ascii and codec.replace("-", "_") not in _NO_CHARACTER_SETS else None
    return None


def _is_mostly_utf8(source: bytes) -> bool:
    """Whether more characters outside ASCII are UTF-8 than there are bytes that are not."""
    text = source.decode("utf-8", "replace")
    invalid = text.count("\ufffd")
    return len(re.findall(r"[^\x00-\x7f\ufffd]", text)) > invalid


def _guess(source: bytes) -> str:
    # Few files need it, and it is slow to import.
    import chardet  # noqa: PLC0415

    # ASCII lines carry no information about the encoding, and dilute that of the others.
    informative: list[bytes] = []
    size = 0
    for line in source.splitlines():
        if not line.isascii() and size < _SAMPLE_BYTES:
            informative.append(line)
            size += len(line)
    sample = b"\n".join(informative)[:_SAMPLE_BYTES]
    found = (chardet.detect(sample, include_encodings=_GUESSES)["encoding"] or _WESTERN).lower()
    if found == "windows-1250" and len(sample) - len(sample.translate(None, bytes(range(128, 256)))) < _FEW_BYTES:
        return _WESTERN
    # The same letters and more.
    return {"shift_jis": "cp932", "euc-kr": "cp949"}.get(found, found)
