"""`workspace/didChangeConfiguration`, and the settings that the server requests with `workspace/configuration`."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lsprotocol import types

if TYPE_CHECKING:
    from fathom_server.server import FathomServer

logger = logging.getLogger(__name__)

SECTION = "fathom"

PATIENCE = 5.0
"""Seconds to wait for the client's settings. Requests about folders wait, too."""


async def register(ls: FathomServer) -> None:
    """Register for changes of the settings, if the client supports it."""
    if not (ls.capabilities.configuration and ls.capabilities.registers_configuration):
        return
    registration = types.Registration(
        id="fathom-configuration",
        method=types.WORKSPACE_DID_CHANGE_CONFIGURATION,
        register_options=types.DidChangeConfigurationRegistrationOptions(section=SECTION),
    )
    try:
        await ls.client_register_capability_async(types.RegistrationParams([registration]))
    except Exception as error:
        logger.warning("the client refused to report changes of its settings: %s", error)


async def pull(ls: FathomServer) -> None:
    """Request and apply the client's section of settings. If the request fails, the previous section stays."""
    ls.configuration_requests += 1
    number = ls.configuration_requests
    asked = types.ConfigurationParams([types.ConfigurationItem(section=SECTION)])
    try:
        answer = await asyncio.wait_for(ls.workspace_configuration_async(asked), PATIENCE)
    except Exception as error:
        logger.warning("the client did not send its settings: %r", error)
        section = ls.section
    else:
        section = answer[0] if answer else None
    if number > ls.configuration_applied:  # Otherwise the answer to a later request came first.
        ls.configuration_applied = number
        ls.configure(section)


def did_change(ls: FathomServer, params: types.DidChangeConfigurationParams) -> None:
    """Apply the changed settings."""
    if ls.capabilities.configuration:
        ls.run_in_background(pull(ls))
    else:
        settings: Any = params.settings
        ls.configure(settings.get(SECTION) if isinstance(settings, Mapping) else None)
