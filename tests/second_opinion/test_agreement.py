"""The evaluator, the trace and the live packet say the same, over random worlds and stories."""

from collections import Counter

import pytest

from .comparison import Comparison, random_case, shrink

WORLDS = 20
"""In one test."""


def compare(first_seed: int) -> None:
    asked: Counter[str] = Counter()
    for seed in range(first_seed, first_seed + WORLDS):
        case = random_case(seed)
        comparison = Comparison(case)
        found = comparison.play()
        if found is not None:
            case, found = shrink(case, found)
            pytest.fail(f"{found}\n{case}")
        asked += comparison.asked
    assert asked["live"] >= 30 * WORLDS and asked["trace"] >= 10 * WORLDS and asked["reply"] >= 8 * WORLDS, asked
    assert asked["translated"] >= WORLDS and asked["large"] >= WORLDS // 2, asked


@pytest.mark.parametrize("first_seed", range(0, 800, WORLDS))
def test_everyone_agrees(first_seed: int) -> None:
    compare(first_seed)


@pytest.mark.slow
@pytest.mark.parametrize("first_seed", range(10_000, 11_400, WORLDS))
def test_everyone_agrees_for_long(first_seed: int) -> None:
    compare(first_seed)
