"""`workspace/executeCommand`: Fathom's requests for clients that can send no others, and what code actions do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pygls.exceptions import JsonRpcInvalidParams

from fathom_server.handlers.navigation import MOST, Target, go_to, offer, target_of, title_of
from fathom_server.handlers.requests import duplicates, reindex, search, similar, status
from fathom_server.protocol import lsp_ext
from fathom_server.protocol.lsp_ext import SimilarParams

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from fathom_server.server import FathomServer
    from fathom_server.session.partial_results import Found

SHOW_SIMILAR = "fathom/showSimilar"
GO_TO_MOST_SIMILAR = "fathom/goToMostSimilar"
SHOW_COPIES = "fathom/showCopies"


async def show_similar(ls: FathomServer, params: Any = None) -> None:
    """Offer the functions most like the one at a position."""
    wanted = SimilarParams.from_json(params, MOST)
    found = await similar.find(ls, wanted)
    message = f"{'Similar' if found.hits else 'Nothing is similar'} to {_subject(found, wanted)}"
    ls.run_in_background(offer(ls, message, [target_of(folder, hit) for folder, hit in found.hits]))


async def go_to_most_similar(ls: FathomServer, params: Any = None) -> None:
    """Go to the function most like the one at a position."""
    wanted = SimilarParams.from_json(params, 1)
    found = await similar.find(ls, wanted)
    targets = [target_of(folder, hit) for folder, hit in found.hits]
    if targets:
        ls.run_in_background(go_to(ls, targets[0]))
    else:
        ls.run_in_background(offer(ls, f"Nothing is similar to {_subject(found, wanted)}", []))


def _subject(found: Found, wanted: SimilarParams) -> str:
    """What others were compared with, in few words."""
    return f"line {wanted.line + 1}" if found.compared is None else title_of(found.compared[1])


async def show_copies(ls: FathomServer, params: Any = None) -> None:
    """Offer the copies of the function that begins at a position."""
    wanted = SimilarParams.from_json(params, MOST)
    targets: list[Target] = []
    for copy in ls.copies_in(wanted.uri):
        if copy.member[1]["startLine"] == wanted.line + 1:
            targets += [target_of(*other) for other in copy.others]
    ls.run_in_background(offer(ls, "Copies" if targets else "It has no copies any more", targets))


COMMANDS: dict[str, Callable[[FathomServer, Any], Awaitable[Any]]] = {
    lsp_ext.SEARCH: search.search,
    lsp_ext.SIMILAR: similar.similar,
    lsp_ext.DUPLICATES: duplicates.duplicates,
    lsp_ext.STATUS: status.status,
    lsp_ext.REINDEX: reindex.reindex,
    SHOW_SIMILAR: show_similar,
    GO_TO_MOST_SIMILAR: go_to_most_similar,
    SHOW_COPIES: show_copies,
}
"""Each takes the parameters of its request as its one argument."""


def register(ls: FathomServer) -> None:
    """Have the server execute the commands."""
    for name, handler in COMMANDS.items():
        ls.command(name)(_command(name, handler))


def _command(name: str, handler: Callable[[FathomServer, Any], Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    async def command(ls: FathomServer, *arguments: Any) -> Any:
        if len(arguments) > 1:
            raise JsonRpcInvalidParams(f"{name} takes one argument, not {len(arguments)}")
        return await handler(ls, arguments[0] if arguments else None)

    return command
