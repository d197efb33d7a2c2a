"""How well are copies told from other functions, and how does the time grow?

    python benchmarks/duplicates.py recall FOLDER...     copies made by editing functions of folders: how many are found
    python benchmarks/duplicates.py false RETRIEVAL_SET  solutions of different tasks: how many are taken for copies
    python benchmarks/duplicates.py time FOLDER...       1,000, 10,000 and 100,000 functions
    python benchmarks/duplicates.py sample FOLDER...     pairs of near copies, to be judged by reading them

The retrieval set must hold one solution a task and language (MBXP does). Everything is drawn with a fixed seed.
"""

from __future__ import annotations

import argparse
import random
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tree_sitter import Node

from fathom_indexer.config import Config
from fathom_indexer.duplicates.candidates import candidate_pairs
from fathom_indexer.duplicates.clones import MIN_TOKENS, NEAR, Candidate, Group, groups, similarity
from fathom_indexer.duplicates.sketch import Sketch, sketch_of
from fathom_indexer.duplicates.tokens import tokens_of
from fathom_indexer.evaluation import read_set
from fathom_indexer.languages import extract, language_named
from fathom_indexer.languages.parsing import parse
from fathom_indexer.types import FUNCTION_KINDS, CloneKind, Function, SkippedFile
from fathom_indexer.workspace import read_source, resolve_root, scan
from fathom_research.training.data.tokens import FileTokens
from fathom_research.training.data.variants import rewritten

THRESHOLDS = (0.5, 0.55, 0.6, 0.65, 0.7, 0.8)
SIZES = (1_000, 10_000, 100_000)
EDITED = 500
"""Functions of each folder that are edited."""
SEED = 20261123

Found = tuple[str, Function]
"""Path and function."""


def functions_in(folder: Path) -> Iterator[Found]:
    """Every function of a folder's source files, as an index would hold them, without those of tests."""
    root = resolve_root(folder)
    for file in scan(root, Config()):
        if isinstance(file, SkippedFile) or _is_test(file.path):
            continue
        source = read_source(root, file.path, Config())
        if not isinstance(source, SkippedFile):
            for function in extract(source, language_named(file.language)):
                if function.kind in FUNCTION_KINDS:
                    yield file.path, function


def _is_test(path: str) -> bool:
    folders, _, name = path.rpartition("/")
    return name.startswith("test_") or "_test." in name or bool({"test", "tests", "testdata"} & set(folders.split("/")))


def sketch(text: str, language: str) -> Sketch:
    """The sketch of a function's text."""
    return sketch_of(tokens_of(text, language_named(language)))


def recall(folders: Sequence[Path]) -> None:
    """Edited copies among the functions that they were made of."""
    edits: list[tuple[str, Callable[[Function, Sequence[Function], random.Random], str | None]]] = [
        ("laid out anew, names replaced, comparisons flipped", lambda one, _, rng: rewrite(one, rng)),
        ("one statement in or out", lambda one, others, rng: edited(one, others, rng, 0.0)),
        ("10 % of the statements in or out", lambda one, others, rng: edited(one, others, rng, 0.1)),
        ("20 %", lambda one, others, rng: edited(one, others, rng, 0.2)),
        ("30 %", lambda one, others, rng: edited(one, others, rng, 0.3)),
        ("names replaced and 10 %", lambda one, others, rng: rewrite(one, rng, others, 0.1)),
    ]
    print("| folder | copies | n | candidates | " + " | ".join(f"≥ {limit}" for limit in THRESHOLDS) + " |")
    print("|---|---|--:|--:|" + "--:|" * len(THRESHOLDS))
    for folder in folders:
        rng = random.Random(SEED)
        found = [function for _, function in functions_in(folder)]
        sketches = {id(function): sketch(function.text, function.language) for function in found}
        long = [function for function in found if sketches[id(function)].tokens >= MIN_TOKENS]
        originals = rng.sample(long, min(EDITED, len(long)))
        for name, edit in edits:
            made = [(one, text) for one in originals if (text := edit(one, originals, rng)) is not None]
            pairs = [(sketches[id(one)], sketch(text, one.language)) for one, text in made]
            bags = [one.grams for one, _ in pairs] + [other.grams for _, other in pairs]
            candidates = {(one, other) for one, other in candidate_pairs(bags, 0.4).tolist()}
            scores = [
                similarity(*pair) if (index, index + len(pairs)) in candidates else 0.0
                for index, pair in enumerate(pairs)
            ]
            shares = [sum(score >= limit for score in scores) / len(scores) for limit in THRESHOLDS]
            proposed = sum((index, index + len(pairs)) in candidates for index in range(len(pairs))) / len(pairs)
            row = " | ".join(f"{share:.2f}" for share in shares)
            print(f"| {folder.name} | {name} | {len(pairs)} | {proposed:.2f} | {row} |", flush=True)


def rewrite(one: Function, rng: random.Random, others: Sequence[Function] = (), share: float = 0.0) -> str | None:
    """A function laid out anew, its variables renamed, comparisons turned; then edited, if `others` are given."""
    source = one.text.encode()
    text = rewritten(source, FileTokens(source, language_named(one.language)).inside(0, len(source)), one.name, rng)
    if text is None or not others:
        return text
    return edit_text(text, one.language, others, rng, share)


def edited(one: Function, others: Sequence[Function], rng: random.Random, share: float) -> str | None:
    """A function with statements taken out, or put in from others; at least one. None where it has too few."""
    return edit_text(one.text, one.language, others, rng, share)


def edit_text(text: str, language: str, others: Sequence[Function], rng: random.Random, share: float) -> str | None:
    """See `edited`."""
    source, spans = text.encode(), statements(text, language)
    if len(spans) < 3:
        return None
    wanted = max(1, round(share * len(spans)))
    last = len(source) + 1
    for start, end in sorted(rng.sample(spans, min(wanted, len(spans))), reverse=True):
        if end > last:
            continue
        if rng.random() < 0.5:
            source = source[:start] + source[end:]
        else:
            other = rng.choice(others)
            if other.language == language and (new := statements(other.text, language)):
                begin, stop = rng.choice(new)
                line_start = source.rfind(b"\n", 0, start) + 1
                inserted = other.text.encode()[begin:stop] + b"\n" + source[line_start:start]
                source = source[:start] + inserted + source[start:]
        last = start
    return source.decode()


def statements(text: str, language: str) -> list[tuple[int, int]]:
    """The simple statements of a function: first on their line, and no more than a quarter of it."""
    code = text.encode()
    root = parse(code, language_named(language))
    return [] if root is None else [span for span in _statements(root, code) if span[1] - span[0] < len(code) / 4]


def _statements(node: Node, code: bytes) -> Iterator[tuple[int, int]]:
    for child in node.named_children:
        line = code[code.rfind(b"\n", 0, child.start_byte) + 1 : child.start_byte]
        is_statement = child.type.endswith(("statement", "declaration")) and not line.strip()
        if is_statement and b"\n" not in code[child.start_byte : child.end_byte]:
            yield child.start_byte, child.end_byte
        else:
            yield from _statements(child, code)


def false(folder: Path) -> None:
    """Pairs of solutions of different tasks in one language that count as copies."""
    by_language: dict[str, list[tuple[str, Sketch]]] = defaultdict(list)
    for document in read_set(folder).documents:
        by_language[document.language].append((document.text, sketch(document.text, document.language)))
    print(
        "| tokens at least | functions | pairs | " + " | ".join(f"≥ {limit}" for limit in THRESHOLDS) + " | renamed |"
    )
    print("|--:|--:|--:|" + "--:|" * (len(THRESHOLDS) + 1))
    wrong: list[tuple[float, str, str]] = []
    for least in (20, MIN_TOKENS):
        functions = pairs = renamed = 0
        counts = dict.fromkeys(THRESHOLDS, 0)
        for items in by_language.values():
            long = [(text, one) for text, one in items if one.tokens >= least]
            functions += len(long)
            pairs += len(long) * (len(long) - 1) // 2
            for one, other in candidate_pairs([item.grams for _, item in long], 0.25).tolist():
                score = similarity(long[one][1], long[other][1])
                renamed += long[one][1].renamed == long[other][1].renamed
                for limit in THRESHOLDS:
                    counts[limit] += score >= limit
                if least == MIN_TOKENS and score >= NEAR:
                    wrong.append((score, long[one][0], long[other][0]))
        row = " | ".join(str(count) for count in counts.values())
        print(f"| {least} | {functions:,} | {pairs:,} | {row} | {renamed} |")
    for score, one_text, other_text in random.Random(SEED).sample(wrong, min(5, len(wrong))):
        print(f"\n{score:.2f}\n{one_text}\n--\n{other_text}")


def candidates_in(folders: Sequence[Path]) -> tuple[list[Candidate], dict[int, Found], float]:
    """The functions of folders to be compared, what they are, and the seconds that sketching took."""
    found = dict(enumerate(item for folder in folders for item in functions_in(folder)))
    started = time.process_time()
    candidates = [
        Candidate(number, path, one.start_byte, one.end_byte, sketch(one.text, one.language))
        for number, (path, one) in found.items()
    ]
    return candidates, found, time.process_time() - started


def grouped(candidates: Sequence[Candidate], found: dict[int, Found]) -> list[Group]:
    """The groups of each language."""
    by_language: dict[str, list[Candidate]] = defaultdict(list)
    for one in candidates:
        if one.sketch.tokens >= MIN_TOKENS:
            by_language[found[one.id][1].language].append(one)
    return [group for items in by_language.values() for group in groups(items)]


def times(folders: Sequence[Path]) -> None:
    """Seconds of processor time by number of functions."""
    candidates, found, seconds = candidates_in(folders)
    random.Random(SEED).shuffle(candidates)
    print(
        f"{len(candidates):,} functions sketched in {seconds:.1f} s, {1000 * seconds / len(candidates):.2f} ms each\n"
    )
    print(f"| functions | of {MIN_TOKENS} tokens or more | groups | seconds of CPU |\n|--:|--:|--:|--:|")
    for size in SIZES:
        if size > len(candidates):
            print(f"| {size:,} | – | – | the folders hold only {len(candidates):,} |")
            break
        some = candidates[:size]
        started = time.process_time()
        count = len(grouped(some, found))
        compared = sum(one.sketch.tokens >= MIN_TOKENS for one in some)
        print(f"| {size:,} | {compared:,} | {count:,} | {time.process_time() - started:.2f} |", flush=True)


def sample(folders: Sequence[Path], count: int) -> None:
    """One pair of near copies from each of some groups."""
    for folder in folders:
        candidates, found, _ = candidates_in([folder])
        rng = random.Random(SEED)
        pairs = [
            (group[0], rng.choice(near))
            for group in grouped(candidates, found)
            if (near := [member for member in group[1:] if member.kind is CloneKind.NEAR])
        ]
        for number, (one, other) in enumerate(rng.sample(pairs, min(count, len(pairs))), start=1):
            print(f"\n##### {folder.name} {number} of {len(pairs)}: {other.similarity:.2f}")
            for member in (one, other):
                path, function = found[member.candidate.id]
                print(f"--- {path}:{function.start_line}\n{function.text}")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("what", choices=("recall", "false", "time", "sample"))
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--count", type=int, default=25, help="pairs of each folder to sample")
    options = parser.parse_args()
    if options.what == "recall":
        recall(options.folders)
    elif options.what == "false":
        for folder in options.folders:
            false(folder)
    elif options.what == "time":
        times(options.folders)
    else:
        sample(options.folders, options.count)


if __name__ == "__main__":
    main()
