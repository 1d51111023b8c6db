"""Connection tracking of security groups: one table per interface, both directions of a flow in it.

EC2 User Guide, "Amazon EC2 security group connection tracking", and the API's ConnectionTrackingSpecification.
"""

from collections.abc import Hashable
from typing import Protocol

from netvirt.address import Ns
from netvirt.constant import Constant, Evidence
from netvirt.frame import Flow
from netvirt.vpc.traffic import ICMP, ICMPV6, TCP, UDP
from netvirt.wire.tcp import FIN, RST

SECOND = 1_000_000_000
_GUIDE = "EC2 User Guide, Amazon EC2 security group connection tracking"


def _seconds(name: str, value: int, low: int, high: int, source: str, evidence: Evidence) -> Constant:
    return Constant(name, value * SECOND, low * SECOND, high * SECOND, source, "2026-11-20", evidence)


TCP_ESTABLISHED_NS = _seconds("TCP_ESTABLISHED_NS", 432_000, 60, 432_000, _GUIDE, Evidence.DOCUMENTED)
TCP_OPENING_NS = _seconds("TCP_OPENING_NS", 120, 30, 300, "no AWS document; Linux nf_conntrack", Evidence.INFERRED)
TCP_CLOSING_NS = _seconds("TCP_CLOSING_NS", 60, 10, 120, "no AWS document; Linux nf_conntrack", Evidence.INFERRED)
UDP_NS = _seconds("UDP_NS", 30, 30, 60, _GUIDE, Evidence.DOCUMENTED)
UDP_STREAM_NS = _seconds("UDP_STREAM_NS", 180, 60, 180, _GUIDE, Evidence.DOCUMENTED)
ICMP_NS = _seconds("ICMP_NS", 30, 10, 600, "no AWS document; Linux nf_conntrack", Evidence.INFERRED)
OTHER_NS = _seconds("OTHER_NS", 600, 600, 600, _GUIDE, Evidence.DOCUMENTED)
TABLE_LIMIT = Constant(
    "TABLE_LIMIT",
    136_812,
    1_000,
    10_000_000,
    "EC2 User Guide, Monitor network performance: conntrack_allowance_available (example)",
    "2026-11-20",
    Evidence.DOCUMENTED,
)


# How far a flow has come. A flow that only one side has spoken in, one that was answered, one that went on after
# the answer, and a TCP connection that one side has begun to close.
OPENED, ANSWERED, STREAM, CLOSING = range(4)


class Forgetful(Protocol):
    def forget(self, key: Hashable) -> None:
        """Forget an entry, and release the track that it rested on."""


class Track:
    """A tracked flow. `timeout` is what each packet grants it."""

    __slots__ = ("_memos", "expires", "key", "protocol", "reply_key", "state", "timeout")

    def __init__(self, flow: Flow) -> None:
        self.protocol = flow.protocol
        self.key = flow.key
        self.reply_key = flow.reply().key
        # What begins with its end (a stray reset) is not waited for as a connection would be.
        self.state = CLOSING if flow.protocol == TCP and flow.tcp_flags & (FIN | RST) else OPENED
        self.timeout = timeout_of(flow.protocol, self.state)
        self.expires = 0
        self._memos: dict[tuple[Forgetful, Hashable], None] = {}

    def see(self, flow: Flow, now: Ns) -> None:
        """A packet of this flow passes: grant it more time, and take the step its meaning asks for."""
        state = self._next(flow.key != self.key, flow.tcp_flags)
        if state != self.state:
            self.state = state
            self.timeout = timeout_of(self.protocol, state)
            self.forget_memos()
        self.expires = now + self.timeout

    def _next(self, is_reply: bool, tcp_flags: int) -> int:
        if self.state == CLOSING or (self.protocol == TCP and tcp_flags & (FIN | RST)):
            return CLOSING
        if self.state == OPENED and is_reply:
            return ANSWERED
        if self.state == ANSWERED and not is_reply:
            return STREAM
        return self.state

    def supports(self, memo: Forgetful, key: Hashable) -> None:
        """A remembered decision rests on this track being in this state."""
        self._memos[memo, key] = None

    def releases(self, memo: Forgetful, key: Hashable) -> None:
        """That decision is not remembered any more."""
        self._memos.pop((memo, key), None)

    def forget_memos(self) -> None:
        for memo, key in list(self._memos):
            memo.forget(key)


def timeout_of(protocol: int, state: int) -> int:
    """Nanoseconds a flow of this protocol may be silent in this state."""
    if protocol == TCP:
        if state == CLOSING:
            return TCP_CLOSING_NS.value
        return TCP_OPENING_NS.value if state == OPENED else TCP_ESTABLISHED_NS.value
    if protocol == UDP:
        return UDP_STREAM_NS.value if state == STREAM else UDP_NS.value
    return ICMP_NS.value if protocol in (ICMP, ICMPV6) else OTHER_NS.value
