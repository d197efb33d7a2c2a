"""Fathom's errors as LSP errors."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from pygls.exceptions import JsonRpcException, JsonRpcInternalError, JsonRpcInvalidParams

from fathom_indexer.errors import FathomError, QueryError
from fathom_indexer.process.rpc import IndexerError
from fathom_server.protocol.rpc import REQUEST_FAILED

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def answering() -> Iterator[None]:
    """Convert Fathom's errors into LSP errors."""
    try:
        yield
    except FathomError as error:
        raise rpc_error(error) from error


def rpc_error(error: FathomError) -> JsonRpcException:
    """-32602 for an invalid request, -32603 for a bug, -32803 if there is no answer at the moment."""
    kind = error.kind if isinstance(error, IndexerError) else ""
    if kind == "query" or isinstance(error, QueryError):
        return JsonRpcInvalidParams(str(error))
    if kind == "internal":
        return JsonRpcInternalError(str(error))
    return JsonRpcException(str(error), REQUEST_FAILED)
