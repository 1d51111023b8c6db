"""What a trace asks about, in words: `tcp 22`, `udp 53`, `icmp`, `proto 47`."""

import re
from dataclasses import dataclass

from dcsim.problem import Mistake
from dcsim.topology.words import quoted
from netvirt.vpc.traffic import ICMP, ICMPV6, TCP, UDP

PORTS = re.compile(r"(?:(?P<name>tcp|udp)[ /])?(?P<port>[0-9]{1,5})(?P<last>[-:,][0-9,:-]*)?(?:/(?P<after>tcp|udp))?")
"""How people and other tools write ports."""


@dataclass(frozen=True, slots=True)
class TrafficSpec:
    """What `trace` asks about: `tcp 443`, `udp 53`, `icmp`, or a bare protocol."""

    protocol: int
    port: int | None = None
    source_port: int | None = None
    size: int = 0
    """Of the IP packet in bytes; then nobody may cut it. 0: as small as it goes."""
    ipv6: bool = False
    """To the IPv6 address of whoever is named."""


def parse_traffic(text: str) -> TrafficSpec:
    """`tcp 22`, `udp 53`, `icmp`, `proto 47`, and over IPv6 `tcp6 22`, `udp6 53`, `icmpv6`; Mistake for all else."""
    match text.lower().split():
        case ["tcp" | "udp" as name, port] if _is_number(port, 65535):
            return TrafficSpec(TCP if name == "tcp" else UDP, int(port))
        case ["icmp"]:
            return TrafficSpec(ICMP)
        case ["tcp6" | "udp6" as name, port] if _is_number(port, 65535):
            return TrafficSpec(TCP if name == "tcp6" else UDP, int(port), ipv6=True)
        case ["icmpv6"]:
            return TrafficSpec(ICMPV6, ipv6=True)
        case ["proto", number] if _is_number(number, 255) and int(number) not in (ICMP, TCP, UDP, ICMPV6):
            return TrafficSpec(int(number))
        case ["tcp" | "udp" | "tcp6" | "udp6" as name]:
            raise Mistake(f"{name} lacks a port", f"write {name} {443 if name.startswith('tcp') else 53}")
        case words:
            raise Mistake(*_no_traffic(text, words))


def _is_number(text: str, most: int) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 5 and int(text) <= most


def _no_traffic(text: str, words: list[str]) -> tuple[str, str]:
    """What is wrong with it, and what was probably meant."""
    found = PORTS.fullmatch(" ".join(words))
    if found is None or int(found["port"]) > 65535:
        return f"{quoted(text)} is no traffic", "write tcp 443, udp 53, icmp or proto 47"
    meant = f"{found['name'] or found['after'] or 'tcp'} {found['port']}"
    if found["last"]:
        return f"{quoted(text)} is several ports", f"a packet has one; write {meant}"
    return f"{quoted(text)} is no traffic", f"write {meant}"
