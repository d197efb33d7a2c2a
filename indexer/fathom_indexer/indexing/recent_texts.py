"""The texts that the encoder is to read of files that were read a moment ago."""

from __future__ import annotations

from collections.abc import Mapping

_MOST = 512
"""Texts kept: those of some saved files, at most 4,000 characters each. In a first index they are of little use, since
there files are not embedded in the order in which they are read."""


class RecentTexts:
    """Texts by text key, so that what was built for the key need not be read back from the store and built again.

    Only a shortcut: the store has all functions, and texts that are not here are built from it.
    """

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}

    def add(self, texts: Mapping[str, str]) -> None:
        """Keep texts, the latest ones if they are too many."""
        self._texts.update(texts)
        if len(self._texts) > _MOST:
            for key in list(self._texts)[:-_MOST]:
                del self._texts[key]

    def get(self, key: str) -> str | None:
        """The text of a key, if it is known."""
        return self._texts.get(key)

    def clear(self) -> None:
        """Forget all texts: they have been embedded."""
        self._texts.clear()
