"""Idle time makes the windows of long functions, once."""

from __future__ import annotations

from pathlib import Path

import pytest

from fathom_indexer.config import Config
from fathom_indexer.engine import Engine
from fathom_indexer.indexing.windows import WindowEmbedder

LONG = "def long():\n" + "".join(f"    step_number_{line} = do_something_with({line})\n" for line in range(60))


def test_idle_time_makes_windows_once(light: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "workspace"
    root.mkdir()
    (root / "a.py").write_text(LONG + "\n\ndef short():\n    return 1\n")
    with Engine.open(root, light) as engine:
        engine.index()
        list(engine.idle_steps())
        store = engine._store
        ids = {found.function.name: found.id for found in store.functions_of("a.py")}
        space = engine._space
        windows = store.window_vectors(space.model, space.rerank_exit, list(ids.values()))
        assert set(windows) == {ids["long"]}
        monkeypatch.setattr(WindowEmbedder, "_embed", pytest.fail)
        list(engine.idle_steps())
        assert store.is_complete(space.model, space.index_exit), "and the next start has nothing to look for"
