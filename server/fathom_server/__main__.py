"""`fathom-lsp`: the language server's command line."""

from __future__ import annotations

import argparse
import asyncio
import ipaddress
import logging
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from fathom_indexer import __version__
from fathom_indexer.process.stdio import claim_stdout

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve one client and return the process's exit code."""
    parser = argparse.ArgumentParser(
        prog="fathom-lsp", description="Semantic code search as a language server. Speaks LSP over standard streams."
    )
    parser.add_argument("--version", action="version", version=f"fathom-lsp {__version__}")
    parser.add_argument("--stdio", action="store_true", help="speak over standard input and output (the default)")
    parser.add_argument("--tcp", type=_address, metavar="HOST:PORT", help="serve one client over TCP; port 0 picks one")
    parser.add_argument(
        "--allow-remote", action="store_true", help="allow --tcp to listen on an address that other machines can reach"
    )
    parser.add_argument("--log-file", type=Path, metavar="FILE", help="also log to this file")
    parser.add_argument("-v", "--verbose", action="count", default=0, help="log more; twice for everything")
    parser.add_argument(
        "--check",
        action="store_true",
        help="check whether everything that searches need works, and whether this folder's index is intact",
    )
    options = parser.parse_args(arguments)
    if options.check:
        from fathom_indexer.process.discovery import working_directory  # noqa: PLC0415

        # In a separate process, which a native library may crash.
        command = [sys.executable, "-m", "fathom_indexer.process.check", str(Path.cwd())]
        return subprocess.call(command, cwd=working_directory())
    if options.tcp and not options.allow_remote and not _is_loopback(options.tcp[0]):
        parser.error(
            f"--tcp {options.tcp[0]}: any program that connects can read the indexed code. "
            "Use 127.0.0.1, or add --allow-remote"
        )

    # Claimed before the import of modules that might print.
    stdout = claim_stdout()
    from fathom_indexer.process.client import IndexerClient  # noqa: PLC0415
    from fathom_server import logs  # noqa: PLC0415
    from fathom_server.handlers import register  # noqa: PLC0415
    from fathom_server.protocol import transport  # noqa: PLC0415
    from fathom_server.server import FathomServer  # noqa: PLC0415

    try:
        logs.configure(options.verbose, options.log_file)
    except OSError as error:
        parser.error(f"--log-file: {error}")

    async def serve() -> int:
        level = logging.getLevelName(logging.getLogger().level)
        server = FathomServer(partial(IndexerClient.share, log_level=level))
        register(server)
        if options.tcp:
            return await transport.serve_tcp(server, *options.tcp)
        return await transport.serve_stdio(server, stdout)

    try:
        return asyncio.run(serve())
    except OSError as error:
        parser.error(f"--tcp: {error}")
    except KeyboardInterrupt:
        return 130


def _address(text: str) -> tuple[str, int]:
    host, separator, port = text.rpartition(":")
    if not separator or not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not HOST:PORT")
    return host.strip("[]"), int(port)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


if __name__ == "__main__":
    sys.exit(main())
