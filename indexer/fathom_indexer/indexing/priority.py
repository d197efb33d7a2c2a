"""Which files somebody is working with: their functions are embedded before others."""

from __future__ import annotations

from collections.abc import Iterable

_MOST = 200


class FilePriority:
    """The paths that were opened, saved or found last, relative to the root."""

    def __init__(self) -> None:
        self._paths: dict[str, None] = {}

    def note(self, paths: Iterable[str]) -> None:
        """Somebody works with these files now. Of many, the last ones are remembered."""
        for path in paths:
            self._paths.pop(path, None)
            self._paths[path] = None
        for path in list(self._paths)[:-_MOST]:
            del self._paths[path]

    def paths(self) -> list[str]:
        """The files, those noted last first."""
        return list(reversed(self._paths))
