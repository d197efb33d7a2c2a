"""How texts are read: names in front, second windows, hidden names."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the torch extra")

from fathom_indexer.encoder import EncoderConfig
from fathom_indexer.encoder.text import code_text, query_text
from fathom_indexer.encoder.tokenizer import Tokenizer
from fathom_indexer.types import Function, Kind
from fathom_research.training.corpus import CLS, MASK, SEP, WORDS, Corpus
from fathom_research.training.prepare import TASKS_NAME, load_corpus
from fathom_research.training.reading import Reading, lengths, padded, varied
from fathom_research.training.run_config import KINDS, RunConfig

NAME, BODY = [3000, 1012, 3001], [3000, 3002, 3003, 3004, 3001, 3005]


@pytest.fixture
def corpus() -> Corpus:
    """A function with a name of two words and a full stop; a question with one of the words, and one with both."""
    texts = [NAME + BODY, [3000, 3002, 3003, 3007], [3000, 3001, 3002]]
    none = np.empty(0, np.int64)
    from fathom_research.training.corpus import Pairs

    pairs = Pairs(none, none, none, none)
    return Corpus(
        Path(),
        np.array([token for text in texts for token in text], np.uint16),
        np.cumsum([0, *map(len, texts)]),
        np.array([len(NAME), 0, 0], np.uint8),
        np.array([0, WORDS, WORDS]),
        np.zeros(3, np.int64),
        pairs,
        pairs,
        8,
        12,
    )


def _read(corpus: Corpus, text: int, named: bool = False, start: int = 0, hides: int = -1) -> list[int]:
    ids, mask = padded(corpus, np.array([text]), Reading(np.array([named]), np.array([start]), np.array([hides])))
    assert (np.diff(mask[0]) <= 0).all()
    tokens: list[int] = ids[0][mask[0] == 1].tolist()
    return tokens


def test_a_name_stands_in_front_or_not(corpus: Corpus) -> None:
    assert _read(corpus, 0, named=True) == [CLS, *NAME, *BODY, SEP]
    assert _read(corpus, 0) == [CLS, *BODY, SEP]
    assert _read(replace(corpus, code_tokens=6), 0, named=True) == [CLS, *NAME, BODY[0], SEP]


def test_a_second_window_keeps_the_name(corpus: Corpus) -> None:
    assert _read(corpus, 0, named=True, start=4) == [CLS, *NAME, *BODY[4:], SEP]


def test_words_of_a_hidden_name_are_masked_in_code_and_left_out_of_questions(corpus: Corpus) -> None:
    assert _read(corpus, 0, hides=0) == [CLS, MASK, 3002, 3003, 3004, MASK, 3005, SEP]
    assert _read(corpus, 1, hides=0) == [CLS, 3002, 3003, 3007, SEP]
    assert _read(corpus, 2, hides=0) == [CLS, 3000, 3001, 3002, SEP], "too little would be left"


def test_rows_of_one_batch_do_not_disturb_each_other(corpus: Corpus) -> None:
    texts = np.array([0, 1, 2, 0])
    reading = Reading(np.array([True, False, False, False]), np.array([0, 0, 0, 2]), np.array([-1, 0, -1, 0]))
    ids, mask = padded(corpus, texts, reading)
    for row, text in enumerate(texts):
        alone, present = padded(corpus, texts[row : row + 1], reading.take(np.array([row])))
        assert ids[row][mask[row] == 1].tolist() == alone[0][present[0] == 1].tolist(), text
    assert (lengths(corpus, texts, reading) >= mask.sum(1)).all()


def test_reading_varies_as_the_settings_say(corpus: Corpus) -> None:
    texts, kinds = np.zeros(4000, np.int64), np.zeros(4000, np.int64)
    config = RunConfig(names_share=0.5, hidden_names={"doc": 0.4}, second_windows=0.5)
    reading = varied(corpus, config, texts, texts, kinds, np.random.default_rng(0))
    assert 0.35 < (reading.hides == 0).mean() < 0.45
    assert not (reading.named & (reading.hides == 0)).any()
    assert 0.25 < reading.named.mean() < 0.35
    assert not reading.starts.any(), "too short for a second window"
    questions = varied(corpus, config, texts + 1, texts, kinds, np.random.default_rng(0))
    assert 0.15 < (questions.hides == 0).mean() < 0.25
    plain = varied(corpus, RunConfig(), texts, texts, kinds + 3, np.random.default_rng(0))
    assert (plain.hides == -1).all()


def test_tokens_are_those_that_a_workspace_reads(data_folder: Path, base_folder: Path, config: RunConfig) -> None:
    base = EncoderConfig.load(base_folder)
    corpus = load_corpus(data_folder, config, base, base.tokenizer.read(base_folder))
    tokenizer = Tokenizer(replace(base, max_tokens=config.code_tokens), base.tokenizer.read(base_folder))
    code = "def openIt(x): return open(x, 0) in python"
    function = Function("openIt", "openIt", Kind.FUNCTION, "python", "", "", code, 0, 1, 1, 1)
    named, bare = tokenizer.ids([code_text(function, "src/a.x"), query_text(code)])
    read = [
        [ids[row][mask[row] == 1].tolist() for row in range(len(ids))]
        for ids, mask in (
            padded(corpus, corpus.train.code, Reading.whole(len(corpus.train))),
            padded(corpus, corpus.train.code, replace(Reading.whole(len(corpus.train)), named=np.zeros(36, np.bool_))),
        )
    ]
    assert named in read[0]
    assert bare in read[1]


def test_solutions_of_a_task_look_for_each_other(data_folder: Path, base_folder: Path, config: RunConfig) -> None:
    records = [
        {
            "task": f"{family}/sum",
            "split": "train",
            "description": "add numbers up" if language == "go" else "",
            "language": language,
            "package": family,
            "file": f"sum.{language}",
            "name": "sumUp",
            "code": f"sumUp in {language} {family}",
            "variant": f"f in {language} {family}",
        }
        for family in ("one", "two")
        for language in ("go", "rust", "zig")
    ]
    with gzip.open(data_folder / TASKS_NAME, "wt", encoding="utf-8") as lines:
        lines.writelines(json.dumps(record) + "\n" for record in records)
    base = EncoderConfig.load(base_folder)
    corpus = load_corpus(data_folder, config, base, base.tokenizer.read(base_folder))
    ports = corpus.train.take(np.flatnonzero(corpus.train.kind == KINDS.index("port")))
    assert len(ports) == 2 * 3 * 2
    assert (corpus.languages[ports.query] != corpus.languages[ports.code]).all()
    assert (corpus.names[ports.query] == corpus.names[ports.code]).all(), "both as written, or both renamed"
    assert len(np.unique(corpus.groups[ports.query])) == 1, "one name is one task"
    described = np.isin(corpus.train.code, ports.code) & (corpus.train.kind == KINDS.index("doc"))
    assert described.any()
