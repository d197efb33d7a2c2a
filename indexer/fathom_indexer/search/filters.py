"""Filters on a search, from what the user wrote to the ids that may be returned."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from fathom_indexer.types import Filters
from fathom_indexer.workspace import compile_patterns


def allowed_ids(labels: Iterable[tuple[int, str, str, str]], filters: Filters) -> frozenset[int]:
    """Ids of the functions that pass, given (id, path, language, kind) of each."""
    in_file = path_filter(filters)
    languages, kinds = set(filters.languages), set(filters.kinds)
    paths: dict[str, bool] = {}
    allowed = set()
    for function_id, path, language, kind in labels:
        if (languages and language not in languages) or (kinds and kind not in kinds):
            continue
        if path not in paths:
            paths[path] = in_file is None or in_file(path)
        if paths[path]:
            allowed.add(function_id)
    return frozenset(allowed)


def path_filter(filters: Filters) -> Callable[[str], bool] | None:
    """Says of a path whether its file passes; None where every one does."""
    if not filters.paths:
        return None
    wanted = [glob for glob in filters.paths if not glob.startswith("!")]
    # `!` is no negation here, so the order does not matter.
    in_wanted, in_unwanted = glob_filter(wanted), glob_filter([glob[1:] for glob in filters.paths if glob[:1] == "!"])
    return lambda path: (not wanted or in_wanted(path)) and not in_unwanted(path)


def glob_filter(globs: Iterable[str]) -> Callable[[str], bool]:
    """Says of a path whether one of the globs, none of them with `!`, matches it or a folder above it."""
    patterns = compile_patterns(tuple(_line(glob) for glob in globs))
    folders: dict[bytes, bool] = {b"": False}

    def in_folder(folder: bytes) -> bool:
        if folder not in folders:
            folders[folder] = in_folder(folder.rpartition(b"/")[0]) or bool(patterns.verdict(folder, is_folder=True))
        return folders[folder]

    def matches(path: str) -> bool:
        name = path.encode("utf-8", "surrogatepass")
        return in_folder(name.rpartition(b"/")[0]) or bool(patterns.verdict(name, is_folder=False))

    return matches


def _line(glob: str) -> bytes:
    """A glob as a line of an ignore file, where `#`, `!` and spaces at the end would mean something else."""
    if glob.startswith("./"):
        glob = "/" + (glob[2:].lstrip("/") or "**")
    elif glob.startswith(("#", "!")):
        glob = "\\" + glob
    text = glob.rstrip(" ")
    return (text + "\\ " * (len(glob) - len(text))).encode("utf-8", "surrogatepass")
