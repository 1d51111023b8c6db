"""An assertion against a region: whether it holds, and what decided where it does not."""

from dataclasses import dataclass

from dcsim.reach.assertion import Assertion
from dcsim.reach.matrix import Answer, Pair, Reach
from dcsim.traffic_spec import TrafficSpec
from netvirt.journey import Hop, Outcome
from netvirt.vpc.traffic import ICMP

PING = TrafficSpec(ICMP)
"""What is explained where an assertion speaks of any traffic and none passes."""


@dataclass(frozen=True, slots=True)
class Judged:
    """`against` are the answers that the assertion does not want: packets stopped, or packets let through."""

    assertion: Assertion
    against: tuple[Answer, ...]

    @property
    def holds(self) -> bool:
        return not self.against


def judge(assertion: Assertion, region: Reach) -> Judged:
    answers = (_answer(assertion, pair, region) for pair in assertion.pairs)
    return Judged(assertion, tuple(answer for answer in answers if answer.reachable == assertion.never))


def _answer(assertion: Assertion, pair: Pair, region: Reach) -> Answer:
    """Of the traffic it names; where it names none, of the first that passes."""
    if assertion.traffic is not None:
        return region.ask(*pair, assertion.traffic)
    passing = region.passing(*pair)
    return region.ask(*pair, passing[0].example if passing else PING)


@dataclass(frozen=True, slots=True)
class Decider:
    """A hop that decided, and on which way it stands."""

    way: str
    hop: Hop


def deciders(answer: Answer) -> tuple[Decider, ...]:
    """What blocks a packet or its reply; of one that passes, the last rule that somebody wrote to let it in."""
    traced = answer.traced
    if answer.shadowed:
        rule = f"the address of {answer.destination} is another guest's in {answer.source}'s own VPC"
        return (Decider("forward", Hop("mapping", "", rule, outcome=Outcome.NO_MAPPING)),)
    journeys = [("forward", traced.forward)] + ([("reply", traced.reply)] if traced.reply is not None else [])
    if traced.reachable:
        rules = [hop for hop in traced.forward.hops if hop.kind in ("sg", "acl")]
        return (Decider("forward", rules[-1]),) if rules else ()
    blocked = tuple(Decider(way, hop) for way, journey in journeys for hop in journey.blockers)
    return blocked or (Decider("forward", traced.forward.hops[-1]),)
