"""Code for one operating system, told by the names of files and folders (`unix/core.c`, `win/core.c`)."""

from __future__ import annotations

import re
from functools import lru_cache

_SYSTEMS = {
    name: system
    for system, names in {
        "win32": "win win32 windows winnt",
        "darwin": "darwin macos osx",
        "linux": "linux",
        "bsd": "bsd freebsd netbsd openbsd dragonfly",
        "posix": "posix unix",
        "other": "aix cygwin haiku hurd ibmi os390 qnx solaris sunos zos",
    }.items()
    for name in names.split()
}

SYSTEM_WORDS = frozenset(_SYSTEMS)
"""Words in lower case that name operating systems."""

_WORD = re.compile(r"[a-z0-9]+")


@lru_cache(maxsize=8192)
def is_foreign(path: str, system: str) -> bool:
    """Whether a path names operating systems and not this one, which is given as `sys.platform` has it."""
    named = {_SYSTEMS[word] for word in _WORD.findall(path.lower()) if word in _SYSTEMS}
    if named == {"posix"}:
        return system == "win32"
    return bool(named) and _family(system) not in named


def _family(system: str) -> str:
    if system in ("win32", "darwin", "linux"):
        return system
    return "bsd" if "bsd" in system else "other"
