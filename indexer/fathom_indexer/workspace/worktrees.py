"""Where else the repository of a workspace is checked out: most of the code there is the same."""

from __future__ import annotations

from pathlib import Path


def other_worktrees(root: Path) -> list[Path]:
    """What corresponds to `root` in the other worktrees of its git repository; nothing if there is none.

    Read from git's own files, as `gitrepository-layout` describes them. Folders that are not there are left out.
    """
    try:
        top = next(folder for folder in (root, *root.parents) if (folder / ".git").exists())
        common = _common_folder(top)
        pointers = sorted(common.glob("worktrees/*/gitdir"))
        tops = [common.parent, *(Path(pointer.read_text(encoding="utf-8").strip()).parent for pointer in pointers)]
        own = top.resolve()
        others = [other.resolve() for other in dict.fromkeys(tops)]
        return [other / root.relative_to(top) for other in others if other != own and (other / ".git").exists()]
    except (StopIteration, OSError, ValueError, RuntimeError):
        return []


def _common_folder(top: Path) -> Path:
    """The part of a repository that its worktrees share."""
    git = top / ".git"
    if git.is_dir():
        return git
    own = top / git.read_text(encoding="utf-8").partition("gitdir:")[2].strip()
    return (own / (own / "commondir").read_text(encoding="utf-8").strip()).resolve()
