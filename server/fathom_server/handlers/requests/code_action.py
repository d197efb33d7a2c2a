"""`textDocument/codeAction`: commands that show the functions similar to one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from fathom_server.protocol.command_names import GO_TO_MOST_SIMILAR, SHOW_SIMILAR

if TYPE_CHECKING:
    from fathom_server.server import FathomServer

KIND = "fathom.similar"


async def code_action(
    ls: FathomServer, params: types.CodeActionParams
) -> list[types.CodeAction | types.Command] | None:
    """Actions for the function at the start of the range.

    Only if the user requested actions: otherwise every line would have a light bulb.
    """
    context = params.context
    if context.trigger_kind is types.CodeActionTriggerKind.Automatic:
        return None
    if context.only is not None and not any(_covers(str(getattr(kind, "value", kind))) for kind in context.only):
        return None
    await ls.session.settled()
    if ls.session.place_of(params.text_document.uri) is None:
        return None
    start = params.range.start
    here = {
        "textDocument": {"uri": params.text_document.uri},
        "position": {"line": start.line, "character": start.character},
    }
    commands = [types.Command("Find similar functions", SHOW_SIMILAR, arguments=[here])]
    if ls.capabilities.shows_documents:
        commands.append(types.Command("Go to the most similar function", GO_TO_MOST_SIMILAR, arguments=[here]))
    if not ls.capabilities.code_action_literals:
        return list(commands)
    return [types.CodeAction(command.title, kind=KIND, command=command) for command in commands]


def _covers(wanted: str) -> bool:
    """Whether a kind of code actions that the client requests includes ours."""
    return not wanted or wanted == KIND or KIND.startswith(wanted + ".")
