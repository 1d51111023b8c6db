"""Connection tracking of one interface (facts on security groups): a plain list, searched from the front."""

from dataclasses import dataclass
from ipaddress import IPv4Address

from .packet import ANSWERS, ICMP, TCP, UDP, Fragment, Packet

TCP_ESTABLISHED_S = 432_000
TCP_HALF_OPEN_S = 120
TCP_CLOSING_S = 60
UDP_S = 30
UDP_STREAM_S = 180
ICMP_S = 30
OTHER_S = 600


@dataclass(frozen=True)
class End:
    """One side of a conversation. `number` is a port or an ICMP identifier, 0 where there is none."""

    address: IPv4Address
    number: int


@dataclass(frozen=True)
class Ends:
    """Who speaks to whom in one packet; of ICMP, `kind` says about what."""

    protocol: int
    kind: str
    speaker: End
    listener: End
    is_answer: bool | None
    """Whether the packet itself says that it is a question or an answer; None when it does not."""


@dataclass
class Conversation:
    protocol: int
    kind: str
    asker: End
    answerer: End
    last_s: float
    answered: bool = False
    asked_again: bool = False
    closing: bool = False

    @property
    def timeout_s(self) -> int:
        if self.protocol == TCP:
            if self.closing:
                return TCP_CLOSING_S
            return TCP_ESTABLISHED_S if self.answered else TCP_HALF_OPEN_S
        if self.protocol == UDP:
            return UDP_STREAM_S if self.asked_again else UDP_S
        return ICMP_S if self.protocol == ICMP else OTHER_S

    def is_alive(self, now_s: float) -> bool:
        return now_s - self.last_s <= self.timeout_s

    def is_about(self, ends: Ends) -> bool:
        if (self.protocol, self.kind) != (ends.protocol, ends.kind):
            return False
        asks = (self.asker, self.answerer) == (ends.speaker, ends.listener)
        answers = (self.answerer, self.asker) == (ends.speaker, ends.listener)
        if ends.is_answer is None:
            return asks or answers
        return answers if ends.is_answer else asks

    def hear(self, ends: Ends, packet: Packet, now_s: float) -> None:
        self.last_s = now_s
        if ends.speaker == self.answerer and ends.is_answer is not False:
            self.answered = True
        elif self.answered:
            self.asked_again = True
        if packet.closes:
            self.closing = True


def ends_of(src: IPv4Address, dst: IPv4Address, packet: Packet) -> Ends | None:
    """None for ICMP errors: they belong to what they quote."""
    if packet.is_error:
        return None
    if packet.has_ports:
        return Ends(packet.protocol, "", End(src, packet.src_port), End(dst, packet.dst_port), None)
    if not packet.has_type:
        # Later fragments belong to nothing but their like: their ports are in another packet.
        kind = "fragment" if packet.fragment is Fragment.LATER else ""
        return Ends(packet.protocol, kind, End(src, 0), End(dst, 0), None)
    for question, answer in ANSWERS.items():
        if packet.icmp_type in (question, answer):
            sides = End(src, packet.icmp_id), End(dst, packet.icmp_id)
            return Ends(ICMP, f"question {question}", *sides, is_answer=packet.icmp_type == answer)
    return Ends(ICMP, f"message {packet.icmp_type}", End(src, 0), End(dst, 0), None)


class Tracker:
    def __init__(self) -> None:
        self._conversations: list[Conversation] = []

    def find(self, src: IPv4Address, dst: IPv4Address, packet: Packet, now_s: float) -> Conversation | None:
        """The conversation that this packet belongs to, if it lives."""
        ends = ends_of(src, dst, packet)
        if ends is None:
            return None
        for conversation in self._conversations:
            if conversation.is_about(ends) and conversation.is_alive(now_s):
                # A new connection on the ports of one that closes is not that one's.
                return None if packet.opens and conversation.closing else conversation
        return None

    def knows(self, src: IPv4Address, dst: IPv4Address, packet: Packet, now_s: float) -> bool:
        """Whether the packet passes as part of what is tracked: itself, or what it quotes."""
        if packet.is_error and packet.quote is not None:
            quote = packet.quote
            return quote.src == dst and self.find(quote.src, quote.dst, quote.packet, now_s) is not None
        return self.find(src, dst, packet, now_s) is not None

    def record(self, src: IPv4Address, dst: IPv4Address, packet: Packet, now_s: float, tracked: bool) -> None:
        """The packet has passed. It starts a conversation if the rule that let it pass is `tracked`."""
        ends = ends_of(src, dst, packet)
        if ends is None:
            return
        conversation = self.find(src, dst, packet, now_s)
        if conversation is not None:
            conversation.hear(ends, packet, now_s)
        elif tracked and not ends.is_answer:
            self._forget(ends)
            self._conversations.append(_begin(ends, packet, now_s))

    def _forget(self, ends: Ends) -> None:
        self._conversations = [each for each in self._conversations if not each.is_about(ends)]


def _begin(ends: Ends, packet: Packet, now_s: float) -> Conversation:
    return Conversation(ends.protocol, ends.kind, ends.speaker, ends.listener, now_s, closing=packet.closes)
