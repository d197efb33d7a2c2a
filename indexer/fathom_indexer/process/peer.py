"""The process at the other end of a connection, as the operating system knows it.

The process id in a message is the sender's own view of it. In another PID namespace (a container that shares the cache
folder) the same number belongs to another process, which must not be killed in its place.
"""

from __future__ import annotations

import socket
import struct
import sys

_UCRED = struct.Struct("iII")
"""Linux: `struct ucred` of `socket(7)`: process, user and group id."""

_SOL_LOCAL, _LOCAL_PEERPID = 0, 2
"""macOS: level and option of `sys/un.h`, which Python does not name."""


def peer_pid(connection: socket.socket) -> int | None:
    """The process id of the peer in this process's own namespace; None where the system does not tell it.

    On Linux this is the process that called `listen` or `connect`. Known for Unix domain sockets only.
    """
    if connection.family != getattr(socket, "AF_UNIX", None):
        return None
    try:
        if sys.platform == "linux":
            pid, _, _ = _UCRED.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size))
        elif sys.platform == "darwin":
            pid = connection.getsockopt(_SOL_LOCAL, _LOCAL_PEERPID)
        else:
            return None
    except OSError:
        return None
    # Linux has 0 for a process that is not visible in this namespace.
    return int(pid) if pid > 0 else None


def listens(pid: int, port: int) -> bool:
    """Whether a process of this machine listens on a TCP port, which tells a peer on the loopback interface apart."""
    import psutil  # noqa: PLC0415 - clients must start fast, and this is for those that found their peer hanging

    try:
        connections = psutil.Process(pid).net_connections("tcp")
    except (psutil.Error, OSError):
        return False
    return any(found.status == psutil.CONN_LISTEN and found.laddr.port == port for found in connections)
