"""A region with peers, gateways and somebody outside; packets known by what they carry, whatever their addresses."""

from typing import Any

from journeys.lab import HERE, MS, Fate, Region, S
from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.l2 import Ether
from scapy.packet import Raw

from dcsim.pinging import Payload, Pinger
from dcsim.trace import Traced, flow_between, trace
from dcsim.traffic_spec import TrafficSpec
from netvirt.address import Ip, format_mac, parse_ip
from netvirt.frame import Flow
from netvirt.journey import Outcome

ABROAD = 100 * MS
"""Longer than any packet's way, two providers' lines included."""

REGION = """
vpcs:
  shop:
    cidr_block: 10.0.0.0/16
    internet_gateway: igw
    subnets:
      public: {per_zone: true, cidr_block: 10.0.0.0/24, route_table: public}
      easy: {availability_zone: a, cidr_block: 10.0.8.0/24, route_table: public, map_public_ip_on_launch: true}
      private: {availability_zone: a, cidr_block: 10.0.9.0/24, route_table: private}
    route_tables:
      public: {routes: {0.0.0.0/0: igw, 10.1.0.0/16: shop-data, 10.2.0.0/16: shop-data}}
      private: {routes: {10.1.0.0/16: shop-data}}
    security_groups:
      web: {ingress: [icmp from 0.0.0.0/0, udp 9 from 0.0.0.0/0]}
      shy: {ingress: [icmp from web, udp 9 from web]}
    instances:
      web-a: {subnet: public-a, security_groups: web, elastic_ip: 198.18.0.10}
      web-b: {subnet: public-b, security_groups: web, elastic_ip: 198.18.0.11}
      shy: {subnet: public-b, security_groups: shy, elastic_ip: 198.18.0.12}
      bare: {subnet: public-a, security_groups: web}
      given: {subnet: easy, security_groups: web}
      app: {subnet: private, security_groups: web}
  data:
    cidr_block: 10.1.0.0/16
    subnets:
      main: {availability_zone: b, cidr_block: 10.1.0.0/24, route_table: out}
      mute: {availability_zone: b, cidr_block: 10.1.1.0/24}
    route_tables:
      out: {routes: {10.0.0.0/16: shop-data, 10.2.0.0/16: data-far, 0.0.0.0/0: shop-data}}
    security_groups:
      db: {ingress: [icmp from shop/web, udp 9 from shop/web]}
      open: {ingress: [icmp from 0.0.0.0/0, udp 9 from 0.0.0.0/0]}
    instances:
      db: {subnet: main, security_groups: db}
      mute: {subnet: mute, security_groups: open}
  far:
    cidr_block: 10.2.0.0/16
    subnets: {main: {availability_zone: a, cidr_block: 10.2.0.0/24, route_table: out}}
    route_tables: {out: {routes: {10.1.0.0/16: data-far, 10.0.0.0/16: data-far}}}
    security_groups: {open: {ingress: all from 0.0.0.0/0}}
    instances: {far: {subnet: main, security_groups: open}}
vpc_peering_connections:
  shop-data: {vpc: shop, peer_vpc: data}
  data-far: {vpc: far, peer_vpc: data}
internet:
  delay: 20 ms
  instances: {customer: {}, admin: {ip_address: 198.51.100.7}}
"""
"""`bare` has no public address, `given` one of its subnet's, `app` no way out; `mute` no way back. All idle."""

PUBLIC = {"web-a": "198.18.0.10", "web-b": "198.18.0.11", "shy": "198.18.0.12", "given": "198.18.0.1"}


class World(Region):
    """Sends, and finds what became of it by its payload; every look checks that no frame has vanished."""

    def __init__(self, what: str = REGION, seed: int = 7) -> None:
        super().__init__(what, seed)
        self._number = 0

    def wait(self, span: int) -> None:
        super().wait(span)
        assert self.world.unaccounted == 0

    def to(self, sender: str, address: str, transport: Any, **fields: Any) -> Any:
        """A packet to any address, by the router."""
        guest = self[sender]
        ether = Ether(src=format_mac(guest.mac), dst=format_mac(guest.router_mac))
        return ether / IP(**{"src": guest.ip, "dst": address, **fields}) / transport

    def datagram(self, sender: str, address: str, size: int = 0, sport: int = 4000, **fields: Any) -> tuple[Any, bytes]:
        """To port 9, with a payload that nobody else has; `size` is that of the IPv4 packet."""
        self._number += 1
        mark = f"datagram {self._number:06} ".encode()
        return self.to(sender, address, UDP(sport=sport, dport=9) / Raw(mark.ljust(size - 28, b".")), **fields), mark

    def ends(self, mark: bytes, lost: int = 0, seen: int = 0, protocol: int = 17) -> list[Fate]:
        """Where packets that carry `mark` ended; errors that quote them are of another protocol."""

        def carries(data: bytes) -> bool:
            return data[23] == protocol and mark in data

        ends = [Fate(each.place, each.reason, each.time) for each in self.lost[lost:] if carries(each.data)]
        return ends + [
            Fate(each.guest, Outcome.DELIVERED, each.time)
            for each in self.seen[seen:]
            if carries(each.data) and not each.leaving
        ]

    def fate(self, sender: str, address: str, size: int = 0, sport: int = 4000, **fields: Any) -> Fate:
        """What became of one datagram."""
        frame, mark = self.datagram(sender, address, size, sport, **fields)
        lost, seen = len(self.lost), len(self.seen)
        self[sender].send(frame)
        self.wait(ABROAD)
        (end,) = self.ends(mark, lost, seen)
        return end

    def packets(self, guest: str) -> list[tuple[int, Any]]:
        """When a guest got which IPv4 packets, dissected."""
        got = (each for each in self.seen if each.guest == guest and not each.leaving)
        return [(each.time, Ether(each.data)) for each in got if each.data[12:14] == b"\x08\0"]

    def came(self, guest: str) -> Any:
        """The last of them."""
        return self.packets(guest)[-1][1]

    def asked(self, sender: str, address: str) -> str:
        """What became of an echo request and its answer: where it ended, and why."""
        self._number += 1
        mark = f"echo {self._number:06}".encode()
        lost, seen = len(self.lost), len(self.seen)
        self[sender].send(self.to(sender, address, ICMP(type=8, id=self._number) / Raw(mark)))
        self.wait(ABROAD)
        last = max(self.ends(mark, lost, seen, protocol=1), key=lambda end: end.time)
        answered = any(
            mark in each.data and each.guest == sender and not each.leaving and Ether(each.data)[ICMP].type == 0
            for each in self.seen[seen:]
        )
        return "answered" if answered else f"{last.outcome.value} at {last.place}"

    def traced(self, sender: str, address: str, protocol: int = 17) -> Traced:
        spec = TrafficSpec(1) if protocol == 1 else TrafficSpec(protocol, 9, 4000)
        return trace(self.world, self[sender], parse_ip(address), spec)

    def traced_flow(self, sender: str, address: Ip, sport: int) -> Flow:
        """Of a datagram to port 9."""
        return flow_between(self[sender], address, TrafficSpec(17, 9, sport))

    def pings(self, sender: str, address: Ip, every: int, count: int) -> Pinger:
        """Orders pings of any address, the first one now."""
        pinger = Pinger(self.world, self[sender], address, every, 90 * MS, Payload())
        pinger.start(self.now, count)
        return pinger


__all__ = ["ABROAD", "HERE", "MS", "PUBLIC", "REGION", "Fate", "S", "World"]
