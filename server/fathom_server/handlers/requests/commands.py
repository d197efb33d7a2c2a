"""`workspace/executeCommand`: Fathom's requests for clients that can send no others, and the code actions' commands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pygls.exceptions import JsonRpcInvalidParams

from fathom_server.handlers.navigation import MAX_TARGETS, Target, go_to, offer, target_of
from fathom_server.handlers.requests import duplicates, reindex, search, similar, status
from fathom_server.protocol import lsp_ext
from fathom_server.protocol.command_names import GO_TO_MOST_SIMILAR, SHOW_COPIES, SHOW_SIMILAR
from fathom_server.protocol.convert import title_of
from fathom_server.protocol.lsp_ext import SimilarParams

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from fathom_server.duplicates.feature import DuplicateFeature
    from fathom_server.server import FathomServer
    from fathom_server.session.partial_results import MergedResults


async def show_similar(ls: FathomServer, params: Any = None) -> None:
    """Offer the functions most like the one at a position."""
    request = SimilarParams.from_json(params, MAX_TARGETS)
    results = await similar.find(ls, request)
    message = f"{'Similar' if results.hits else 'Nothing is similar'} to {_subject(results, request)}"
    ls.run_in_background(offer(ls, message, [target_of(folder, hit.function) for folder, hit in results.hits]))


async def go_to_most_similar(ls: FathomServer, params: Any = None) -> None:
    """Go to the function most like the one at a position."""
    request = SimilarParams.from_json(params, 1)
    results = await similar.find(ls, request)
    targets = [target_of(folder, hit.function) for folder, hit in results.hits]
    if targets:
        ls.run_in_background(go_to(ls, targets[0]))
    else:
        ls.run_in_background(offer(ls, f"Nothing is similar to {_subject(results, request)}", []))


def _subject(results: MergedResults, request: SimilarParams) -> str:
    """The function that others were compared with: its name and place, or its line."""
    return f"line {request.line + 1}" if results.compared is None else title_of(results.compared[1])


async def show_copies(ls: FathomServer, known: DuplicateFeature, params: Any = None) -> None:
    """Offer the copies of the function that begins at a position."""
    request = SimilarParams.from_json(params, MAX_TARGETS)
    targets: list[Target] = []
    for duplicate in known.in_document(request.uri):
        if duplicate.member[1].start_line == request.line + 1:
            targets += [target_of(*other) for other in duplicate.others]
    ls.run_in_background(offer(ls, "Copies" if targets else "It has no copies any more", targets))


def register(ls: FathomServer, known: DuplicateFeature) -> None:
    """Have the server execute the commands. Each takes the parameters of its request as its one argument."""

    async def show_known_copies(ls: FathomServer, params: Any = None) -> None:
        await show_copies(ls, known, params)

    handlers: dict[str, Callable[[FathomServer, Any], Awaitable[Any]]] = {
        lsp_ext.SEARCH: search.search,
        lsp_ext.SIMILAR: similar.similar,
        lsp_ext.DUPLICATES: duplicates.duplicates,
        lsp_ext.STATUS: status.status,
        lsp_ext.REINDEX: reindex.reindex,
        SHOW_SIMILAR: show_similar,
        GO_TO_MOST_SIMILAR: go_to_most_similar,
        SHOW_COPIES: show_known_copies,
    }
    for name, handler in handlers.items():
        ls.command(name)(_command(name, handler))


def _command(name: str, handler: Callable[[FathomServer, Any], Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    async def command(ls: FathomServer, *arguments: Any) -> Any:
        if len(arguments) > 1:
            raise JsonRpcInvalidParams(f"{name} takes one argument, not {len(arguments)}")
        return await handler(ls, arguments[0] if arguments else None)

    return command
