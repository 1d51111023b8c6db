"""A built region under test: frames by hand, pings by its guests, and what became of them all."""

from collections.abc import Callable, Generator
from textwrap import dedent
from typing import Any, NamedTuple, SupportsBytes

from scapy.layers.dhcp import DHCP
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether
from scapy.packet import Raw
from simpy import Event as SimpyEvent

from dcsim.fabric.place import Place
from dcsim.fabric.wire import Direction
from dcsim.observe.event import Event, RoutingChanged
from dcsim.pinging import Answer, Payload, Pinger
from dcsim.problem import Mark
from dcsim.request import AuthorizeSecurityGroupIngress, RevokeSecurityGroupEgress, Verb
from dcsim.topology.load import plan_of
from dcsim.topology.plan import Plan
from dcsim.world import Guest, World, build
from hypervisor.host import Nic
from netvirt.address import Cidr, Ns, format_mac
from netvirt.journey import Outcome
from netvirt.ledger import Sized

US, MS, S = 1_000, 1_000_000, 1_000_000_000
FLIGHT = 5 * MS
"""Longer than any packet's way."""
HERE = Mark("test", 1, 1, 2)
HEAD = "version: 1\nregion: eu-west-1\nzones: [a, b]\n"

PAIR = """
vpcs:
  main:
    cidr_block: 10.0.0.0/16
    subnets:
      net: {per_zone: true, cidr_block: 10.0.1.0/24}
    security_groups:
      friends: {ingress: [icmp from friends, udp 9 from friends]}
    instances:
      left: {subnet: net-a, security_groups: friends}
      right: {subnet: net-b, security_groups: friends}
"""
"""Two friends in two zones, without an image: they answer pings and are silent otherwise."""
AGENTS = PAIR.replace("security_groups: friends}", "security_groups: friends, image: agent}")


class Seen(NamedTuple):
    """A frame at a vNIC."""

    time: Ns
    guest: str
    leaving: bool
    data: bytes


class Lost(NamedTuple):
    """A frame's end; `data` is the inner frame, as it was then."""

    time: Ns
    place: str
    reason: Outcome
    data: bytes


class Fate(NamedTuple):
    """Where one frame ended: the guest that got it, or the place that dropped it and why."""

    place: str
    outcome: Outcome
    time: Ns


class Region:
    """A world that was built from text or a plan, and all that was seen in it since."""

    def __init__(self, what: str | Plan, seed: int = 7, until: int = S) -> None:
        plan = what if isinstance(what, Plan) else plan_of((HEAD + dedent(what)).encode(), "region.yaml", "region")
        self.world: World = build(plan, seed)
        self.clock = self.world.clock
        self.seen: list[Seen] = []
        self.lost: list[Lost] = []
        self.events: list[tuple[int, Event]] = []
        self.world.listeners.append(lambda time, event: self.events.append((time, event)))
        self._watch_drops()
        for guest in self.world:
            self.watch(guest)
        self.run(until)

    def watch(self, guest: Guest) -> None:
        nic_name = guest.nic.name

        def see(_: Nic, frame: Any, leaving: bool) -> None:
            self.seen.append(Seen(self.clock.now, nic_name, leaving, frame.data))

        guest.nic.taps = (*guest.nic.taps, see)

    def _watch_drops(self) -> None:
        def see(frame: Sized, place: str, reason: Outcome) -> None:
            inner: Any = getattr(frame, "inner", frame)
            self.lost.append(Lost(self.clock.now, place, reason, inner.data))

        self.world.ledger.watchers.append(see)

    # Time.

    @property
    def now(self) -> int:
        return self.clock.now

    def run(self, until: int) -> None:
        self.clock.run(until=until)

    def wait(self, span: int) -> None:
        self.run(self.now + span)

    def at(self, time: int, action: Callable[..., object], *arguments: object) -> None:
        """A story of one sentence."""
        self.clock.process(self._story(time - self.now, action, arguments))

    def _story(
        self, span: int, action: Callable[..., object], arguments: tuple[object, ...]
    ) -> Generator[SimpyEvent, None, None]:
        yield self.clock.timeout(span)
        action(*arguments)

    # Frames.

    def __getitem__(self, name: str) -> Guest:
        return self.world[name]

    def packet(self, sender: str, receiver: str, transport: Any, **fields: Any) -> Any:
        """A scapy packet between two guests, addressed as their own stacks would; `fields` of IP are set last."""
        return ether(self[sender], self[receiver]) / ip(self[sender], self[receiver], **fields) / transport

    def udp(self, sender: str, receiver: str, text: str = "", sport: int = 4000, dport: int = 9) -> bytes:
        return bytes(self.packet(sender, receiver, UDP(sport=sport, dport=dport) / Raw(text.encode())))

    def post(self, sender: str, frame: SupportsBytes) -> Fate:
        """Send it now, and say where it ended; nothing else may look like it."""
        lost, seen, consumed = len(self.lost), len(self.seen), self.world.ledger.consumed
        self[sender].send(frame)
        self.wait(FLIGHT)
        body = bytes(frame)[14:]
        ends = [Fate(each.place, each.reason, each.time) for each in self.lost[lost:] if each.data[14:] == body]
        ends += [
            Fate(each.guest, Outcome.DELIVERED, each.time)
            for each in self.seen[seen:]
            if each.data[14:] == body and not each.leaving
        ]
        if not ends and self.world.ledger.consumed > consumed:
            return Fate(self[sender].host.name, Outcome.CONSUMED, Ns(self.now))
        assert len(ends) == 1, f"one frame, {len(ends)} ends: {ends}"
        return ends[0]

    def switched(self, fate: Fate, frame: bytes) -> int:
        """When the switch let a delivered frame through: before the receiver's shaper."""
        return fate.time - shaper_ns(self[fate.place], len(frame))

    def ping(self, source: str, target: str, every: int, count: int, timeout: int = 50 * MS) -> Pinger:
        """Orders pings, the first one now."""
        address = self[target].placed.interface.address
        pinger = Pinger(self.world, self[source], address, every, timeout, Payload())
        pinger.start(self.now, count)
        return pinger

    # Changes.

    def parts(self, name: str) -> list[Place | Direction]:
        fabric = self.world.fabric
        return [*fabric.links(name)] if "->" in name else [fabric.place(name)]

    def hold(self, name: str, cause: str = "fault") -> None:
        for part in self.parts(name):
            self.world.fabric.hold(part, cause)

    def release(self, name: str, cause: str = "fault") -> None:
        for part in self.parts(name):
            self.world.fabric.release(part, cause)

    def call(self, request: Verb) -> None:
        self.world.call(request)

    @property
    def propagation_ns(self) -> int:
        return self.world.plan.plant.propagation_ns

    @property
    def routing(self) -> list[tuple[int, str, str]]:
        """When, who, and what it does differently."""
        return [(time, each.switch, each.change) for time, each in self.events if isinstance(each, RoutingChanged)]


def ether(sender: Guest, receiver: Guest) -> Any:
    same = sender.placed.subnet is receiver.placed.subnet
    return Ether(src=format_mac(sender.mac), dst=format_mac(receiver.mac if same else sender.router_mac))


def ip(sender: Guest, receiver: Guest, **fields: Any) -> Any:
    return IP(**{"src": sender.ip, "dst": receiver.ip, **fields})


def shaper_ns(guest: Guest, size: int) -> int:
    """How long a vNIC takes over a frame, either way."""
    return guest.nic.tx.line.serialize_ps(size + 24) // 1000


def allow_udp(port: int, peer: Cidr | str, group: str = "friends", vpc: str = "main") -> AuthorizeSecurityGroupIngress:
    return AuthorizeSecurityGroupIngress(
        vpc=vpc,
        group=group,
        protocol=17,
        ports=(port, port),
        icmp_type=-1,
        icmp_code=-1,
        peer=peer,
        text=f"udp {port} from {peer}",
        mark=HERE,
    )


def revoke_egress(group: str) -> RevokeSecurityGroupEgress:
    return RevokeSecurityGroupEgress(vpc="main", group=group, mark=HERE)


def lost_ticks(answers: list[Answer]) -> list[int]:
    return sorted(answer.sequence for answer in answers if answer.rtt_ns is None)


def round_trips(answers: list[Answer]) -> list[int]:
    """Of the answered, in the order of their ticks."""
    ordered = sorted(answers, key=lambda answer: answer.sequence)
    return [answer.rtt_ns for answer in ordered if answer.rtt_ns is not None]


def is_dhcp_ack(data: bytes) -> bool:
    packet = Ether(data)
    return DHCP in packet and ("message-type", 5) in packet[DHCP].options
