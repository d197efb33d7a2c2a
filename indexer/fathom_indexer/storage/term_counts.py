"""The terms of texts that are searched without being in the index file: those of open documents."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Sequence

from fathom_indexer.storage.schema import TOKENIZER


class TermCounter:
    """Counts terms with FTS5's own tokenizer, so that a text has the same terms here as in the index file.

    Belongs to the thread that created it.
    """

    def __init__(self) -> None:
        self._db = sqlite3.connect(":memory:", isolation_level=None)
        self._db.execute(f"CREATE VIRTUAL TABLE words USING fts5 (text, content = '', tokenize = '{TOKENIZER}')")
        self._db.execute("CREATE VIRTUAL TABLE terms USING fts5vocab ('words', 'instance')")

    def count(self, texts: Sequence[str]) -> list[Counter[str]]:
        """The number of times that each term is in each text, text by text."""
        counts: list[Counter[str]] = [Counter() for _ in texts]
        self._db.execute("BEGIN")
        try:
            self._db.executemany("INSERT INTO words (rowid, text) VALUES (?, ?)", enumerate(texts))
            for row, term, number in self._db.execute("SELECT doc, term, COUNT(*) FROM terms GROUP BY doc, term"):
                counts[row][term] = number
        finally:
            self._db.execute("ROLLBACK")
        return counts
