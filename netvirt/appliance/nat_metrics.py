"""What a NAT gateway counts, by the names CloudWatch has for it.

VPC User Guide, "NAT gateway metrics". Bytes are those of IPv4 packets.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from netvirt.appliance.translations import Session
from netvirt.frame import Flow
from netvirt.vpc.traffic import TCP
from netvirt.wire.tcp import ACK, SYN


@dataclass(slots=True)
class Metrics:
    """Sums since the gateway was made. The source is the VPC, the destination whom it speaks to."""

    bytes_in_from_source: int = 0
    bytes_out_to_destination: int = 0
    bytes_in_from_destination: int = 0
    bytes_out_to_source: int = 0
    packets_in_from_source: int = 0
    packets_out_to_destination: int = 0
    packets_in_from_destination: int = 0
    packets_out_to_source: int = 0
    connection_attempt_count: int = 0
    """First SYNs."""
    connection_established_count: int = 0
    """Connections whose SYN was answered with SYN and ACK."""
    idle_timeout_count: int = 0
    """TCP connections that were forgotten before they were closed."""
    packets_drop_count: int = 0
    error_port_allocation: int = 0
    """Connections that found no port."""

    def passed(self, outward: bool, size: int) -> None:
        if outward:
            self.packets_in_from_source += 1
            self.packets_out_to_destination += 1
            self.bytes_in_from_source += size
            self.bytes_out_to_destination += size
        else:
            self.packets_in_from_destination += 1
            self.packets_out_to_source += 1
            self.bytes_in_from_destination += size
            self.bytes_out_to_source += size

    def saw(self, session: Session, flow: Flow, outward: bool, fresh: bool) -> None:
        """A TCP segment passes; its connection has not seen it yet."""
        handshake = flow.tcp_flags & (SYN | ACK)
        if outward and handshake == SYN and (fresh or session.closing):
            self.connection_attempt_count += 1
        if not outward and handshake == SYN | ACK and not session.established:
            session.established = True
            self.connection_established_count += 1

    def ended(self, sessions: Iterable[Session]) -> None:
        self.idle_timeout_count += sum(each.inside.protocol == TCP and not each.closing for each in sessions)
