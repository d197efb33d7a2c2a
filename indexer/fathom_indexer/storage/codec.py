"""Values to columns and back. Everything that is read is checked: what a disk mangles must not pass for code."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from fathom_indexer.embedding_space import Floats
from fathom_indexer.storage.damage import DamageError
from fathom_indexer.storage.records import SketchRow
from fathom_indexer.storage.sql import storable
from fathom_indexer.types import Function, Kind

FUNCTION_COLUMNS = (
    "name, qualified_name, kind, functions.language, signature, content, start_byte, end_byte, start_line, end_line, "
    "name_line, name_start, name_end, guessed, checksum"
)
_BEFORE_PLACE = 6
"""How many of these columns precede those of `place_columns`."""


def content_hash(source: bytes) -> str:
    """What `FileRecord.content_hash` is of a file's text in UTF-8."""
    return hashlib.sha256(source).hexdigest()


# --- functions -------------------------------------------------------------------------------------------------------


def storable_function(function: Function) -> Function:
    """The function with strings that SQLite can store."""
    return replace(
        function,
        name=storable(function.name),
        qualified_name=storable(function.qualified_name),
        signature=storable(function.signature),
        documentation=storable(function.documentation),
        text=storable(function.text),
    )


def function_columns(path: str, function: Function) -> tuple[Any, ...]:
    """A function of a file as `FUNCTION_COLUMNS`."""
    # Compressed together: documentation that is also part of the text takes next to no room then.
    content = f"{len(function.documentation)} {function.documentation}{function.text}".encode()
    columns = (
        function.name,
        function.qualified_name,
        function.kind.value,
        function.language,
        function.signature,
        zlib.compress(content),
        *place_columns(function),
    )
    return *columns, _checksum(path, columns)


def place_columns(function: Function) -> tuple[int, ...]:
    """Where a function is in its file: the columns from `start_byte` to `guessed`."""
    return (
        function.start_byte,
        function.end_byte,
        function.start_line,
        function.end_line,
        function.name_line,
        function.name_start,
        function.name_end,
        int(function.guessed),
    )


def moved_columns(path: str, columns: Sequence[Any], function: Function) -> tuple[Any, ...]:
    """The place and the checksum of a function that differs from its stored `columns` in its place only."""
    place = place_columns(function)
    return *place, _checksum(path, (*columns[:_BEFORE_PLACE], *place))


def function_from(path: str, columns: Sequence[Any]) -> Function:
    """The function that `function_columns` made these columns of. Raises `DamageError` if they are not as written."""
    *columns, checksum = columns
    if checksum != _checksum(path, columns):
        raise DamageError("a function does not match its checksum")
    name, qualified_name, kind, language, signature, packed, *place, guessed = columns
    length, _, content = zlib.decompress(packed).decode().partition(" ")
    documentation, text = content[: int(length)], content[int(length) :]
    function = Function(name, qualified_name, Kind(kind), language, signature, documentation, text, *place)
    return replace(function, guessed=bool(guessed))


def _checksum(path: str, columns: Sequence[Any]) -> int:
    return zlib.crc32(repr((path, *columns)).encode())


# --- single columns --------------------------------------------------------------------------------------------------


def text_from(value: Any) -> str:
    """A string from a column of strings. Raises `DamageError` for a value of another type."""
    if type(value) is not str:
        raise DamageError(f"a column of texts holds a value of type {type(value).__name__}")
    return value


def number_from(value: Any) -> int:
    """A number from a column of whole numbers. Raises `DamageError` for a value of another type."""
    if type(value) is not int:
        raise DamageError(f"a column of numbers holds a value of type {type(value).__name__}")
    return value


def kind_from(value: Any) -> Kind:
    """A kind of code from its column. Raises `DamageError` for an unknown one."""
    try:
        return Kind(value)
    except ValueError:
        raise DamageError(f"there is no kind {value!r}") from None


def sketch_from(row: Sequence[Any]) -> SketchRow:
    """A sketch from its columns. Raises `DamageError` for what no sketch is stored as."""
    tokens, exact, renamed, grams, names = row
    if not all(type(hashes) is bytes and len(hashes) % 4 == 0 for hashes in (grams, names)):
        raise DamageError("the hashes of a sketch are not 32 bits each")
    return number_from(tokens), number_from(exact), number_from(renamed), grams, names


# --- vectors ---------------------------------------------------------------------------------------------------------


def vector_blobs(vectors: Floats) -> list[bytes]:
    """Each row of `[n, dim]` as 16-bit floats, little-endian."""
    return [row.tobytes() for row in vectors.astype("<f2")]


def vectors_from(blobs: Sequence[Any]) -> Floats:
    """The rows `[n, dim]` from a column of unit vectors. Raises `DamageError` for what cannot be unit vectors."""
    if not blobs:
        return np.zeros((0, 0), np.float32)
    lengths = {len(blob) if type(blob) is bytes else 0 for blob in blobs}
    length = lengths.pop()
    if lengths or not length or length % 2:
        raise DamageError("a vector has another length")
    vectors = np.frombuffer(b"".join(blobs), "<f2").reshape(len(blobs), -1).astype(np.float32)
    # Up to the rounding of 16 bits. A flipped bit that matters shows in the length.
    squares = np.einsum("ij,ij->i", vectors, vectors)
    if not np.all(np.abs(squares - 1) < 0.1):
        raise DamageError("a vector does not have unit length")
    return vectors
