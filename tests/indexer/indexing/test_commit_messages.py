"""What is taken from commits' messages."""

from __future__ import annotations

import pytest

from fathom_indexer.indexing.commit_messages import clean_subject, parse_commits


@pytest.mark.parametrize(
    ("line", "subject"),
    [
        ("fix(http): always trust headers from a unix socket (#123)", "always trust headers from a unix socket"),
        ("net/http: close idle connections", "close idle connections"),
        ("[core] Retry uploads, closes #45", "Retry uploads"),
        ("ABC-123: handle empty files.", "handle empty files"),
        ("std::move the buffer instead of a copy", "std::move the buffer instead of a copy"),
        (":bug: stop when the queue is empty gh-17", "stop when the queue is empty"),
        ("x" * 1000, "x" * 200),
        ("", ""),
    ],
)
def test_a_subject_without_what_says_nothing_of_code(line: str, subject: str) -> None:
    assert clean_subject(line) == subject


def listing(*commits: tuple[str, str, str]) -> bytes:
    return b"".join(
        f"commit {name}\n\0{name}\0{1000 - number}\0{author}\0a@b\0{message}\n".encode()
        for number, (name, author, message) in enumerate(commits)
    )


def subjects(*commits: tuple[str, str, str]) -> list[str]:
    return [commit.subject for commit in parse_commits(listing(*commits))]


@pytest.mark.parametrize(
    ("author", "message"),
    [
        ("renovate[bot]", "Update the parser to read empty lists"),
        ("dependabot", "Read empty lists again"),
        ("Ann", "Bump version to 1.2"),
        ("Ann", "v1.2.3"),
        ("Ann", "Release 2.0"),
        ("Ann", "Merge branch 'main' into feature"),
        ("Ann", "wip"),
        ("Ann", "Fix typos"),
        ("Ann", ""),
    ],
)
def test_bots_and_versions_say_nothing(author: str, message: str) -> None:
    assert subjects(("a" * 40, author, message)) == [""]


@pytest.mark.parametrize(
    "message", ["Release the lock when a write fails", "Merge settings of both files", "Prepare statements only once"]
)
def test_what_merely_begins_like_that_counts(message: str) -> None:
    assert subjects(("a" * 40, "Ann", message)) == [message]


def test_a_revert_counts_as_little_as_what_it_undoes() -> None:
    undone = ("b" * 40, "Ann", "Retry uploads three times")
    revert = ("a" * 40, "Ann", f'Revert "Retry uploads three times"\n\nThis reverts commit {undone[0]}.')
    assert subjects(revert, undone) == ["", ""]
    again = ("c" * 40, "Ann", f'Revert "Revert "Retry""\n\nThis reverts commit {revert[0]}.')
    assert subjects(again, revert, undone) == ["", "", "Retry uploads three times"]


def test_a_listing_that_was_cut_gives_what_is_whole() -> None:
    data = listing(("a" * 40, "Ann", "Read empty lists"), ("b" * 40, "Ann", "Write empty lists"))
    assert len(parse_commits(data[: len(data) - 40])) <= 2
    assert parse_commits(b"") == []
    assert parse_commits(data[:60]) == []
