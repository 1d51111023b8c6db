"""What is random is still worth asking: about half of it arrives, and every ending is common."""

from collections import Counter
from random import Random

from .evaluator import Evaluator
from .packet import Ending, Place
from .random_changes import Change
from .random_flows import Step, a_flow
from .random_stories import Event, a_script
from .random_vpcs import a_world

WORLDS = 150


def _verdicts() -> Counter[tuple[Ending, Place]]:
    counts: Counter[tuple[Ending, Place]] = Counter()
    for seed in range(WORLDS):
        random = Random(f"{seed}/coverage")
        world = a_world(random)
        evaluator = Evaluator(world.requests, world.addresses, world.outsiders)
        now_s = 0.0
        for event in a_script(random, world):
            now_s += event.gap_s
            if isinstance(event, Change):
                evaluator.apply(event.request)
            else:
                verdict = evaluator.send(event.src, event.dst, event.packet, now_s)
                counts[verdict.ending, verdict.place] += 1
    return counts


def test_about_half_is_delivered_and_every_ending_is_common() -> None:
    counts = _verdicts()
    total = counts.total()
    by_ending: Counter[Ending] = Counter()
    for (ending, _), count in counts.items():
        by_ending[ending] += count
    assert 0.4 <= by_ending[Ending.DELIVERED] / total <= 0.6
    assert all(by_ending[ending] >= total / 200 for ending in Ending if ending is not Ending.OTHER), by_ending
    places = Counter(place for _, place in counts.elements())
    assert all(places[place] >= total / 200 for place in Place), places


def test_a_seed_names_a_world_and_its_story() -> None:
    def told(seed: int) -> tuple[str, list[Event], Step]:
        random = Random(seed)
        world = a_world(random)
        return str(world), a_script(random, world), a_flow(random, world)

    assert told(7) == told(7)
    assert told(7) != told(8)
