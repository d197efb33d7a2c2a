"""Texts to unit vectors, at a chosen exit and length."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from enum import Enum
from pathlib import Path

import numpy as np

from fathom_indexer.embedding_space import Floats, shorten
from fathom_indexer.encoder.config import EncoderConfig
from fathom_indexer.encoder.runtime import Runtime, batches
from fathom_indexer.encoder.text import query_text
from fathom_indexer.encoder.tokenizer import Tokenizer
from fathom_indexer.errors import ModelError

JOINT_QUERY_TOKENS = 48
"""Most tokens of a query that the joint pass reads; the rest of its input is the function."""

PACKAGED_MODEL = Path(__file__).parent / "models" / "minilm"


class TextKind(str, Enum):
    """Which side of a search a text is on. Queries may be words or code."""

    QUERY = "query"
    CODE = "code"


class Encoder:
    """A loaded encoder. Not thread-safe: one thread owns it."""

    def __init__(self, config: EncoderConfig, tokenizer: Tokenizer, runtime: Runtime) -> None:
        self.config = config
        self._tokenizer = tokenizer
        self._runtime = runtime

    def encode(
        self,
        texts: Sequence[str],
        kind: TextKind,
        exit: int | None = None,
        dim: int | None = None,
    ) -> Floats:
        """Unit vectors `[len(texts), dim]` at one exit, the model's index exit by default.

        Code is expected as `code_text` makes it. Raises `ModelError` for an exit or a length the model does not have.
        """
        layer = self.config.index_exit if exit is None else exit
        return shorten(self.encode_exits(texts, kind, (layer,))[layer], dim)

    def encode_exits(self, texts: Sequence[str], kind: TextKind, exits: Sequence[int]) -> dict[int, Floats]:
        """Full-length unit vectors `[len(texts), hidden]` of several exits from one pass through the layers."""
        vectors = {layer: np.zeros((len(texts), self.config.exit(layer).dims[0]), np.float32) for layer in exits}
        for positions, batch in self.encode_batches(texts, kind, exits):
            for layer, rows in batch.items():
                vectors[layer][positions] = rows
        return vectors

    def encode_batches(
        self, texts: Sequence[str], kind: TextKind, exits: Sequence[int]
    ) -> Iterator[tuple[list[int], dict[int, Floats]]]:
        """As `encode_exits`, one short batch at a time: positions in `texts`, and their vectors at each exit.

        Every text comes exactly once, shortest first, so that little is computed for padding. Each batch is tokenized
        when its turn comes, so that no request waits for more than one batch.
        """
        for layer in exits:
            self.config.exit(layer)
        if kind is TextKind.QUERY:
            texts = [query_text(text) for text in texts]
        order = sorted(range(len(texts)), key=lambda position: len(texts[position]))
        tokenized = ((position, self._tokenizer.ids([texts[position]])[0]) for position in order)
        for positions, ids, mask in batches(tokenized):
            yield positions, self._runtime.run(ids, mask, exits)

    def score(self, query: str, texts: Sequence[str]) -> Floats:
        """How well each text answers the query, `[len(texts)]`, by the joint pass; larger is better.

        The texts are code as `code_text` makes it. Raises `ModelError` for a model without a joint pass.
        """
        if self.config.joint is None:
            raise ModelError(f"{self.config.name} has no joint pass")
        asked = self._tokenizer.ids([query_text(query)])[0]
        scores = np.zeros(len(texts), np.float32)
        order = sorted(range(len(texts)), key=lambda position: len(texts[position]))
        joined = ((place, self._joined(asked, self._tokenizer.ids([texts[place]])[0])) for place in order)
        for positions, ids, mask in batches(joined):
            scores[positions] = self._runtime.score(ids, mask)
        return scores

    def _joined(self, asked: list[int], found: list[int]) -> list[int]:
        """A query's tokens, at most `JOINT_QUERY_TOKENS`, and those of a function without its first one."""
        limit = self.config.joint.max_tokens if self.config.joint else 0
        if len(asked) > JOINT_QUERY_TOKENS:
            asked = [*asked[: JOINT_QUERY_TOKENS - 1], asked[-1]]
        both = [*asked, *found[1:]]
        return both if len(both) <= limit else [*both[: limit - 1], found[-1]]


def load_encoder(folder: Path | None = None, runtime: str = "onnx", threads: int = 0) -> Encoder:
    """The encoder in `folder`, the packaged one by default, on `onnx` or `torch`.

    `threads` 0 uses every core this process may use. Raises `ModelError` when files are missing or damaged, or when
    the runtime is not installed.
    """
    folder = folder or PACKAGED_MODEL
    config = EncoderConfig.load(folder)
    tokenizer = Tokenizer(config, config.tokenizer.read(folder))
    return Encoder(config, tokenizer, _runtime_named(runtime)(config, folder, threads))


def _runtime_named(name: str) -> Callable[[EncoderConfig, Path, int], Runtime]:
    # Imported on demand: each runtime is a heavy library, and only one is used.
    if name == "onnx":
        from fathom_indexer.encoder.onnx_runtime import OnnxRuntime  # noqa: PLC0415

        return OnnxRuntime
    if name == "torch":
        from fathom_indexer.encoder.torch_runtime import TorchRuntime  # noqa: PLC0415

        return TorchRuntime
    raise ModelError(f"unknown runtime {name!r}; there are: onnx, torch")
