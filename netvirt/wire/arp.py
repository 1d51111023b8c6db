"""Address resolution, for IPv4 over Ethernet only (RFC 826)."""

from dataclasses import dataclass
from struct import Struct

from netvirt.address import Ip, Mac
from netvirt.wire.ethernet import ETHERTYPE_IPV4
from netvirt.wire.malformed import Malformed

REQUEST = 1
REPLY = 2
PACKET_BYTES = 28

_HARDWARE_ETHERNET = 1
_ETHERNET_IPV4 = (_HARDWARE_ETHERNET, ETHERTYPE_IPV4, 6, 4)
_PACKET = Struct("!HHBBH6sI6sI")


@dataclass(frozen=True, slots=True)
class Arp:
    """One ARP packet; the names are RFC 826's ("Definitions"), protocol address said as IP."""

    operation: int
    sender_mac: Mac
    sender_ip: Ip
    target_mac: Mac
    target_ip: Ip

    @classmethod
    def parse(cls, data: bytes) -> "Arp":
        """RFC 826, "Packet format". What follows 28 octets is Ethernet's padding."""
        if len(data) < PACKET_BYTES:
            raise Malformed("ARP packet cut short")
        *kind, operation, sender_mac, sender_ip, target_mac, target_ip = _PACKET.unpack_from(data)
        if tuple(kind) != _ETHERNET_IPV4:
            raise Malformed("ARP is not about IPv4 over Ethernet")
        return cls(
            operation,
            Mac(int.from_bytes(sender_mac)),
            Ip(sender_ip),
            Mac(int.from_bytes(target_mac)),
            Ip(target_ip),
        )

    def emit(self) -> bytes:
        return _PACKET.pack(
            *_ETHERNET_IPV4,
            self.operation,
            self.sender_mac.to_bytes(6),
            self.sender_ip,
            self.target_mac.to_bytes(6),
            self.target_ip,
        )

    def reply(self, mac: Mac) -> "Arp":
        """The answer that `mac` holds the address asked for (RFC 826, "Packet Reception")."""
        return Arp(REPLY, mac, self.target_ip, self.sender_mac, self.sender_ip)


def request(sender_mac: Mac, sender_ip: Ip, target_ip: Ip) -> Arp:
    """Who holds `target_ip`? The target's Ethernet address is what is asked, so it is zero."""
    return Arp(REQUEST, sender_mac, sender_ip, Mac(0), target_ip)
