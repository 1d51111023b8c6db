"""A dual-stack region and packets in it."""

import socket
from typing import Any

from journeys.lab import MS, Fate, Region
from scapy.layers.inet import UDP
from scapy.layers.inet6 import (
    ICMPv6EchoRequest,
    ICMPv6ND_NS,
    ICMPv6NDOptSrcLLAddr,
    IPv6,
)
from scapy.layers.l2 import Ether
from scapy.packet import Raw
from scapy.pton_ntop import inet_ntop, inet_pton
from scapy.utils6 import in6_getnsma, in6_getnsmac

from netvirt.address import ANY_IPV6, format_ip, format_mac, link_local

REGION = """
vpcs:
  main:
    cidr_block: 10.0.0.0/16
    amazon_provided_ipv6_cidr_block: true
    internet_gateway: igw
    egress_only_internet_gateway: eigw
    subnets:
      web: {per_zone: true, cidr_block: 10.0.0.0/24, ipv6_cidr_block: true, assign_ipv6_address_on_creation: true,
            route_table: public}
      app: {per_zone: true, cidr_block: 10.0.10.0/24, ipv6_cidr_block: true, assign_ipv6_address_on_creation: true,
            route_table: private}
    route_tables:
      public: {routes: {"::/0": igw}}
      private: {routes: {"::/0": eigw}}
    security_groups:
      web: {ingress: ["udp 9 from ::/0", "icmpv6 from ::/0"]}
      app: {ingress: ["udp 9 from web", "icmpv6 from web"]}
      open: {ingress: ["all from ::/0", "all from 0.0.0.0/0"]}
    instances:
      web: {per_zone: true, subnet: web, security_groups: web}
      twin: {subnet: web-a, security_groups: web}
      app: {per_zone: true, subnet: app, security_groups: app}
      bold: {subnet: app-a, security_groups: open}
      plain: {subnet: web-a, security_groups: open, ipv6_address_count: 0}
internet:
  instances:
    customer: {ipv6_address: true}
    other: {ipv6_address: "2a00:1450::8"}
"""
ABROAD = 100 * MS


class World(Region):
    def __init__(self, text: str = REGION) -> None:
        super().__init__(text)

    def ipv6(self, name: str) -> str:
        address = self[name].placed.interface.facing(ANY_IPV6)
        assert address is not None
        return format_ip(address)

    def link_local(self, name: str) -> str:
        return format_ip(link_local(self[name].mac))

    def to_router(self, name: str) -> Any:
        return Ether(src=format_mac(self[name].mac), dst=format_mac(self[name].router_mac))

    def datagram(self, sender: str, to: str, text: str = "x", src: str = "", dport: int = 9, sport: int = 4000) -> Any:
        packet = IPv6(src=src or self.ipv6(sender), dst=to)
        return self.to_router(sender) / packet / UDP(sport=sport, dport=dport) / Raw(text.encode())

    def echo(self, sender: str, to: str) -> Any:
        return self.to_router(sender) / IPv6(src=self.ipv6(sender), dst=to) / ICMPv6EchoRequest(id=77, seq=1)

    def fate(self, sender: str, frame: Any) -> tuple[str, Any]:
        """Where one frame ends."""
        before = self.world.ledger.consumed
        lost = len(self.lost)
        found: Fate | None = None
        watching = [guest for guest in self.world if guest.name != sender]
        seen = {guest.name: guest.watch() for guest in watching}
        self[sender].send(frame)
        self.wait(ABROAD)
        for name, frames in seen.items():
            if any(bytes(frame)[54:] == each.data[54:] for each in frames):
                found = Fate(name, "delivered", self.now)  # type: ignore[arg-type]
        if found is not None:
            return found.place, found.outcome
        if len(self.lost) > lost:
            return self.lost[lost].place, self.lost[lost].reason
        assert self.world.ledger.consumed > before
        return sender, "consumed"

    def solicit(self, sender: str, target: str, src: str | None = None, hlim: int = 255, option: bool = True) -> Any:
        """Who has `target`? To its group, as RFC 4861 says."""
        group = in6_getnsma(inet_pton(socket.AF_INET6, target))
        mac = format_mac(self[sender].mac)
        packet = IPv6(src=self.ipv6(sender) if src is None else src, dst=inet_ntop(socket.AF_INET6, group), hlim=hlim)
        asked = Ether(src=mac, dst=in6_getnsmac(group)) / packet / ICMPv6ND_NS(tgt=target)
        return asked / ICMPv6NDOptSrcLLAddr(lladdr=mac) if option else asked

    def answers(self, sender: str, frame: Any) -> list[Any]:
        """What the host answers its guest."""
        heard = self[sender].watch()
        self[sender].send(frame)
        self.wait(MS)
        return [each.packet for each in heard]
