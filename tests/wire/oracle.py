"""What the property tests know of a protocol: our side, scapy's side, and how to make a value from random octets."""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from scapy.packet import Packet


@dataclass(frozen=True)
class Protocol:
    """One protocol, said twice."""

    name: str
    value: Callable[[bytes], Any]
    """Forty octets or more to a value of ours: the cheapest strategy there is."""
    parse: Callable[[bytes], Any]
    emit: Callable[[Any], bytes]
    build: Callable[[Any], Packet]
    """The value in scapy's words, computed fields left to scapy."""
    dissect: Callable[[bytes], Packet]
    read: Callable[[Packet], Any]
    """What scapy dissected, as a value of ours."""
    computed: tuple[str, ...] = ()
    """The fields that scapy computes when nobody gives them."""
    padded: int = 0
    """The least size on the wire; scapy does not pad."""

    def build_bytes(self, value: Any) -> bytes:
        return bytes(self.build(value)).ljust(self.padded, b"\0")

    def recomputed(self, packet: Packet) -> bytes:
        """What scapy writes when it must compute again what it can."""
        for field in self.computed:
            packet.delfieldval(field)
        packet.raw_packet_cache = None
        return bytes(packet).ljust(self.padded, b"\0")


def take(layout: str, seed: bytes) -> tuple[Any, ...]:
    """The fields of a struct layout, then the octets left over."""
    return *struct.unpack_from("!" + layout, seed), seed[struct.calcsize("!" + layout) :]


def mac_text(mac: int) -> str:
    return mac.to_bytes(6).hex(":")


def mac_number(text: str) -> int:
    return int(text.replace(":", ""), 16)


def ip_text(ip: int) -> str:
    return ".".join(str(octet) for octet in ip.to_bytes(4))


def ip_number(text: str) -> int:
    return int.from_bytes(bytes(map(int, text.split("."))))


def chosen(octet: int, table: tuple[Any, ...], most: int) -> list[Any]:
    """Up to `most` entries of a table, by one random octet."""
    count, start = octet % (most + 1), octet // (most + 1)
    return [table[(start + index) % len(table)] for index in range(count)]
