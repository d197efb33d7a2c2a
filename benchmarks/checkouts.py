"""Lays out the repositories of an evaluation folder at their pinned revisions.

    python benchmarks/checkouts.py REPOSITORIES --out CHECKOUTS [--source '/mirrors/{owner}/{name}.git']

REPOSITORIES holds `repositories.json` (see `fathom_research.evaluation.repositories`). Without `--source` each one is
fetched from its own url. Where the pinned revision, or a file of it, cannot be had, the newest one serves if every
annotated path exists there. `CHECKOUTS/revisions.json` says which was used. Nothing that is laid out belongs in a
commit.
"""

from __future__ import annotations

import argparse
import io
import json
import subprocess
import tarfile
from pathlib import Path

from fathom_research.evaluation import Repository, read_repositories


def git(folder: Path, *arguments: str) -> bytes:
    """Run git and return what it writes. Raises `subprocess.CalledProcessError`."""
    return subprocess.run(["git", "--git-dir", str(folder), *arguments], check=True, capture_output=True).stdout


def fetch(repository: Repository, folder: Path) -> Path:
    """A bare repository with the pinned revision, or at least the newest one, fetched from its url."""
    if not folder.exists():
        subprocess.run(["git", "init", "--quiet", "--bare", str(folder)], check=True)
    for revision in (repository.revision, "HEAD"):
        try:
            git(folder, "fetch", "--quiet", "--depth", "1", repository.url, f"{revision}:refs/heads/{revision[:12]}")
            git(folder, "symbolic-ref", "HEAD", f"refs/heads/{revision[:12]}")
            return folder
        except subprocess.CalledProcessError:
            continue
    raise SystemExit(f"{repository.url} cannot be fetched")


def lay_out(repository: Repository, source: Path, out: Path) -> str:
    """Write the searched part of the repository below `out` and return the revision; "" if none can be used."""
    for wanted in (repository.revision, "HEAD"):
        try:
            revision = git(source, "rev-parse", "--verify", f"{wanted}^{{commit}}").decode().strip()
            paths = [repository.folder] if repository.folder else []
            archive = git(source, "archive", "--format=tar", revision, *paths)
        except subprocess.CalledProcessError:
            continue
        with tarfile.open(fileobj=io.BytesIO(archive)) as files:
            files.extractall(out, filter="data")
        answers = {place.path for question in repository.questions for place in question.answers}
        if all((out / path).is_file() for path in answers):
            return revision
    return ""


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Lay out repositories at their pinned revisions.")
    parser.add_argument("repositories", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--source", help="path of bare repositories, with {owner} and {name} in it")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    revisions: dict[str, str] = {}
    for repository in read_repositories(options.repositories):
        owner, name = repository.url.removesuffix(".git").split("/")[-2:]
        if options.source:
            source = Path(options.source.format(owner=owner, name=name))
        else:
            source = fetch(repository, options.out / f".{repository.name}.git")
        revision = lay_out(repository, source, options.out / repository.name)
        if revision:
            revisions[repository.name] = revision
        print(repository.name, revision or "cannot be had", "" if revision == repository.revision else "(not pinned)")
    (options.out / "revisions.json").write_text(json.dumps(revisions, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
