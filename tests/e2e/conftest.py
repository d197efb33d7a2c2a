"""A language client that speaks to a real server over real streams, and a workspace to search."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from cattrs import Converter
from lsprotocol import converters, types
from pygls.protocol import JsonRPCResponseMessage
from pytest_lsp import LanguageClient
from pytest_lsp.client import register_lsp_features

FIXTURE = Path(__file__).parent.parent / "fixtures" / "workspaces" / "library"

SERVER = (sys.executable, "-m", "fathom_server")

Connect = Callable[..., Awaitable[LanguageClient]]


def _converter() -> Converter:
    """lsprotocol's, with the answers to our own requests as plain JSON, and code actions told from commands."""
    converter = converters.get_converter()
    converter.register_structure_hook(
        JsonRPCResponseMessage,
        lambda message, _: JsonRPCResponseMessage(
            id=message["id"], jsonrpc=message["jsonrpc"], result=message.get("result")
        ),
    )
    converter.register_structure_hook(
        types.Command | types.CodeAction,
        lambda action, _: converter.structure(
            action, types.Command if isinstance(action["command"], str) else types.CodeAction
        ),
    )
    return converter


async def _indexed(client: LanguageClient) -> Any:
    """Wait until everything is indexed; the status then."""
    protocol: Any = client.protocol
    while True:
        status = await protocol.send_request_async("fathom/status", {})
        if not any(root.get("indexing", True) for root in status["roots"]):
            return status
        await asyncio.sleep(0.05)


@pytest.fixture(scope="session")
def indexed() -> Callable[[LanguageClient], Awaitable[Any]]:
    """Waits until everything is indexed and returns the status then."""
    return lambda client: asyncio.wait_for(_indexed(client), 120)


@pytest.fixture(scope="session")
def copy_workspace() -> Callable[[Path], Path]:
    """Makes a copy of the workspace, to be changed at will."""
    return lambda to: Path(shutil.copytree(FIXTURE, to))


def _params(*folders: Path, capabilities: types.ClientCapabilities | None, options: Any) -> types.InitializeParams:
    return types.InitializeParams(
        process_id=os.getpid(),
        capabilities=capabilities or types.ClientCapabilities(),
        workspace_folders=[types.WorkspaceFolder(folder.as_uri(), folder.name) for folder in folders],
        initialization_options=options,
    )


async def _start(
    *folders: Path,
    cache: Path,
    command: tuple[str, ...] = SERVER,
    capabilities: types.ClientCapabilities | None = None,
    options: Any = None,
    initialize: bool = True,
) -> LanguageClient:
    client = LanguageClient(converter_factory=_converter)
    register_lsp_features(client)
    await client.start_io(*command, env={**os.environ, "FATHOM_CACHE_DIR": str(cache)})
    if initialize:
        await client.initialize_session(_params(*folders, capabilities=capabilities, options=options))
    return client


async def _stop(client: Any) -> None:
    server = client._server
    assert server is not None
    if server.returncode is None:
        await client.shutdown_session()
        if server.returncode is None:
            server.kill()
    await client.stop()


@pytest_asyncio.fixture
async def connect(tmp_path: Path) -> AsyncIterator[Connect]:
    """Starts servers: `await connect(folder..., capabilities=, options=, command=, initialize=)`."""
    clients: list[LanguageClient] = []

    async def connect(*folders: Path, **settings: Any) -> LanguageClient:
        client = await _start(*folders, cache=tmp_path / "cache", **settings)
        clients.append(client)
        return client

    yield connect
    for client in clients:
        await _stop(client)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def library(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LanguageClient]:
    """A server with the whole workspace indexed, for tests that change nothing."""
    folder = tmp_path_factory.mktemp("library")
    root = Path(shutil.copytree(FIXTURE, folder / "my library"))
    client = await _start(root, cache=folder / "cache")
    await asyncio.wait_for(_indexed(client), 120)
    yield client
    await _stop(client)
