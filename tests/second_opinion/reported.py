"""Faults of the product that are known: where one of them explains a disagreement, both sides may
remember different things from there on, and the story ends.

Each has a test of its own in `test_reported.py`, which fails on the day it is mended; then its line here goes too.
"""

from collections.abc import Sequence
from ipaddress import IPv4Address

from .lab import Seen
from .packet import Ending, Packet, Verdict
from .random_flows import Step
from .random_vpcs import SmallWorld

RESOLVER = "nobody answers who has the resolver's address"
ECHO = "a ping passes as the answer to a ping with the same identifier"
ERRORS = "ICMP errors are tracked as if they were flows, and may go to anybody"
CLOSED = "a connection that has ended still lets packets pass"
MULTICAST = "a trace routes multicast"
REPLY = "a trace takes an appliance for the one who waits for the reply"
BEGINNING_S = 60
"""After such a silence a TCP connection may have been forgotten."""
Past = Sequence[tuple[float, Step]]
STATELESS = (RESOLVER, MULTICAST, REPLY)
"""After these, both sides still remember the same."""


def what_is_reported(
    asked: str, step: Step, past: Past, world: SmallWorld, way: Sequence[Verdict], seen: Seen
) -> str | None:
    if asked == "reachable":
        return REPLY
    if asked == "trace" and (step.dst.is_multicast or step.dst == IPv4Address("255.255.255.255")):
        return MULTICAST
    if seen.ending is Ending.NO_MAPPING and step.dst == world.vpcs[step.src[0]][2]:
        return RESOLVER
    stopped_by_groups = {verdict.place for verdict in way if verdict.ending is Ending.SECURITY_GROUP}
    if stopped_by_groups - {place for ending, place in seen.refusals if ending is Ending.SECURITY_GROUP}:
        return _why_it_passed(step, past, world)
    return None


def _why_it_passed(step: Step, past: Past, world: SmallWorld) -> str | None:
    packet = step.packet
    related = [(at_s, before.packet) for at_s, before in past if _ends(before, world) == _ends(step, world)]
    if packet.is_echo:
        return ECHO
    if packet.is_error or any(before.is_error for _, before in related):
        return ERRORS
    if packet.opens and any(before.closes for _, before in related):
        return CLOSED
    return CLOSED if _began_with_its_end(related) else None


def _began_with_its_end(related: Sequence[tuple[float, Packet]]) -> bool:
    """A FIN or RST that nothing recent was before."""
    before_s = float(-BEGINNING_S)
    for at_s, packet in related:
        if packet.closes and at_s - before_s >= BEGINNING_S:
            return True
        before_s = at_s
    return False


def _ends(step: Step, world: SmallWorld) -> tuple[int, frozenset[tuple[IPv4Address, int]]]:
    """What is the same for both directions of a conversation."""
    packet = step.packet
    src = packet.source or IPv4Address(world.addresses[step.src])
    return packet.protocol, frozenset({(src, packet.src_port), (step.dst, packet.dst_port)})
