"""Other worktrees of the repository of a workspace: most of their code is the same."""

from __future__ import annotations

from pathlib import Path

from fathom_indexer.workspace.repository import Repository


def other_worktrees(root: Path) -> list[Path]:
    """The folders that correspond to `root` in the other worktrees of its git repository; none without a repository.

    Read from git's own files, as `gitrepository-layout` describes them. Worktrees that do not exist are left out.
    """
    top, repository = next(
        ((folder, found) for folder in (root, *root.parents) if (found := Repository.of(folder))), (root, None)
    )
    if repository is None:
        return []
    try:
        common = repository.common.resolve()
        pointers = sorted(common.glob("worktrees/*/gitdir"))
        tops = [common.parent, *(Path(pointer.read_text(encoding="utf-8").strip()).parent for pointer in pointers)]
        own = top.resolve()
        others = [other.resolve() for other in dict.fromkeys(tops)]
        return [other / root.relative_to(top) for other in others if other != own and (other / ".git").exists()]
    except (OSError, ValueError, RuntimeError):
        return []
