"""A training run's settings, each technique a switch with its default."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from fathom_indexer.errors import ModelError

KINDS = ("doc", "question", "keyword", "code", "port", "commit")
"""Kinds of pairs by their query: three kinds of words, the same function written differently, a function in another
language, or the subject of a commit that changed the function."""
TARGETS = ("teacher", "deepest", "next")
EXIT_WEIGHTS = ("uniform", "depth")
SPACES = ("base", "turned")
STARTS = ("fitted", "plain")
POOLINGS = ("mean", "scored")


@dataclass(frozen=True, slots=True)
class RunConfig:
    """The settings of a run. A recipe file has only those that differ from these defaults."""

    description: str = ""
    """The purpose of the recipe, in a sentence."""
    seed: int = 1

    exits: tuple[int, ...] = (0, 1, 2, 4, 6)
    """Layers that get an exit, shallow to deep; 0 is the static exit. The model ends at the last of them."""
    dims: tuple[int, ...] = (384, 128, 64)
    """Vector lengths trained at every exit, longest first. The longest is the model's own."""
    heads: bool = True
    """Whether every exit has a linear map of its own. In the base's own space its last layer has none, since that map
    would be the identity."""
    pooling: str = "scored"
    """Pooling of the exits between the static one and the base's last layer: `mean`, or `scored`."""
    space: str = "turned"
    """The target vectors: those of the frozen base (`base`), or the same transformed by `training/space.py`."""
    centring: float = 0.0
    """How much of the mean of its language is taken from a function's vector in that space."""
    start: str = "fitted"
    """How exits start: `fitted`, as the linear map nearest to the space, or `plain`, changing nothing."""
    narrowing: float = 0.2
    """How much the space's widest axes are narrowed: 0 for not at all, 1 for all axes alike."""

    kinds: Mapping[str, float] = field(default_factory=lambda: dict.fromkeys(KINDS, 1.0))
    """Share of each kind's pairs that an epoch uses, drawn anew by function, so that its pairs stay together."""
    siblings: int = 2
    """How many functions of one file go into a batch together, as each other's hard negatives; 1 for none."""
    names_share: float = 0.5
    """Share of functions read with their file and qualified name in front, as in a workspace; sets have none."""
    hidden_names: Mapping[str, float] = field(default_factory=dict)
    """Share of each kind's functions in which the words of the name are hidden wherever they stand."""
    hidden_in_queries: float = 0.5
    """Relative to that, the share of queries without the words of their function's name."""
    second_windows: float = 0.0
    """Share of long functions whose second window is read, after the name, instead of the first."""
    query_tokens: int = 48
    code_tokens: int = 96
    max_tokens: int = 128
    """Tokens of a text that the exported model reads. Training cuts texts shorter, to save time."""

    negatives: int = 0
    """Hard negatives kept for each pair, of which one is read with it: functions that the deepest exit puts near its
    query; 0 for none."""
    negative_refreshes: int = 3
    """How often in a run they are mined: by the base at first, then by the exit that is trained."""

    masked_share: float = 0.0
    """Part of the run, at its start, in which masked tokens of the same texts are predicted at every exit instead."""
    target: str = "teacher"
    """The source of the similarities and vectors that shallow exits learn: the frozen base (`teacher`), the deepest
    exit as it is trained (`deepest`), or the next deeper exit (`next`)."""
    teacher_kinds: tuple[str, ...] = KINDS
    """Kinds of pairs for which the base is a target; the others are learnt by contrast alone."""
    temperature: float = 0.05
    distillation: float = 1.0
    """Weight of the divergence from the target's in-batch similarities, at the shallow exits."""
    contrast: float = 0.5
    """Weight of InfoNCE at the shallow exits."""
    alignment: float = 1.0
    """Weight of the cosine with the base's vector at the shallow exits."""
    anchor: float = 10.0
    """Weight of the cosine with the base's vector at the base's last layer."""
    deep_contrast: Mapping[str, float] = field(default_factory=dict)
    """Weight of InfoNCE at the base's last layer, for each kind of pairs; none for kinds that are not named."""
    exit_weights: str = "uniform"
    """How the exits' losses are weighted: `uniform`, or `depth` for layer over last layer."""
    mask_duplicates: bool = True
    """Leave texts that occur twice in a batch out of each other's negatives."""

    batch: int = 128
    """Pairs that are compared with each other."""
    micro_tokens: int = 8192
    """Padded tokens that go through the layers at once."""
    grad_cache: bool = False
    """Run the layers twice instead of keeping a whole batch's activations: the same gradients in less memory."""
    learning_rate: float = 1.5e-4
    warmup: float = 0.05
    """Part of the run in which the rate rises; afterwards it falls to zero in a line."""
    weight_decay: float = 0.01
    clip: float = 1.0
    """Largest norm of the gradient."""
    embedding_rate: float = 0.3
    """Step sizes relative to the learning rate: of the embeddings, of each layer, of the heads, of token weights."""
    layer_rates: tuple[float, ...] = (1.0, 1.0, 0.7, 0.7, 0.3, 0.3)
    head_rate: float = 1.0
    token_weight_rate: float = 20.0

    def __post_init__(self) -> None:
        checks = {
            "exits": bool(self.exits) and tuple(sorted(set(self.exits))) == self.exits and self.exits[0] >= 0,
            "dims": bool(self.dims) and tuple(sorted(set(self.dims), reverse=True)) == self.dims and self.dims[-1] > 0,
            "kinds": set(self.kinds) <= set(KINDS) and all(0 <= share <= 1 for share in self.kinds.values()),
            "siblings": self.siblings >= 1,
            "names_share": 0 <= self.names_share <= 1,
            "hidden_names": set(self.hidden_names) <= set(KINDS)
            and all(0 <= share <= 1 for share in self.hidden_names.values()),
            "hidden_in_queries": 0 <= self.hidden_in_queries <= 1,
            "second_windows": 0 <= self.second_windows <= 1,
            "negatives": self.negatives >= 0 and self.negative_refreshes >= 1,
            "pooling": self.pooling in POOLINGS,
            "space": self.space in SPACES,
            "start": self.start in STARTS,
            "masked_share": 0 <= self.masked_share <= 1,
            "centring": 0 <= self.centring <= 1,
            "deep_contrast": set(self.deep_contrast) <= set(KINDS),
            "narrowing": 0 <= self.narrowing <= 1,
            "target": self.target in TARGETS,
            "teacher_kinds": set(self.teacher_kinds) <= set(KINDS),
            "exit_weights": self.exit_weights in EXIT_WEIGHTS,
            "temperature": self.temperature > 0,
            "batch": self.batch >= 2,
            "warmup": 0 <= self.warmup < 1,
        }
        wrong = [name for name, is_right in checks.items() if not is_right]
        if wrong:
            raise ModelError(f"settings of the run are out of range: {', '.join(wrong)}")

    def to_json(self) -> dict[str, Any]:
        """All settings, as JSON holds them."""
        raw: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return raw

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> RunConfig:
        """Settings from JSON. Raises `ModelError` for an unknown name or an invalid value."""
        names = {setting.name for setting in fields(cls)}
        if unknown := sorted(set(raw) - names):
            raise ModelError(f"there are no such settings: {', '.join(unknown)}")
        settings: dict[str, Any] = {k: tuple(value) if isinstance(value, list) else value for k, value in raw.items()}
        try:
            return cls(**settings)
        except (TypeError, AttributeError) as error:
            raise ModelError(f"a setting has a value of the wrong type: {error}") from error

    @classmethod
    def load(cls, path: Path) -> RunConfig:
        """Read a recipe. Raises `ModelError` when the file cannot be read or has invalid settings."""
        try:
            raw = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ModelError(f"{path} is not a recipe: {error}") from error
        if not isinstance(raw, dict):
            raise ModelError(f"{path} is not a recipe: not a JSON object")
        return cls.from_json(raw)
