"""Writes a model's card: description, origin, training data, figures, limits.

    python -m fathom_research.training.card MODEL --rows FIGURES --lock DATA/manifest.lock.json

`MODEL` is a model folder, and the card becomes its `README.md`; `FIGURES` is what `training.table --json` wrote.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fathom_indexer.encoder.config import EncoderConfig
from fathom_indexer.errors import EvaluationError, FathomError, ModelError
from fathom_research.training.figures import Row, cost_table, markdown_table, merged, quality_table, read_rows

logger = logging.getLogger(__name__)

CARD_NAME = "README.md"
_KINDS = ("doc", "keyword", "question", "code")

LIMITS = """## Limits

- It reads the first {max_tokens} tokens of a function or a question; what comes later counts only by its words.
- It was made for English questions and for code with English names. Other languages work as far as they share words.
- It ranks what resembles a question; it does not understand a program, follow calls, or know whether code is right or
  safe. The best result can be wrong, and some result always comes first.
- Vectors of different exits cannot be compared, nor those of this model with another's.
- Figures are of public sets, most of which count one answer a question as right; other good answers count as wrong.
"""


def card(
    config: EncoderConfig, source: Mapping[str, Any], rows: Sequence[Row] = (), lock: Mapping[str, Any] | None = None
) -> str:
    """The card as Markdown. `source` is that of the model's `config.json`; a section without material is left out."""
    parts = [_model(config), _origin(source)]
    if lock is not None:
        parts.append(_data(lock))
    if rows:
        quality = f"MRR@10, after ± half of the 95 % bootstrap interval:\n\n{quality_table(rows, 'mrr')}"
        parts.append(f"## Figures\n\n{quality}\n{cost_table(rows)}")
    parts.append(LIMITS.format(max_tokens=config.max_tokens))
    return "\n".join(parts)


def read_source(model: Path) -> dict[str, Any]:
    """Where a model comes from, as its `config.json` says. Raises `ModelError` when that says nothing."""
    path = model / "config.json"
    try:
        source = json.loads(path.read_text(encoding="utf-8"))["source"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{path} says nothing of where the model comes from: {error}") from error
    if not isinstance(source, dict):
        raise ModelError(f"{path}: `source` is no object")
    return source


def read_lock(path: Path, source: Mapping[str, Any]) -> dict[str, Any]:
    """What the training pairs were made from.

    Raises `EvaluationError` when it cannot be read, or is not the lock of the data that the model was trained on.
    """
    try:
        content = path.read_bytes()
        lock = json.loads(content)
        complete = isinstance(lock["packages"], dict) and isinstance(lock["totals"], dict)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EvaluationError(f"{path} is no lock of training data: {error}") from error
    if not complete:
        raise EvaluationError(f"{path} is no lock of training data")
    if hashlib.sha256(content).hexdigest() != source.get("data_lock_sha256"):
        raise EvaluationError(f"{path} is not the lock of the data that this model was trained on")
    return dict(lock)


def _model(config: EncoderConfig) -> str:
    exits = [["exit", "vector lengths", "pooling", "head"]]
    for exit_ in config.exits:
        pooling = "learned token weights" if exit_.layer == 0 else exit_.pooling
        exits.append([str(exit_.layer), ", ".join(map(str, exit_.dims)), pooling, "yes" if exit_.head else "no"])
    return f"""# {config.name}

An encoder of code and questions about code, with exits at several depths. Identity: `{config.model_id}`.

{config.layers} layers of {config.hidden} features, {config.heads} attention heads, {config.vocabulary:,} word pieces, \
{config.max_tokens} tokens. By default exit {config.index_exit} at {config.index_dim} dimensions is indexed, and exit \
{config.rerank_exit} orders the candidates. The graphs are 8-bit ONNX; the SHA-256 of every file is in \
`config.json` and is checked before it is opened. The 16-bit weights, which PyTorch and training need, are kept apart \
from the graphs: `docs/training.md` says how to get them.

{markdown_table(exits, 4)}"""


def _origin(source: Mapping[str, Any]) -> str:
    base = source.get("base", source)
    lines = [
        "## Where it comes from\n",
        f"Base: {base.get('model', 'unknown')}, {base.get('licence', 'unknown licence')}.",
    ]
    if base.get("package"):
        lines.append(f"Taken from {base['package']}, SHA-256 `{base.get('sha256', 'unknown')}`.")
    trained, settings = source.get("trained"), source.get("settings")
    if trained is None:
        return "\n".join([*lines, "The base's weights are unchanged.\n"])
    hours = trained["seconds"] / 3600
    lines.append(
        f"Trained by `fathom_research.training` for {trained['step']:,} steps on {trained['pairs']:,} pairs (an "
        f"epoch's pairs count anew), {hours:.1f} hours."
    )
    if settings:
        rows = [["setting", "value"], *([name, f"`{json.dumps(value)}`"] for name, value in sorted(settings.items()))]
        lines.append(f"\n{markdown_table(rows, 2)}")
    return "\n".join(lines)


def _data(lock: Mapping[str, Any]) -> str:
    packages: Counter[str] = Counter()
    pairs: Counter[str] = Counter()
    for package in lock["packages"].values():
        licence = package["licence"]
        packages[licence] += 1
        for kinds in package["pairs"].values():
            pairs[licence] += sum(kinds.values())
    licences = [["licence", "packages", "pairs"]]
    licences += [[name, f"{packages[name]:,}", f"{pairs[name]:,}"] for name, _ in pairs.most_common()]
    licences.append(["all", f"{sum(packages.values()):,}", f"{sum(pairs.values()):,}"])
    columns = (*_KINDS, "validation")
    languages = [["language", *_KINDS, "of these, validation"]]
    totals = {name: Counter(counts) for name, counts in lock["totals"].items()}
    ordered = sorted(totals.items(), key=lambda item: -item[1]["doc"])
    for name, counts in [*ordered, ("all", sum(totals.values(), Counter[str]()))]:
        languages.append([name, *(f"{counts[column]:,}" for column in columns)])
    held = lock.get("holdout", {}).get("hashes", 0)
    return f"""## Training data

Pairs of a query and a function, mined from the source of permissively licensed packages: `docs/training-data.md`. The
{held:,} functions of a holdout list were kept out, and validation packages are not trained on. Code that looks like
nothing in these packages is found less well.

{markdown_table(licences, 1)}
{markdown_table(languages, 1)}"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command. Returns 0, or 1 when something cannot be read."""
    parser = argparse.ArgumentParser(prog="python -m fathom_research.training.card", description=__doc__)
    parser.add_argument("model", type=Path, help="model folder")
    parser.add_argument("--rows", type=Path, help="figures, as training.table --json writes them")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="show these models' figures only")
    parser.add_argument("--lock", type=Path, help="lock of the training data")
    parser.add_argument("--out", type=Path, help=f"card to write; the model's {CARD_NAME} when not given")
    options = parser.parse_args(arguments)
    try:
        config, source = EncoderConfig.load(options.model), read_source(options.model)
        rows = merged(read_rows(options.rows)) if options.rows is not None else []
        if missing := set(options.only) - {row.model for row in rows}:
            raise EvaluationError(f"there are no figures of {', '.join(sorted(missing))}")
        lock = read_lock(options.lock, source) if options.lock is not None else None
        text = card(config, source, [row for row in rows if not options.only or row.model in options.only], lock)
    except FathomError as error:
        logger.error("%s", error)
        return 1
    (options.out or options.model / CARD_NAME).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
