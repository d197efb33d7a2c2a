"""The shape, exits and files of an encoder, as `config.json` has them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fathom_indexer.embedding_space import EmbeddingSpace
from fathom_indexer.errors import ModelError

FORMAT = 1
"""Version of the model folder's layout. A folder of another version is refused."""


@dataclass(frozen=True, slots=True)
class Exit:
    """A depth at which the encoder can stop. Layer 0 is the static exit: token vectors, weighted and averaged.

    `dims` are the vector lengths it is good for, longest first; `head` says whether a linear map of its own follows
    the pooling. `pooling` is the `mean` over tokens, or `scored`: weighted by a softmax over a learned direction. The
    static exit has weights of its own for each vocabulary entry, whatever `pooling` is.
    """

    layer: int
    dims: tuple[int, ...]
    head: bool = False
    pooling: str = "mean"


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """A file of the model folder with the SHA-256 it must have."""

    name: str
    sha256: str

    def read(self, folder: Path) -> bytes:
        """The file's bytes. Raises `ModelError` when it is missing, unreadable or not the file that was built."""
        try:
            content = (folder / self.name).read_bytes()
        except OSError as error:
            raise ModelError(f"the model file {folder / self.name} cannot be read: {error.strerror}") from error
        if hashlib.sha256(content).hexdigest() != self.sha256:
            raise ModelError(f"the model file {folder / self.name} is damaged: its SHA-256 is not the recorded one")
        return content


@dataclass(frozen=True, slots=True)
class Segment:
    """The layers after `first` up to and including `last` as one ONNX graph. The first graph starts from token ids.

    A segment from 0 to 0 is the static exit, which hands the vectors of the tokens on to the next.
    """

    first: int
    last: int
    file: CheckedFile


@dataclass(frozen=True, slots=True)
class JointPass:
    """The graph that reads a query and a function together, and how many tokens of both it reads."""

    max_tokens: int
    file: CheckedFile


@dataclass(frozen=True, slots=True)
class EncoderConfig:
    """An encoder's shape, exits and files. Sizes are in units of the model: layers, features, tokens."""

    name: str
    layers: int
    hidden: int
    heads: int
    intermediate: int
    vocabulary: int
    layer_norm_eps: float
    max_tokens: int
    """What the encoder sees of a text, special tokens included."""
    exits: tuple[Exit, ...]
    index_exit: int
    """Default exit for what is stored and searched."""
    index_dim: int
    rerank_exit: int
    """Default exit that orders the candidates."""
    tokenizer: CheckedFile
    segments: tuple[Segment, ...]
    weights: CheckedFile | None = None
    """The 16-bit weights that PyTorch reads; None where the folder has the graphs alone, as the packaged one."""
    joint: JointPass | None = None
    recorded_id: str = ""
    """The model's id where the folder has no weights to compute it from."""

    @property
    def model_id(self) -> str:
        """Names these exact weights: vectors of two encoders with one id can be compared.

        A hash of the hashes of the weights, the graphs and the tokenizer. A folder without weights records the id that
        it had with them.
        """
        if self.weights is None:
            return self.recorded_id
        digest = hashlib.sha256(self.weights.sha256.encode())
        for segment in self.segments:
            digest.update(segment.file.sha256.encode())
        digest.update(f"{self.tokenizer.sha256}{self.max_tokens}".encode())
        return f"{self.name}-{digest.hexdigest()[:12]}"

    def exit(self, layer: int) -> Exit:
        """The exit at that layer. Raises `ModelError` that names the exits there are."""
        for candidate in self.exits:
            if candidate.layer == layer:
                return candidate
        there_are = ", ".join(str(candidate.layer) for candidate in self.exits)
        raise ModelError(f"{self.name} has no exit {layer}; its exits are {there_are}")

    def space(self, index_exit: int | None, rerank_exit: int | None, dim: int | None) -> EmbeddingSpace:
        """The space of vectors at these exits, the index vectors cut to `dim`; None chooses as the model says.

        Raises `ModelError` for an exit or a length that the model does not have.
        """
        index = self.exit(self.index_exit if index_exit is None else index_exit)
        rerank = self.exit(self.rerank_exit if rerank_exit is None else rerank_exit)
        dim = self.index_dim if dim is None else dim
        if not 0 < dim <= index.dims[0]:
            raise ModelError(f"vectors have {index.dims[0]} dimensions, not {dim}")
        return EmbeddingSpace(self.model_id, index.layer, dim, rerank.layer)

    def read_weights(self, folder: Path) -> bytes:
        """The safetensors file of the 16-bit weights.

        Raises `ModelError` when the folder has none, or when the file is not the one that was built.
        """
        if self.weights is None:
            raise ModelError(
                f"{folder} has the 8-bit graphs alone, and PyTorch needs the 16-bit weights: in a checkout of Fathom, "
                "`python -m fathom_research.training.weights` makes a model folder that has them; pass it with --model"
            )
        return self.weights.read(folder)

    @classmethod
    def load(cls, folder: Path) -> EncoderConfig:
        """Read `config.json`. Raises `ModelError` when it is missing, of another format, or incomplete."""
        path = folder / "config.json"
        try:
            raw: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ModelError(f"{folder} is not a Fathom model: {error}") from error
        return cls.from_json(raw, path)

    @classmethod
    def from_json(cls, raw: dict[str, Any], path: Path) -> EncoderConfig:
        """As `load`, of what `config.json` holds; `path` is named in errors."""
        if raw.get("format") != FORMAT:
            raise ModelError(f"{path} has format {raw.get('format')!r}; this version of Fathom reads format {FORMAT}")
        try:
            return cls(
                name=raw["name"],
                layers=raw["layers"],
                hidden=raw["hidden"],
                heads=raw["heads"],
                intermediate=raw["intermediate"],
                vocabulary=raw["vocabulary"],
                layer_norm_eps=raw["layer_norm_eps"],
                max_tokens=raw["max_tokens"],
                exits=tuple(_exit(exit_) for exit_ in raw["exits"]),
                index_exit=raw["index_exit"],
                index_dim=raw["index_dim"],
                rerank_exit=raw["rerank_exit"],
                tokenizer=CheckedFile(**raw["tokenizer"]),
                segments=tuple(
                    Segment(segment["first"], segment["last"], CheckedFile(segment["name"], segment["sha256"]))
                    for segment in raw["segments"]
                ),
                weights=CheckedFile(**raw["weights"]) if "weights" in raw else None,
                joint=_joint(raw.get("joint")),
                recorded_id="" if "weights" in raw else raw["id"],
            )
        except (KeyError, TypeError) as error:
            raise ModelError(f"{path} is incomplete: {error}") from error


def _joint(raw: dict[str, Any] | None) -> JointPass | None:
    return JointPass(raw["max_tokens"], CheckedFile(raw["name"], raw["sha256"])) if raw else None


def _exit(raw: dict[str, Any]) -> Exit:
    # Folders written before exits had heads and scores do not mention them.
    return Exit(raw["layer"], tuple(raw["dims"]), raw.get("head", False), raw.get("pooling", "mean"))
