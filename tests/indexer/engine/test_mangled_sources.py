"""Mangled source in every language, through the whole of indexing: nothing raises, and no file stops another."""

from __future__ import annotations

import shutil
from itertools import count
from pathlib import Path

import contents
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fathom_indexer.config import Config
from fathom_indexer.engine import Engine
from fathom_indexer.languages import LANGUAGES, Language
from fathom_indexer.search import Pipeline

pytestmark = pytest.mark.slow

FIXTURES = Path(__file__).parents[2] / "fixtures" / "languages"
SOUND = "def ring_the_bell():\n    return 'ding'\n"
FRAGMENTS = (
    *(b"{", b"}", b"(", b")", b"[", b'"', b"'", b'"""', b"`", b"/*", b"*/", b"//", b"#", b"\n", b"\r", b"\t", b"\\"),
    *(b"\xff", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\xe2\x80\xae", "̈".encode(), "🦆".encode(), b"=begin\n", b"<<EOF\n"),
    *(b"end", b"def ", b"class ", b"function ", b"let ", b"where", b"=>", b"@", b"#if 0\n", b"${", b"<?php", b"?>"),
)


def samples(language: Language) -> list[bytes]:
    return [file.read_bytes() for file in sorted((FIXTURES / language.name).iterdir()) if file.suffix != ".golden"]


@st.composite
def mangled(draw: st.DrawFn, language: Language) -> bytes:
    """A fixture with pieces cut out, doubled, moved, replaced and put in."""
    source = bytearray(draw(st.sampled_from(samples(language))))
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(source)))
        end = min(len(source), start + draw(st.sampled_from([0, 1, 7, 60, 600])))
        piece = bytes(source[start:end])
        new = draw(st.sampled_from([b"", piece * 2, piece[::-1], *FRAGMENTS]) | st.binary(max_size=4))
        if draw(st.booleans()):
            source[start:end] = new
        else:
            # Somewhere else, so that what belonged together is torn apart.
            place = draw(st.integers(0, len(source)))
            del source[start:end]
            source[place:place] = new + piece
    return bytes(source)


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.name)
def test_mangled_files_are_indexed_like_any_others(language: Language, light: Config, tmp_path: Path) -> None:
    numbers = count()

    @settings(max_examples=8, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(sources=st.lists(mangled(language), min_size=3, max_size=3))
    def run(sources: list[bytes]) -> None:
        root = tmp_path / str(next(numbers))
        root.mkdir()
        (root / "sound.py").write_text(SOUND)
        files = [root / f"mangled_{number}{language.extensions[0]}" for number in range(len(sources))]
        for file, source in zip(files, sources, strict=True):
            file.write_bytes(source)
        with Engine.open(root, light) as engine:
            contents.complete(engine)
            check(engine, root)
            # And as edits: each becomes what the next one was.
            for file, source in zip(files, (*sources[1:], sources[0]), strict=True):
                file.write_bytes(source)
                engine.open_document(file.name, source.decode("utf-8", "replace"))
                engine.search("ring_the_bell")
            contents.complete(engine)
            check(engine, root)
            assert contents.content_of(engine) == contents.fresh(root.resolve(), light)
        shutil.rmtree(root)

    run()


def check(engine: Engine, root: Path) -> None:
    status = engine.status()
    assert status.files + sum(status.skipped.values()) == len(list(root.iterdir()))
    assert set(status.skipped) <= {"binary", "generated", "minified", "not UTF-8 text"}
    assert engine.search("ring_the_bell")[0].path == "sound.py"
    for stored in (hit for query in ("read", "x") for hit in engine.search(query, 50, steps=Pipeline.DENSE.steps)):
        assert (root / stored.path).exists()
