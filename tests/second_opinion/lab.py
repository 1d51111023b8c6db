"""The product's side of the comparison: a built world, packets as real frames in it, and its own traces."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from ipaddress import IPv4Address
from random import Random

from scapy.layers.l2 import ARP, Ether

from dcsim.request import RunInstances, Verb
from dcsim.topology.plan import DEFAULT_START_NS, Internet, Plan, Plant
from dcsim.trace import Traced, trace
from dcsim.traffic_spec import TrafficSpec
from dcsim.world import Guest, Node, World, build
from hypervisor.clock import Clock
from hypervisor.guest import Reporter, Wire
from hypervisor.host import Nic
from netvirt.address import Ip, format_mac
from netvirt.frame import Frame, flow_of
from netvirt.journey import Hop, Journey, Outcome

from .packet import ICMP, TCP, UDP, Ending, Packet, Place, Verdict
from .random_vpcs import ZONES, SmallWorld
from .wire import Dresser

NS = 1_000_000_000
BOOT_NS = 2 * NS
FLIGHT_NS = 3_000_000
"""Long enough for any packet's way."""
INTERNET_NS = 300_000
ROOMY = Plant(racks=2, hosts=8)
"""Every instance has a host of its own, so the place of a drop says on which side it was."""
CRAMPED = Plant(racks=1, hosts=1)
"""One host a zone."""
BORDER = "border"
BROADCAST_MAC = "ff:ff:ff:ff:ff:ff"

ENDINGS = {
    Outcome.DELIVERED: Ending.DELIVERED,
    Outcome.SECURITY_GROUP: Ending.SECURITY_GROUP,
    Outcome.NETWORK_ACL: Ending.NETWORK_ACL,
    Outcome.NO_ROUTE: Ending.NO_ROUTE,
    Outcome.BLACKHOLE: Ending.BLACKHOLE,
    Outcome.NO_MAPPING: Ending.NO_MAPPING,
    Outcome.UNANSWERED: Ending.NO_MAPPING,
    Outcome.SOURCE_DEST_CHECK: Ending.SOURCE_DEST_CHECK,
    Outcome.UNKNOWN: Ending.UNKNOWN,
    Outcome.CONSUMED: Ending.UNKNOWN,
    Outcome.BROADCAST: Ending.BROADCAST,
    Outcome.NOT_TRANSITIVE: Ending.NOT_TRANSITIVE,
    Outcome.GATEWAY: Ending.GATEWAY,
    Outcome.NO_TRANSLATION: Ending.NAT,
    Outcome.FRAGMENT: Ending.NAT,
    Outcome.OVERSIZE: Ending.OVERSIZE,
}
PORT = re.compile(r"source becomes .* (\d+)$")
SIDED = {
    Ending.SECURITY_GROUP: (Place.EGRESS_SG, Place.INGRESS_SG),
    Ending.NETWORK_ACL: (Place.EGRESS_ACL, Place.INGRESS_ACL),
    Ending.SOURCE_DEST_CHECK: (Place.EGRESS_CHECK, Place.INGRESS_CHECK),
    Ending.UNKNOWN: (Place.HOST, Place.RECEIVER),
}
"""Endings that may be met on the way out and on the way in."""
PLACES = {
    Ending.DELIVERED: Place.RECEIVER,
    Ending.NO_ROUTE: Place.ROUTE,
    Ending.BLACKHOLE: Place.ROUTE,
    Ending.NO_MAPPING: Place.MAPPING,
    Ending.BROADCAST: Place.HOST,
    Ending.NOT_TRANSITIVE: Place.PEERING,
    Ending.GATEWAY: Place.GATEWAY,
    Ending.NAT: Place.NAT,
    Ending.OVERSIZE: Place.GATEWAY,
}


class Silent:
    """A guest that answers nothing, so that only what the test sends is on the wires."""

    address = None

    def start(self, clock: Clock, wire: Wire, report: Reporter) -> None: ...

    def receive(self, data: bytes) -> Outcome:
        return Outcome.DELIVERED

    def order(self, line: str) -> None: ...

    def stop(self) -> None: ...


Refusal = tuple[Ending, Place | None]


@dataclass(frozen=True)
class Seen:
    """What the product did. `place` is None where sender and receiver share a host: nothing tells the sides apart.

    `refusals` are all that a trace found in the way, or the one that a live packet met.
    """

    ending: Ending
    place: Place | None
    receiver: str = ""
    refusals: tuple[Refusal, ...] = ()
    octets: bytes = b""
    """The IPv4 packet that the receiver got, of a live packet."""
    told: bool = False
    """The sender of a packet that was too large heard what would have fitted."""

    def agrees(self, verdict: Verdict, sender: str) -> bool:
        if verdict.delivered:
            return self.ending is verdict.ending and self.receiver in ("", verdict.receiver)
        # A route may lead back to the sender: one interface, both sides.
        place = None if verdict.receiver == sender else self.place
        same = self.ending is verdict.ending and place in (None, verdict.place)
        return same and (self.ending is not Ending.OVERSIZE or verdict.told in (None, self.told))

    def __str__(self) -> str:
        place = self.place.value if self.place else "either side"
        behind = "; ".join(f"{ending.value} at {place.value if place else '?'}" for ending, place in self.refusals)
        return f"{self.ending.value} at {place} {self.receiver}; met: {behind or 'nothing'}"


def refusals(way: Sequence[Verdict]) -> tuple[Refusal, ...]:
    return tuple((verdict.ending, verdict.place) for verdict in way if not verdict.delivered)


class Lab:
    def __init__(self, small: SmallWorld, seed: int, plant: Plant) -> None:
        internet = Internet(INTERNET_NS, small.outsiders)
        plan = Plan("random", "eu-west-1", ZONES, DEFAULT_START_NS, plant, (), small.requests, (), (), internet)
        self.world: World = build(plan, seed)
        self.world.clock.run(until=BOOT_NS)
        self.guests: dict[tuple[str, str], Guest] = {}
        self._inboxes: dict[tuple[str, str], list[Frame]] = {}
        self._adopt()
        self._drops: list[tuple[str, Outcome]] = []
        self.world.ledger.watchers.append(lambda _, place, reason: self._drops.append((place, reason)))
        self._macs: dict[tuple[tuple[str, str], str], str] = {}
        self.seen_ports: dict[str, list[int]] = {}
        """What each NAT gateway has sent the last packet from, in order: it may come through again."""
        for node in self.world.appliances.values():
            node.nic.taps = (*node.nic.taps, partial(self._see_port, node))

    def _see_port(self, node: Node, _: Nic, frame: Frame, leaving: bool) -> None:
        flow = flow_of(frame.data)
        if leaving and flow.src == node.placed.interface.address and not flow.is_icmp_error:
            self.seen_ports.setdefault(node.name, []).append(flow.icmp_id if flow.protocol == ICMP else flow.src_port)

    @property
    def now_s(self) -> float:
        return self.world.clock.now / NS

    def wait(self, seconds: float) -> None:
        self._run(int(seconds * NS))

    def _run(self, ns: int) -> None:
        self.world.clock.run(until=self.world.clock.now + ns)

    def change(self, request: Verb) -> None:
        """Ask the control plane, and wait until every host has heard of it."""
        self.world.call(request)
        # Guests here ask anew who has which address.
        self._macs.clear()
        self._run(2 * self.world.plan.plant.propagation_ns)
        if isinstance(request, RunInstances):
            self._run(BOOT_NS)
            self._adopt()

    def _adopt(self) -> None:
        """Silence the guests that are new, and listen at their interfaces."""
        for key in self.world.guests.keys() - self.guests.keys():
            guest = self.guests[key] = self.world.guests[key]
            guest.nic.guest = Silent()
            self._inboxes[key] = guest.watch()

    # A live packet

    def send(self, src: tuple[str, str], dst: IPv4Address, packet: Packet, dress: int = 0) -> Seen:
        """Resolve the next hop as a guest does, send one frame, and see where it ends."""
        mac = self.resolve(src, dst, packet)
        if mac is None:
            return Seen(Ending.NO_MAPPING, Place.MAPPING, refusals=((Ending.NO_MAPPING, Place.MAPPING),))
        guest = self.guests[src]
        header = Ether(src=format_mac(guest.mac), dst=mac, type=0x0800)
        datagram = Dresser(Random(dress)).dress(packet.source or IPv4Address(guest.ip), dst, packet)
        self._forget()
        before = self.world.ledger.consumed
        guest.send(bytes(header) + datagram)
        self._run(FLIGHT_NS)
        got = [(key[1], frame.data[14:]) for key, inbox in self._inboxes.items() for frame in inbox]
        if self._drops and self._drops[0][1] is Outcome.OVERSIZE:
            assert len(got) + len(self._drops) <= 2, "an answer at most, and that comes or does not"
            assert self.world.unaccounted == 0
            return replace(self._seen(guest, *self._drops[0]), told=[key for key, _ in got] == [src[1]])
        ends = len(got) + len(self._drops) + self.world.ledger.consumed - before
        assert ends == 1, f"one frame, {ends} ends: {got} {self._drops}"
        assert self.world.unaccounted == 0
        if got:
            return Seen(Ending.DELIVERED, Place.RECEIVER, got[0][0], octets=got[0][1])
        place, outcome = self._drops[0] if self._drops else (guest.host.name, Outcome.CONSUMED)
        return self._seen(guest, place, outcome)

    def _seen(self, sender: Guest, place: str, outcome: Outcome) -> Seen:
        ending = ENDINGS.get(outcome, Ending.OTHER)
        where: Place | None = PLACES.get(ending)
        if ending is Ending.NO_MAPPING and place == BORDER:
            where = Place.BORDER
        if ending in SIDED and sum(node.host is sender.host for node in self.world.nodes.values()) == 1:
            where = SIDED[ending][place != sender.host.name]
        return Seen(ending, where, refusals=((ending, where),))

    def _forget(self) -> None:
        self.seen_ports.clear()
        self._drops.clear()
        for inbox in self._inboxes.values():
            inbox.clear()

    def resolve(self, src: tuple[str, str], dst: IPv4Address, packet: Packet) -> str | None:
        """None: nobody answers who has it."""
        if packet.via:
            return format_mac(self.guests[src[0], packet.via].mac)
        if dst.is_multicast or str(dst) == "255.255.255.255":
            return BROADCAST_MAC
        subnet = self.guests[src].placed.subnet
        if not subnet.cidr.holds(int(dst)):
            return format_mac(subnet.router_mac)
        if int(dst) == subnet.cidr.last:
            return BROADCAST_MAC
        return self._ask(src, str(dst))

    def _ask(self, src: tuple[str, str], address: str) -> str | None:
        """ARP, once for each address that is there."""
        if (src, address) not in self._macs:
            guest = self.guests[src]
            self._forget()
            question = ARP(op=1, hwsrc=format_mac(guest.mac), psrc=guest.ip, pdst=address)
            guest.send(Ether(src=format_mac(guest.mac), dst=BROADCAST_MAC) / question)
            self._run(FLIGHT_NS)
            answers = self._inboxes[src]
            if not answers:
                assert [reason for _, reason in self._drops] == [Outcome.UNANSWERED]
                return None
            self._macs[src, address] = _answer(answers[0])
        return self._macs[src, address]

    # A trace

    def trace(self, src: tuple[str, str], dst: IPv4Address, packet: Packet) -> Traced:
        """Of a flow that begins like `packet`."""
        there, here = (packet.dst_port, packet.src_port) if packet.protocol in (TCP, UDP) else (None, None)
        return trace(
            self.world, self.guests[src], Ip(int(dst)), TrafficSpec(packet.protocol, there, here, packet.octets)
        )


def traced(journey: Journey, destination: str = "") -> Seen:
    """How a journey ends, and everything that is in its way."""
    met: list[Refusal] = []
    for position, hop in enumerate(journey.hops):
        if hop.blocked:
            assert hop.outcome is not None, "a blocker"
            ending = ENDINGS.get(hop.outcome, Ending.OTHER)
            met.append((ending, _place_of(journey.hops[:position], hop, ending)))
        elif hop.kind == "service":
            met.append((Ending.UNKNOWN, Place.HOST))  # answered by the host: its own affair
    assert ENDINGS.get(journey.outcome, Ending.OTHER) is (met[0][0] if met else Ending.DELIVERED), (
        "the first blocker decides"
    )
    if met:
        return Seen(*met[0], refusals=tuple(met))
    return Seen(Ending.DELIVERED, Place.RECEIVER, destination)


def ports_in(journey: Journey) -> dict[str, list[int]]:
    """What each NAT gateway would send from, in order, as a trace says."""
    ports: dict[str, list[int]] = {}
    for hop in journey.hops:
        found = PORT.search(hop.rule) if hop.kind == "nat" else None
        if found is not None:
            ports.setdefault(hop.name, []).append(int(found[1]))
    return ports


def _place_of(before: Sequence[Hop], blocker: Hop, ending: Ending) -> Place | None:
    """Everything behind the mapping or the border is the receiver's side."""
    if ending in SIDED:
        return SIDED[ending][any(hop.kind in ("mapping", "border") for hop in before)]
    if ending is Ending.NO_MAPPING and blocker.kind == "border":
        return Place.BORDER
    return PLACES.get(ending)


def _answer(frame: Frame) -> str:
    return str(Ether(frame.data)[ARP].hwsrc)
