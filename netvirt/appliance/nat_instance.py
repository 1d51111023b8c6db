"""A NAT instance: an instance of the user's that does what a NAT gateway does, with other manners.

VPC User Guide, "Compare NAT gateways and NAT instances". What AWS leaves to the instance's system is as Linux has it.
"""

from netvirt.address import Ns
from netvirt.appliance.nat import Manner, Nat, Ways
from netvirt.appliance.nat_metrics import Metrics
from netvirt.appliance.translations import Session
from netvirt.frame import Flow
from netvirt.journey import Outcome
from netvirt.vpc.traffic import TCP
from netvirt.wire.ethernet import HEADER_BYTES
from netvirt.wire.ipv4 import PROTOCOL_TCP, Ipv4
from netvirt.wire.tcp import ACK, FIN, SYN, Tcp

INSTANCE = Manner(picks_up=True, forwards_fragments=False, limited=False)


class NatInstance(Nat):
    """Tells who is behind it when it forgets a connection, with a FIN, where a gateway waits until somebody goes on."""

    def __init__(self, ways: Ways) -> None:
        super().__init__(ways, Metrics(), manner=INSTANCE)

    @property
    def deadline(self) -> Ns | None:
        return self.table.first_end

    def poll(self, now: Ns) -> list[bytes]:
        return [
            self._frame(bytes(HEADER_BYTES) + _farewell(session, session.last))
            for session in self.table.expire(now)
            if session.last is not None and not session.closing
        ]

    def expire(self, now: Ns) -> None:
        """Not in passing: `poll` has something to say of it."""

    def _refuse(self, outcome: Outcome, packet: Ipv4, flow: Flow) -> list[bytes] | Outcome:
        return outcome

    def _passed(self, session: Session, packet: Ipv4, outward: bool) -> None:
        if outward and packet.protocol == TCP:
            session.last = Tcp.parse(packet.payload)


def _farewell(session: Session, last: Tcp) -> bytes:
    """The segment with which the other end would close, had it nothing more to say."""
    length = len(last.payload) + bool(last.flags & SYN) + bool(last.flags & FIN)
    inside = session.inside
    after = last.sequence + length & 0xFFFFFFFF
    fin = Tcp(inside.dst_port, inside.src_port, last.acknowledgment, after, FIN | ACK, 0)
    return Ipv4(inside.dst, inside.src, PROTOCOL_TCP, fin.emit(inside.dst, inside.src)).emit()
