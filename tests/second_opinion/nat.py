"""NAT gateways in the second opinion (facts, section 5): a plain list of conversations, searched from the front.

AWS does not say which port a conversation gets. The evaluator is told what was seen, and judges whether it may be so.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address

from .model import Instance
from .packet import ECHO, ICMP, TCP, UDP, Ending, Fragment, Packet, Place, Quote, Sent, Verdict

IDLE_S = 350
CLOSING_S = 60
PORTS = range(1024, 65536)


@dataclass
class Conversation:
    """`mine` is the port or identifier of who is inside, `theirs` the gateway's own for it."""

    protocol: int
    inside: IPv4Address
    mine: int
    outside: IPv4Address
    outside_port: int
    theirs: int
    last_s: float
    finished: set[str] = field(default_factory=set)

    def is_alive(self, now_s: float) -> bool:
        return now_s - self.last_s < (CLOSING_S if len(self.finished) == 2 else IDLE_S)

    def hear(self, packet: Packet, outward: bool, now_s: float) -> None:
        self.last_s = now_s
        if packet.protocol != TCP:
            return
        if "R" in packet.flags:
            self.finished = {"inside", "outside"}
        elif "F" in packet.flags:
            self.finished.add("inside" if outward else "outside")
        elif packet.opens and outward and len(self.finished) == 2:
            self.finished = set()


@dataclass
class NatGateway(Instance):
    conversations: list[Conversation] = field(default_factory=list)

    def pass_on(self, sent: Sent, seen: Mapping[str, list[int]], is_asked: bool) -> Iterator[Verdict | Sent]:
        """The packet as it goes on, or why it ends here. `is_asked`: nothing is sent, so nobody is told anything."""
        packet, inward = sent.packet, sent.dst in self.addresses
        if packet.protocol not in (TCP, UDP, ICMP):
            yield Verdict(Ending.GATEWAY, Place.GATEWAY)
        elif packet.fragment is Fragment.LATER or (packet.fragment is Fragment.FIRST and packet.protocol != UDP):
            # A later one would follow its first, but no two datagrams here have the same identification.
            yield Verdict(Ending.NAT, Place.NAT)
        elif packet.is_error:
            yield self._error(sent, inward)
        elif inward:
            yield self._inward(sent)
        else:
            passed = self._outward(sent, seen)
            refused = is_asked and isinstance(passed, Sent) and passed.made_here
            yield Verdict(Ending.NAT, Place.NAT) if refused else passed

    def _inward(self, sent: Sent) -> Verdict | Sent:
        packet = sent.packet
        number = packet.icmp_id if packet.protocol == ICMP else packet.dst_port
        if packet.protocol == ICMP and packet.icmp_type != 0:
            return Verdict(Ending.NAT, Place.NAT)
        for each in self._alive(sent):
            ends = each.protocol, each.outside, each.outside_port, each.theirs
            if ends == (packet.protocol, sent.src, packet.src_port, number):
                each.hear(packet, False, sent.now_s)
                return replace(sent, dst=each.inside, packet=_to(packet, each.mine))
        return Verdict(Ending.NAT, Place.NAT)

    def _outward(self, sent: Sent, seen: Mapping[str, list[int]]) -> Verdict | Sent:
        packet = sent.packet
        number = packet.icmp_id if packet.protocol == ICMP else packet.src_port
        if packet.protocol == ICMP and packet.icmp_type != ECHO:
            return Verdict(Ending.NAT, Place.NAT) if packet.icmp_type == 0 else Verdict(Ending.UNKNOWN, Place.RECEIVER)
        there = packet.protocol, sent.dst, packet.dst_port
        for each in self._alive(sent):
            if (each.protocol, each.outside, each.outside_port, each.inside, each.mine) == (*there, sent.src, number):
                each.hear(packet, True, sent.now_s)
                if _next(seen, self.name) not in (each.theirs, None):
                    return Verdict(Ending.OTHER, Place.NAT)
                return replace(sent, src=self.address, packet=_from(packet, each.theirs))
        if packet.protocol == TCP and (not packet.opens or packet.closes):
            return self._reset(sent)
        theirs = _next(seen, self.name) or 0
        if theirs not in PORTS or any(
            (each.protocol, each.outside, each.outside_port, each.theirs) == (*there, theirs)
            for each in self._alive(sent)
        ):
            return Verdict(Ending.OTHER, Place.NAT)
        self.conversations.append(
            Conversation(packet.protocol, sent.src, number, sent.dst, packet.dst_port, theirs, sent.now_s)
        )
        return replace(sent, src=self.address, packet=_from(packet, theirs))

    def _reset(self, sent: Sent) -> Verdict | Sent:
        """Who goes on with what is forgotten is told so, as if by the other end; a RST is answered by nobody."""
        if "R" in sent.packet.flags:
            return Verdict(Ending.NAT, Place.NAT)
        flags = "R" if "A" in sent.packet.flags else "RA"
        reset = Packet(TCP, sent.packet.dst_port, sent.packet.src_port, flags=flags)
        return replace(sent, src=sent.dst, dst=sent.src, packet=reset, made_here=True)

    def _error(self, sent: Sent, inward: bool) -> Verdict | Sent:
        quote = sent.packet.quote
        for each in self._alive(sent) if quote is not None else ():
            assert quote is not None
            number = quote.packet.icmp_id if quote.packet.protocol == ICMP else None
            if inward and (quote.src, quote.dst) == (sent.dst, each.outside) and self._went_out(each, quote, number):
                told = Quote(each.inside, quote.dst, _from(quote.packet, each.mine))
                return replace(sent, dst=each.inside, packet=replace(sent.packet, quote=told))
            ours = (quote.src, quote.dst) == (each.outside, sent.src) and each.inside == sent.src
            if not inward and ours and self._came_in(each, quote, number):
                told = Quote(quote.src, self.address, _to(quote.packet, each.theirs))
                return replace(sent, src=self.address, packet=replace(sent.packet, quote=told))
        return Verdict(Ending.NAT, Place.NAT)

    def _went_out(self, each: Conversation, quote: Quote, number: int | None) -> bool:
        """The quote is of a packet as the gateway sent it."""
        packet = quote.packet
        if packet.protocol != each.protocol or packet.fragment is Fragment.LATER:
            return False
        if number is not None:
            return packet.icmp_type == ECHO and number == each.theirs
        return (packet.src_port, packet.dst_port) == (each.theirs, each.outside_port)

    def _came_in(self, each: Conversation, quote: Quote, number: int | None) -> bool:
        """The quote is of an answer as the gateway passed it on."""
        packet = quote.packet
        if packet.protocol != each.protocol or packet.fragment is Fragment.LATER:
            return False
        if number is not None:
            return packet.icmp_type == 0 and number == each.mine
        return (packet.src_port, packet.dst_port) == (each.outside_port, each.mine)

    def _alive(self, sent: Sent) -> list[Conversation]:
        return [each for each in self.conversations if each.is_alive(sent.now_s)]


def _next(seen: Mapping[str, list[int]], name: str) -> int | None:
    return seen[name].pop(0) if seen.get(name) else None


def _from(packet: Packet, number: int) -> Packet:
    return replace(packet, icmp_id=number) if packet.protocol == ICMP else replace(packet, src_port=number)


def _to(packet: Packet, number: int) -> Packet:
    return replace(packet, icmp_id=number) if packet.protocol == ICMP else replace(packet, dst_port=number)
