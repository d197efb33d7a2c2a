"""When a burst of changes is over."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fathom_indexer.process.debounce import FEW, Debounce


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_nothing_is_no_burst() -> None:
    assert Debounce().wait() is None
    assert Debounce().take() == []


def test_a_change_is_told_after_a_moment_of_quiet() -> None:
    clock = Clock()
    burst = Debounce(clock)
    burst.add(["a.py"])
    first = burst.wait()
    assert first
    clock.now += first / 2
    burst.add(["a.py", "b.py"])
    wait = burst.wait()
    assert wait
    assert wait > first / 2
    clock.now += wait
    assert burst.wait() == 0
    assert burst.take() == ["a.py", "b.py"]
    assert burst.wait() is None


@given(st.lists(st.integers(1, 50), min_size=1), st.floats(0.001, 0.09))
def test_changes_that_go_on_are_told_within_ten_seconds(sizes: list[int], pause: float) -> None:
    clock = Clock()
    burst = Debounce(clock)
    added: set[str] = set()
    for number, size in enumerate(sizes * 100):
        if burst.wait() == 0:
            break
        paths = [f"{number}-{index}.py" for index in range(size)]
        added.update(paths)
        burst.add(paths)
        clock.now += pause
    assert clock.now - 100 <= 10.1
    assert set(burst.take()) == added


def test_many_changes_wait_for_a_longer_quiet() -> None:
    clock = Clock()
    few, many = Debounce(clock), Debounce(clock)
    few.add(["a.py"])
    many.add(str(number) for number in range(FEW + 1))
    one, other = few.wait(), many.wait()
    assert one
    assert other
    assert one < other
