"""Which packets a rule speaks about: protocol, ports, ICMP type and code. Security groups and ACLs share it."""

from typing import NamedTuple

from netvirt.frame import Flow

ALL_PROTOCOLS = -1
ANY = -1
ALL_PORTS = (0, 65535)
NO_PORT = -1
"""Of a packet without ports. What a rule says about it, it says about every port."""

ICMP, TCP, UDP, ICMPV6 = 1, 6, 17, 58


class Traffic(NamedTuple):
    """`protocol` is an IANA number or -1 for all; ports are inclusive and mean TCP and UDP destination ports."""

    protocol: int
    first_port: int = 0
    last_port: int = 65535
    icmp_type: int = ANY
    icmp_code: int = ANY

    @property
    def every_port(self) -> bool:
        return (self.first_port, self.last_port) == ALL_PORTS

    def matches(self, flow: Flow) -> bool:
        if self.protocol == ALL_PROTOCOLS:
            return True
        if self.protocol != flow.protocol:
            return False
        if flow.protocol in (TCP, UDP):
            # A non-initial fragment carries no ports, so only a rule for every port can know that it matches.
            # AWS documents nothing here; docs/limits.md says what we chose.
            return self.every_port or self.first_port <= flow.dst_port <= self.last_port
        if flow.protocol in (ICMP, ICMPV6):
            return self._matches_icmp(flow)
        return True

    def _matches_icmp(self, flow: Flow) -> bool:
        if self.icmp_type not in (ANY, flow.icmp_type):
            return False
        return self.icmp_code in (ANY, flow.icmp_code)
