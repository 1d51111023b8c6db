"""`explain`: what became of one packet of a run, and by which rules.

A run is played again from its own inputs, which give the same bytes, and when the packet leaves its sender the tracer
is asked, with the views and the connection tables that the hosts hold at that moment.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

import orjson

from dcsim.observe.inputs import MANIFEST, source_sha256
from dcsim.observe.packets import Captured, packet_of
from dcsim.observe.rundir import CAPTURE, INPUTS, amiss, digest_of
from dcsim.problem import Mistake
from dcsim.request import RunInstances
from dcsim.scenario.load import load_scenario
from dcsim.scenario.play import Play, Progress, stage
from dcsim.scenario.scenario import Scenario
from dcsim.topology.plan import INTERNET, Plan
from dcsim.trace import follow
from dcsim.world import Node
from hypervisor.host import Nic
from netvirt import discovery
from netvirt.address import format_ip
from netvirt.frame import Flow, Frame, flow_of, quoted_flow
from netvirt.journey import Journey, Outcome
from netvirt.ledger import Sized
from netvirt.overlay import OVERHEAD_BYTES, is_outer
from netvirt.router import measure
from netvirt.wire.dhcp import CLIENT_PORT, SERVER_PORT
from netvirt.wire.ethernet import ETHERTYPE_ARP, ETHERTYPE_IPV4, ETHERTYPE_IPV6, HEADER_BYTES
from netvirt.wire.ipv4 import PROTOCOL_ICMP, PROTOCOL_TCP, PROTOCOL_UDP
from netvirt.wire.ipv6 import PROTOCOL_ICMPV6
from netvirt.wire.malformed import Malformed

BY_ITSELF = "the host answers that by itself; no rule is asked"
PATIENCE_NS = 10_000_000_000
"""How long after the packet was seen its end is waited for."""


class Fate(NamedTuple):
    """How a packet ended in the run: where, when, and the rule that decided if one did.

    Delivered to somebody else than it was meant for, a middlebox, it says so there.
    """

    outcome: Outcome
    place: str
    time_ns: int
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Explained:
    """`sent_ns` is when it left `source`; `fate` is None when the run ended, or gave up waiting, before it did."""

    packet: Captured
    seen_ns: int
    flow: Flow
    source: str
    sent_ns: int
    journey: Journey
    fate: Fate | None
    other_dcsim: bool
    """Another version made the run; it did the same with this packet."""


def explain_packet(run: Path, number: int, progress: Progress = lambda now, doing: None) -> Explained:
    """Mistake when `run` is no whole run, has no such packet, or nobody's rules were asked about it."""
    if digest_of(run) is None:
        raise Mistake(f"{run} is no run of dcsim", "name the directory that dcsim run left")
    found = amiss(run)
    if found is not None:
        raise Mistake(f"{run} is not whole ({found})", "what happened in it cannot be played again; run it anew")
    packet = packet_of(run / CAPTURE, number)
    inner = _inner(packet)
    flow = _flow(packet, inner)
    scenario, seed, ours = _stored(run)
    play = stage(scenario, seed)
    seen_ns = packet.unix_ns - play.world.plan.start_ns
    witness = _Witness(play, inner, flow, seen_ns)
    witness.watch(progress)
    if witness.sender is None or witness.journey is None:
        raise _nobody_sent_it(packet, ours)
    fate = _fate_told(packet, seen_ns, witness)
    return Explained(packet, seen_ns, flow, witness.sender.name, witness.sent_ns, witness.journey, fate, not ours)


def _stored(run: Path) -> tuple[Scenario, int, bool]:
    """What the run was made from, its seed, and whether this very dcsim made it."""
    manifest = orjson.loads((run / INPUTS / MANIFEST).read_bytes())
    try:
        files = {each["name"]: each["sha256"] for each in manifest["files"]}
        scenario, topology = (run / INPUTS / name for name in list(files)[:2])
        seed, ours = int(manifest["options"]["seed"]), manifest["dcsim"] == source_sha256()
        stored = {digest: name for name, digest in files.items()}
        images = {guest: stored[digest] for guest, digest in manifest["images"].items() if digest in stored}
    except (AttributeError, KeyError, TypeError, ValueError):
        raise Mistake(f"{run / INPUTS / MANIFEST} is another dcsim's", "explain with the one that made it") from None
    loaded = load_scenario(scenario, topology)
    return replace(loaded, topology=_with_images(loaded.topology, images)), seed, ours


def _with_images(plan: Plan, images: Mapping[str, str]) -> Plan:
    """The plan, its users' own images where the run keeps them; `images` are names by guest."""
    requests = tuple(
        replace(each, image=images.get(f"{each.vpc}/{each.name}", each.image))
        if isinstance(each, RunInstances)
        else each
        for each in plan.requests
    )
    outsiders = tuple(
        replace(each, image=images.get(f"{INTERNET}/{each.name}", each.image)) for each in plan.internet.instances
    )
    return replace(plan, requests=requests, internet=replace(plan.internet, instances=outsiders))


def _inner(packet: Captured) -> bytes:
    """The guests' frame, out of its tunnel where it was seen in one."""
    return packet.data[OVERHEAD_BYTES:] if is_outer(packet.data) else packet.data


def _flow(packet: Captured, inner: bytes) -> Flow:
    called, ethertype = f"packet {packet.number}", int.from_bytes(inner[12:14])
    if ethertype == ETHERTYPE_ARP:
        raise Mistake(f"{called} is ARP", BY_ITSELF)
    if ethertype not in (ETHERTYPE_IPV4, ETHERTYPE_IPV6):
        raise Mistake(f"{called} is not IP (ethertype 0x{ethertype:04x})", "no rule is asked about it")
    try:
        flow = flow_of(inner)
    except Malformed as malformed:
        raise Mistake(f"{called} is malformed ({malformed})", "no rule is asked about it") from None
    if flow.protocol == PROTOCOL_UDP and {flow.src_port, flow.dst_port} == {CLIENT_PORT, SERVER_PORT}:
        raise Mistake(f"{called} is DHCP", BY_ITSELF)
    if discovery.is_local(flow):
        raise Mistake(f"{called} is neighbor discovery", BY_ITSELF)
    return flow


def _nobody_sent_it(packet: Captured, ours: bool) -> Mistake:
    if ours:
        return Mistake(
            f"no guest sent packet {packet.number} as it was seen", "the host itself did, or a link corrupted it"
        )
    message = f"another dcsim made the run, and packet {packet.number} does not come up in this one"
    return Mistake(message, "explain with the one that made it, or run it anew")


def _fate_told(packet: Captured, seen_ns: int, witness: "_Witness") -> Fate | None:
    """Of several copies, that of the one that was asked about, where the capture shows its very end."""
    if packet.comment:
        return next((fate for fate in witness.fates if fate.time_ns == seen_ns), None) or witness.fate
    return witness.fate


class _Enough(Exception):
    """All that there is to know of the packet is known."""


class _Witness:
    """Plays, and watches for a packet: who sent it, what the tracer said then, where it ended."""

    def __init__(self, play: Play, inner: bytes, flow: Flow, seen_ns: int) -> None:
        self._play = play
        self._content = fingerprint(inner)
        self._flow = flow
        self._seen_ns = seen_ns
        self.sender: Node | None = None
        self.sent_ns = 0
        self.journey: Journey | None = None
        self.fates: list[Fate] = []
        self._tapped: set[str] = set()
        self._tap()
        # A call of the scenario's may make nodes: it is told of as soon as they are there.
        play.world.listeners.append(lambda now, event: self._tap())
        play.world.ledger.watchers.append(self._on_drop)

    def _tap(self) -> None:
        for eni, node in self._play.world.nodes.items():
            if eni not in self._tapped:
                self._tapped.add(eni)
                node.nic.taps = (*node.nic.taps, partial(self._on_nic, node))

    def watch(self, progress: Progress) -> None:
        def look(now: int, doing: str) -> None:
            progress(now, doing)
            if now > self._seen_ns and (self.fate is not None or now > self._seen_ns + PATIENCE_NS):
                raise _Enough

        try:
            self._play.run(look)
        except _Enough:
            return

    @property
    def fate(self) -> Fate | None:
        """How what was sent ended: the first end there was."""
        return next(iter(self.fates), None)

    def _on_nic(self, node: Node, _: Nic, frame: Frame, leaving: bool) -> None:
        flow = self._same(frame.data)
        if flow is None:
            return
        now = self._play.world.clock.now
        if not leaving and node.engine is None:
            owns = node.placed.interface.owns(flow.dst)
            rule = "" if owns else f"which is not {format_ip(flow.dst)}"
            self.fates.append(Fate(Outcome.DELIVERED, node.name, now, rule))
        # What forwards packets is asked about what nobody sent before it: that is its own.
        if leaving and now <= self._seen_ns and (node.engine is None or self.sender is None):
            self._ask(node, frame, flow, now)

    def _ask(self, node: Node, frame: Frame, flow: Flow, now: int) -> None:
        """The last one that left before it was seen is the one; what ended before that was another."""
        self.sender, self.sent_ns, self.fates = node, now, []
        self.journey = follow(self._play.world, node, flow, quoted_flow(frame.data, flow), *measure(frame.data))

    def _on_drop(self, frame: Sized, place: str, reason: Outcome) -> None:
        inner = getattr(frame, "inner", frame)
        if self._same(getattr(inner, "data", b"")) is not None:
            world = self._play.world
            self.fates.append(Fate(reason, place, world.clock.now, world.ledger.rule))

    def _same(self, data: bytes) -> Flow | None:
        """The flow of a frame that holds the packet, translated or not."""
        if fingerprint(data) != self._content:
            return None
        try:
            flow = flow_of(data)
        except Malformed:
            return None
        world = self._play.world
        private = {public: own for vpc in world.control.vpcs.values() for own, public in vpc.public.items()}
        nodes = (node for node in world.nodes.values() if node.engine is not None)
        gateways = {address for node in nodes for address in node.placed.interface.addresses}
        for one, other in ((flow.src, self._flow.src), (flow.dst, self._flow.dst)):
            ends = {private.get(one, one), private.get(other, other)}
            if len(ends) > 1 and not ends & gateways:
                return None
        return flow


def fingerprint(data: bytes) -> bytes:
    """What translation and forwarding leave of an IP packet: neither addresses nor ports, TTL nor checksums.

    Two packets of one content are alike in this; a sender that numbers its packets makes no two.
    """
    ethertype = int.from_bytes(data[12:14])
    if ethertype == ETHERTYPE_IPV4 and len(data) >= HEADER_BYTES + 20:
        start = HEADER_BYTES + (data[HEADER_BYTES] & 15) * 4
        fixed, protocol = data[16:22], data[23]
    else:
        start, fixed, protocol = HEADER_BYTES + 40, data[18:20], data[20] if len(data) > 20 else 0
    payload = data[start:]
    match protocol:
        case _ if len(payload) < 8:
            rest = payload
        case _ if protocol == PROTOCOL_TCP:
            rest = payload[4:16] + payload[18:]
        case _ if protocol == PROTOCOL_UDP:
            rest = payload[4:6] + payload[8:]
        case _ if protocol in (PROTOCOL_ICMP, PROTOCOL_ICMPV6):
            rest = payload[:2] + payload[6:]
        case _:
            rest = payload
    return data[12:14] + fixed + bytes([protocol]) + rest
