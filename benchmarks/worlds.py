"""What several benchmarks build their worlds from."""

from dcsim.topology.load import plan_of
from dcsim.topology.plan import Plan
from dcsim.world import Guest
from hypervisor.clock import Clock
from hypervisor.guest import Reporter, Wire
from netvirt.address import Ip
from netvirt.journey import Outcome
from netvirt.wire.ethernet import ETHERTYPE_IPV4, Ethernet
from netvirt.wire.ipv4 import PROTOCOL_UDP, Ipv4
from netvirt.wire.udp import Udp


def load_text(text: str) -> Plan:
    """A topology as a file would hold it."""
    return plan_of(text.encode(), "benchmark.yaml", "benchmark")


class Count:
    """A guest that only counts what arrives."""

    address: Ip | None = None

    def __init__(self) -> None:
        self.frames = 0

    def start(self, clock: Clock, wire: Wire, report: Reporter) -> None:
        pass

    def receive(self, data: bytes) -> Outcome:
        self.frames += 1
        return Outcome.DELIVERED

    def order(self, line: str) -> None:
        pass

    def stop(self) -> None:
        pass


def datagram(source: Guest, target: Guest, port: int, size_bytes: int) -> bytes:
    """A UDP datagram to port 9 (discard, RFC 863), as the source's own stack would frame it."""
    here, there = source.placed.interface, target.placed.interface
    data = Udp(port, 9, bytes(size_bytes - 14 - 20 - 8)).emit(here.address, there.address)
    packet = Ipv4(here.address, there.address, PROTOCOL_UDP, data).emit()
    mac = there.mac if here.subnet == there.subnet else source.router_mac
    return Ethernet(mac, here.mac, ETHERTYPE_IPV4, packet).emit()
