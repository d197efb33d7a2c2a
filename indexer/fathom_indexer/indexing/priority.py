"""The files that users work with, whose functions are embedded first."""

from __future__ import annotations

from collections.abc import Iterable

_MOST = 200


class FilePriority:
    """The paths that were last opened, saved or found by a search, relative to the root."""

    def __init__(self) -> None:
        self._paths: dict[str, None] = {}

    def note(self, paths: Iterable[str]) -> None:
        """Note that files were opened, saved or found. The last ones are remembered."""
        for path in paths:
            self._paths.pop(path, None)
            self._paths[path] = None
        for path in list(self._paths)[:-_MOST]:
            del self._paths[path]

    def paths(self) -> list[str]:
        """The files, the last noted one first."""
        return list(reversed(self._paths))
