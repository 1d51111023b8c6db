"""Computers outside the region on the clock: their hosts, their providers' links, and the border they meet at."""

from collections.abc import Callable
from typing import Any

from dcsim.fabric.fabric import Fabric, Path
from dcsim.fabric.wire import Leg
from dcsim.topology.plan import Internet
from hypervisor.clock import Clock
from hypervisor.host import Host
from hypervisor.link import Link
from netvirt.address import HostId
from netvirt.appliance.border import Border
from netvirt.constant import Constant, Evidence
from netvirt.journey import Outcome
from netvirt.ledger import Ledger
from netvirt.line import Line
from netvirt.overlay import BORDER, Encapsulated
from netvirt.vpc.view import VpcView

FIRST_LINK_SOURCE = 1 << 21
"""Two source ids an outsider: below the fabric's, above every vNIC's."""

ACCESS_BPS = Constant(
    "ACCESS_BPS",
    1_000_000_000,
    1_000_000,
    100_000_000_000,
    "a provider's line; no AWS document",
    "2026-11-20",
    Evidence.INFERRED,
)
ACCESS_LIMIT_BYTES = 4_000_000


class Outside:
    """Joins the fabric's border and the outsiders' hosts."""

    def __init__(self, internet: Internet, fabric: Fabric, clock: Clock, ledger: Ledger) -> None:
        self._delay_ns = internet.delay_ns
        self._fabric = fabric
        self._clock = clock
        self._ledger = ledger
        self.border = Border(ledger)
        self.links: dict[HostId, Link] = {}
        self._open = False

    def hold(self, view: VpcView) -> None:
        """The border's copy of a view. It is there from the first gateway to the Internet on."""
        if (view.internet_gateway or view.egress_only_internet_gateway) and not self._open:
            self._open = True
            self._fabric.attach_border(lambda packet, _: self._at_border(packet))
        self.border.hold(view)

    def attach(self, host: Host) -> None:
        """A host of the Internet: a line each way between it and the border."""
        number = FIRST_LINK_SOURCE + 2 * len(self.links)
        host.uplink = self._link(f"{host.name} -> border", number, self._at_border)
        self.links[host.id] = self._link(f"border -> {host.name}", number + 1, host.receive)

    def path(self, source: HostId, target: HostId, flow: int) -> Path:
        """How a packet of `flow` would travel between two hosts, either of which may be the border."""
        if source in self.links and target in self.links:
            up, down = self.path(source, BORDER, flow), self.path(BORDER, target, flow)
            return Path(up.legs + down.legs, Outcome.DELIVERED, down.place)
        for end, outsider in ((source, target), (target, source)):
            link = self.links.get(outsider)
            if end == BORDER and link is not None:
                leg = Leg(link.name, link.line.rate, link.line.delay_ns, link.up)
                return Path((leg,), Outcome.DELIVERED, link.name)
        return self._fabric.path(source, target, flow)

    def _link(self, name: str, source_id: int, land: Callable[[Any], None]) -> Link:
        line = Line(ACCESS_BPS.value, self._delay_ns, ACCESS_LIMIT_BYTES)
        return Link(name, source_id, self._clock, self._ledger, line, land)

    def _at_border(self, packet: Encapsulated) -> None:
        # Outsiders of one network speak to each other directly; all else is for who has the public address.
        out = self.border.forward(packet, self._clock.now) if packet.target == BORDER else packet
        if out is None:
            return
        link = self.links.get(out.target)
        if link is None:
            self._fabric.from_border(out)
        else:
            link.send(out)
