"""The real server over standard streams, with `tests/server/fake_indexer.py` in the given mode as its indexer."""

from __future__ import annotations

import asyncio
import sys
from functools import partial
from pathlib import Path

from fathom_indexer.process.client import IndexerClient
from fathom_indexer.process.stdio import claim_stdout
from fathom_server.handlers import register
from fathom_server.protocol.transport import serve_stdio
from fathom_server.server import FathomServer

FAKE = Path(__file__).parent.parent / "server" / "fake_indexer.py"


async def serve() -> int:
    command = (sys.executable, str(FAKE), sys.argv[1])
    timeout = float(sys.argv[2]) if len(sys.argv) > 2 else 60.0
    server = FathomServer(partial(IndexerClient.start, command=command, timeout=timeout))
    register(server)
    return await serve_stdio(server, stdout)


if __name__ == "__main__":
    stdout = claim_stdout()
    sys.exit(asyncio.run(serve()))
