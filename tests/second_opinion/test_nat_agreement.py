"""The evaluator, the trace and the live packet say the same of what goes through NAT gateways, and of its answers."""

from collections import Counter

import pytest

from .comparison import Comparison, random_case, shrink
from .random_nats import some_talk, with_nats

WORLDS = 20
"""In one test."""


def compare(first_seed: int) -> None:
    asked: Counter[str] = Counter()
    for seed in range(first_seed, first_seed + WORLDS):
        case = random_case(seed, with_nats, some_talk)
        comparison = Comparison(case)
        found = comparison.play()
        if found is not None:
            case, found = shrink(case, found)
            pytest.fail(f"{found}\n{case}")
        asked += comparison.asked
    # A few times as much, mostly: worlds differ, and some have no way to a gateway.
    assert asked["by NAT"] >= WORLDS and asked["answers to NAT"] >= WORLDS // 5, asked


@pytest.mark.parametrize("first_seed", range(20_000, 20_160, WORLDS))
def test_everyone_agrees(first_seed: int) -> None:
    compare(first_seed)


@pytest.mark.slow
@pytest.mark.parametrize("first_seed", range(30_000, 31_000, WORLDS))
def test_everyone_agrees_for_long(first_seed: int) -> None:
    compare(first_seed)
