"""The L2 switch in a host: its ports, its copy of each VPC's view, its memo of decisions.

It decides nothing itself: `datapath` does. It commits what was decided (tracks, memo entries) and says what happens
next: a packet for the underlay, a frame back to the guest, or nothing, because the frame was dropped and counted.
"""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass

from netvirt import datapath, dhcpv6_server, discovery, linklocal, rewrite, router, services
from netvirt.address import HostId, Ip, Ns, Vni, is_ipv6
from netvirt.datapath import Decision, Question, Tracking
from netvirt.flow_log.meter import REFUSALS, Meter
from netvirt.fragmentation import fragments
from netvirt.frame import Flow, Frame, flow_of, parse, quoted_flow
from netvirt.gateway.transit import BACKPLANE_MAC, Crossing
from netvirt.journey import Outcome
from netvirt.ledger import Ledger
from netvirt.memo import Grounds, Memo
from netvirt.mtu import Limit
from netvirt.overlay import BORDER, INTERNET_VNI, Encapsulated, Tunnel
from netvirt.services import Allowance
from netvirt.vpc.conntrack import Track
from netvirt.vpc.services import Service
from netvirt.vpc.tracker import Tracker
from netvirt.vpc.view import Interface, Subnet, VpcView
from netvirt.wire.ethernet import ETHERTYPE_ARP, ETHERTYPE_IPV4, ETHERTYPE_IPV6, HEADER_BYTES, Ethernet
from netvirt.wire.malformed import Malformed

_GROUP_BIT = 1 << 40
"""Set in broadcast and multicast MAC addresses (IEEE 802.3 clause 3.2.3)."""


class Departure:
    """Remembered: this flow may leave, in this tunnel. `macs_in` and `macs_out` are the first 12 octets of its
    frames before and after the router's rewrite; `macs_out` is empty where no router is met."""

    __slots__ = ("key", "macs_in", "macs_out", "nouns", "track", "tunnel")

    def __init__(
        self, key: Hashable, track: Track, nouns: tuple[str, ...], tunnel: Tunnel, macs_in: bytes, macs_out: bytes
    ) -> None:
        self.key = key
        self.track = track
        self.nouns = nouns
        self.tunnel = tunnel
        self.macs_in = macs_in
        self.macs_out = macs_out


class Arrival:
    """Remembered: what comes in this tunnel may enter, at this port. The tunnel is the key: one per flow."""

    __slots__ = ("key", "nouns", "port", "track")

    def __init__(self, key: Tunnel, track: Track, nouns: tuple[str, ...], port: "Port") -> None:
        self.key = key
        self.track = track
        self.nouns = nouns
        self.port = port


class Port:
    """Where a vNIC meets the switch. Its state dies with the host's power. `meters` count for flow logs."""

    __slots__ = ("departures", "eni", "mac", "meters", "services", "tracker", "vni")

    def __init__(self, eni: Interface, vni: Vni, grounds: Grounds) -> None:
        self.eni = eni.id
        self.mac = eni.mac
        self.vni = vni
        self.tracker = Tracker()
        self.departures: Memo[Departure] = Memo(grounds)
        self.services = Allowance()
        self.meters: tuple[Meter, ...] = ()


@dataclass(frozen=True, slots=True)
class Reply:
    """The host itself answers its guest."""

    frame: Frame


@dataclass(frozen=True, slots=True)
class Fragments:
    """What became of one packet that was too large to leave whole."""

    packets: tuple[Encapsulated, ...]


class VSwitch:
    """Everything is looked up in the view revision this host holds, however old it is."""

    def __init__(self, host: HostId, place: str, ledger: Ledger) -> None:
        self.host = host
        self.place = place
        self.ledger = ledger
        self.views: dict[Vni, VpcView] = {}
        self.ports: dict[str, Port] = {}
        self._grounds = Grounds()
        self.arrivals: Memo[Arrival] = Memo(self._grounds)

    def plug(self, eni: Interface, vni: Vni) -> Port:
        """A new port, with empty state."""
        port = self.ports[eni.id] = Port(eni, vni, self._grounds)
        return port

    def hold(self, view: VpcView, changed: Iterable[str] = ()) -> None:
        """Take a revision; decisions that rested on one of the `changed` ids are forgotten."""
        self.views[view.vni] = view
        self._grounds.changed(changed)

    def flush(self) -> None:
        """Forget every remembered decision. Nothing but speed may change."""
        self.arrivals.flush()
        for port in self.ports.values():
            port.departures.flush()

    def lose_power(self) -> None:
        """Forget everything, connections too."""
        self.flush()
        self.views.clear()
        for port in self.ports.values():
            port.tracker = Tracker()
            port.services = Allowance()

    # A frame leaves a guest.

    def egress(self, port: Port, frame: Frame, now: Ns) -> Encapsulated | Fragments | Reply | None:
        if frame.odd:
            return self._egress_slow(port, frame, now)
        entry = port.departures.entries.get(frame.key)
        if entry is None:
            return self._egress_slow(port, frame, now)
        track = entry.track
        if track.expires < now or frame.data[:12] != entry.macs_in:
            return self._egress_slow(port, frame, now)
        track.expires = now + track.timeout
        for meter in port.meters:
            meter.left(frame, None, entry.tunnel, now)
        macs = entry.macs_out
        if macs:
            frame = Frame(macs + frame.data[12:], frame.key, False)
        return Encapsulated(frame, entry.tunnel)

    def _egress_slow(self, port: Port, frame: Frame, now: Ns) -> Encapsulated | Fragments | Reply | None:
        try:
            header = Ethernet.parse(frame.data)
            if header.src != port.mac:
                return self._drop(frame, Outcome.SPOOFED)
            view = self.views.get(port.vni)
            if view is None or port.eni not in view.interfaces:
                # A new interface, of which this host has yet to hear.
                return self._drop(frame, Outcome.STALE_MAPPING)
            eni = view.interfaces[port.eni]
            subnet = view.subnets[eni.subnet]
            if header.ethertype == ETHERTYPE_ARP:
                return self._reply(frame, linklocal.arp_reply(frame.data, view, eni, subnet))
            if header.ethertype not in (ETHERTYPE_IPV4, ETHERTYPE_IPV6):
                return self._drop(frame, Outcome.UNKNOWN)
            flow = flow_of(frame.data)
            if discovery.is_local(flow):
                return self._reply(frame, discovery.reply(frame.data, view, eni, subnet))
            if dhcpv6_server.is_for_server(flow):
                return self._reply(frame, dhcpv6_server.reply(frame.data, eni, subnet))
            if linklocal.is_dhcp(flow, subnet):
                return self._reply(frame, linklocal.dhcp_reply(frame.data, view, eni, subnet))
        except Malformed:
            return self._drop(frame, Outcome.MALFORMED)
        if header.dst & _GROUP_BIT or datapath.is_group_address(flow.dst, subnet):
            return self._drop(frame, Outcome.BROADCAST)
        neighbour = _neighbour(view, subnet, header)
        backplane = header.dst == BACKPLANE_MAC and view.transit_of(eni.id) is not None
        if neighbour is None and header.dst != subnet.router_mac and not backplane:
            return self._drop(frame, Outcome.UNKNOWN_MAC)
        quoted, (size, dont_fragment) = quoted_flow(frame.data, flow), router.measure(frame.data)
        question = Question(
            view, eni, flow, port.tracker, now, neighbour, quoted, None, size, dont_fragment, backplane=backplane
        )
        return self._depart(port, frame, question)

    def _depart(self, port: Port, frame: Frame, question: Question) -> Encapsulated | Fragments | Reply | None:
        decision = datapath.egress(question)
        if decision.outcome is Outcome.OVERSIZE and decision.limit is not None:
            return self._too_large(frame, question, decision, decision.limit)
        if decision.outcome is not None:
            _note_refusal(port, frame, question, decision.outcome, egress=True)
            return self._drop(frame, decision.outcome, decision.hops[-1].sentence)
        if decision.service is not None:
            return self._serve(port, frame, question, decision.service)
        if decision.public is not None:
            return self._leave_region(port, frame, question, decision, decision.public)
        if decision.crossing is not None:
            return self._cross(port, frame, question, decision, decision.crossing)
        assert decision.target is not None and decision.target_view is not None, "what passes has a target"
        eni, target, view = question.eni, decision.target, decision.target_view
        track = _commit(question, decision)
        tunnel = _tunnel(port, frame, Tunnel(self.host, target.host, view.vni, eni.number, question.flow.key))
        for meter in port.meters:
            meter.left(frame, question.flow, tunnel, question.now)
        macs_in = frame.data[:12]
        source = eni.mac if target.subnet == eni.subnet else view.subnets[target.subnet].router_mac
        macs_out = target.mac.to_bytes(6) + source.to_bytes(6)
        if track is not None and not frame.odd:
            rewrite = b"" if macs_out == macs_in else macs_out
            nouns = _rests_on(question.view, eni, target)
            port.departures.keep(Departure(frame.key, track, nouns, tunnel, macs_in, rewrite))
        return Encapsulated(Frame(macs_out + frame.data[12:], frame.key, frame.odd), tunnel)

    def _cross(
        self, port: Port, frame: Frame, question: Question, decision: Decision, crossing: Crossing
    ) -> Encapsulated:
        """Over a transit gateway's backplane into another VPC."""
        eni, target, vni = question.eni, crossing.interface, crossing.attachment.vni
        track = _commit(question, decision)
        tunnel = _tunnel(port, frame, Tunnel(self.host, target.host, vni, eni.number, question.flow.key))
        macs_in, macs_out = frame.data[:12], target.mac.to_bytes(6) + BACKPLANE_MAC.to_bytes(6)
        if track is not None and not frame.odd:
            nouns = _rests_on(question.view, eni, target)
            port.departures.keep(Departure(frame.key, track, nouns, tunnel, macs_in, macs_out))
        return Encapsulated(Frame(macs_out + frame.data[12:], frame.key, frame.odd), tunnel)

    def _leave_region(
        self, port: Port, frame: Frame, question: Question, decision: Decision, public: Ip
    ) -> Encapsulated | Fragments | None:
        """To the border, already translated: the Internet sees the public address only.

        What is for the egress-only gateway, which only its own VPC has, keeps the VPC's number.
        """
        _commit(question, decision)
        translated = frame.data if public == question.flow.src else rewrite.with_source(frame.data, public)
        vni = question.view.vni if decision.egress_only else INTERNET_VNI
        tunnel = Tunnel(self.host, BORDER, vni, question.eni.number, question.flow.key)
        for meter in port.meters:
            meter.left(frame, question.flow, tunnel, question.now)
        if decision.limit is None or question.size <= decision.limit.mtu:
            return Encapsulated(parse(translated), tunnel)
        try:
            pieces = fragments(translated[HEADER_BYTES:], decision.limit.mtu)
        except Malformed:
            return self._drop(frame, Outcome.MALFORMED)
        self.ledger.split += len(pieces) - 1
        return Fragments(tuple(Encapsulated(parse(translated[:HEADER_BYTES] + piece), tunnel) for piece in pieces))

    def _too_large(self, frame: Frame, question: Question, decision: Decision, limit: Limit) -> Reply | None:
        """The groups have let it pass, so its flow is tracked: that is why its sender may hear what became of it."""
        _commit(question, decision)
        self._drop(frame, Outcome.OVERSIZE, decision.hops[-1].sentence)
        eni, flow = question.eni, question.flow
        # What was sent under another's address would have to be told to that other one: that is not modelled.
        if not limit.tells or not eni.owns(flow.src):
            return None
        source = question.subnet.routers[is_ipv6(flow.src)]
        answer = router.packet_too_big(frame.data, flow, source, limit.mtu)
        if answer is None:
            return None
        self.ledger.replied += 1
        told = parse(answer)
        about = Question(question.view, eni, flow_of(answer), question.tracker, question.now, quoted=flow)
        heard = datapath.hear(about)
        if heard.outcome is None:
            return Reply(told)
        return self._drop(told, heard.outcome, heard.hops[-1].sentence)

    def _serve(self, port: Port, frame: Frame, question: Question, service: Service) -> Reply | None:
        if not port.services.take(question.now):
            return self._drop(frame, Outcome.LINK_LOCAL_LIMIT)
        return self._reply(frame, services.reply(frame.data, service, question.view, question.now))

    def _reply(self, frame: Frame, answer: bytes | Outcome) -> Reply | None:
        if answer is Outcome.CONSUMED:
            self.ledger.consumed += 1
            return None
        if isinstance(answer, Outcome):
            return self._drop(frame, answer)
        self.ledger.consumed += 1
        self.ledger.replied += 1
        return Reply(parse(answer))

    # A packet comes from the underlay, or from another port of this host.

    def ingress(self, packet: Encapsulated, now: Ns) -> Port | None:
        """The port that `packet.inner` goes to, or None: it was dropped and counted."""
        entry = self.arrivals.entries.get(packet.tunnel)
        if entry is None or packet.inner.odd:
            return self._ingress_slow(packet, now)
        track = entry.track
        if track.expires < now:
            return self._ingress_slow(packet, now)
        track.expires = now + track.timeout
        for meter in entry.port.meters:
            meter.entered(packet.inner, None, now)
        return entry.port

    def _ingress_slow(self, packet: Encapsulated, now: Ns) -> Port | None:
        frame, tunnel = packet.inner, packet.tunnel
        view = self.views.get(tunnel.vni)
        if view is None:
            return self._drop(frame, Outcome.STALE_MAPPING)
        try:
            header = Ethernet.parse(frame.data)
            flow = flow_of(frame.data)
        except Malformed:
            return self._drop(frame, Outcome.MALFORMED)
        sender = view.numbered(tunnel.sender)
        if not _verified(view, tunnel, sender, flow):
            return self._drop(frame, Outcome.UNVERIFIED_SENDER)
        eni = view.by_mac.get(header.dst, "")
        port = self.ports.get(eni)
        if port is None or port.vni != tunnel.vni:
            return self._drop(frame, Outcome.STALE_MAPPING)
        interface = view.interfaces[eni]
        quoted = quoted_flow(frame.data, flow)
        backplane = header.src == BACKPLANE_MAC
        question = Question(view, interface, flow, port.tracker, now, quoted=quoted, sender=sender, backplane=backplane)
        return self._arrive(port, packet, question, sender)

    def _arrive(self, port: Port, packet: Encapsulated, question: Question, sender: Interface | None) -> Port | None:
        decision = datapath.ingress(question)
        if decision.outcome is not None:
            _note_refusal(port, packet.inner, question, decision.outcome, egress=False)
            return self._drop(packet.inner, decision.outcome, decision.hops[-1].sentence)
        for meter in port.meters:
            meter.entered(packet.inner, question.flow, question.now)
        track = _commit(question, decision)
        # The border makes a tunnel for each packet: what came in it will not come again.
        if track is not None and sender is not None and not packet.inner.odd:
            nouns = _rests_on(question.view, question.eni, sender)
            self.arrivals.keep(Arrival(packet.tunnel, track, nouns, port))
        return port

    def _drop(self, frame: Frame, reason: Outcome, rule: str = "") -> None:
        self.ledger.drop(frame, self.place, reason, rule)


def _note_refusal(port: Port, frame: Frame, question: Question, reason: Outcome, egress: bool) -> None:
    if reason in REFUSALS:
        for meter in port.meters:
            meter.refused(frame, question.flow, egress, question.now)


def _tunnel(port: Port, frame: Frame, wanted: Tunnel) -> Tunnel:
    """The tunnel that the flow had already, if it still goes where it went: the receiver knows it by identity."""
    known = port.departures.entries.get(frame.key)
    return known.tunnel if known is not None and known.tunnel.equals(wanted) else wanted


def _neighbour(view: VpcView, subnet: Subnet, header: Ethernet) -> Interface | None:
    """The interface of the same subnet that the frame is addressed to, if it is not for the router."""
    interface = view.interfaces.get(view.by_mac.get(header.dst, ""))
    return interface if interface is not None and interface.subnet == subnet.id else None


def _verified(view: VpcView, tunnel: Tunnel, sender: Interface | None, flow: Flow) -> bool:
    """Does the packet come from where its sender lives: an interface on its host, or the Internet at the border?"""
    if tunnel.source == BORDER:
        return bool(view.internet_gateway or view.egress_only_internet_gateway) and sender is None
    if sender is None or sender.host != tunnel.source:
        return False
    return sender.owns(flow.src) or not sender.source_dest_check


def _commit(question: Question, decision: Decision) -> Track | None:
    """Make the decision's tracking true; what it rests on. None: on another flow's track, so it is not remembered."""
    if decision.tracking is Tracking.RELATED:
        return None
    if decision.tracking is Tracking.NONE:
        return question.tracker.without_track(question.flow)
    if decision.tracking is Tracking.OPEN:
        return question.tracker.open(question.flow, question.now)
    assert decision.track is not None, "an existing track was found"
    question.tracker.see(decision.track, question.flow, question.now)
    return decision.track


def _rests_on(view: VpcView, eni: Interface, other: Interface) -> tuple[str, ...]:
    """The resources whose change could change a decision about traffic between these two, at `eni`."""
    subnet = view.subnets[eni.subnet]
    ways = [pcx for pcx, peer in view.peers.items() if other.id in peer.interfaces]
    return (eni.id, other.id, subnet.id, subnet.table, subnet.acl, *eni.groups, *ways, *view.transit_gateways)
