"""Route tables: longest prefix match, then the kind of route, then the target.

VPC User Guide, "Route priority".
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from netvirt.address import Cidr, Ip
from netvirt.vpc.prefix_list import PrefixList


@dataclass(frozen=True, slots=True)
class Local:
    """Somewhere in the VPC's own blocks."""

    def __str__(self) -> str:
        return "local"


@dataclass(frozen=True, slots=True)
class ToInterface:
    """An elastic network interface: a middlebox, or a NAT instance."""

    eni: str
    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class ToPeering:
    """Another VPC, over a peering connection."""

    peering: str
    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class ToInternet:
    """The VPC's internet gateway."""

    gateway: str
    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class ToNat:
    """A NAT gateway of the VPC."""

    nat_gateway: str
    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class ToEgressOnly:
    """The VPC's egress-only internet gateway."""

    gateway: str
    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class ToTransit:
    """A transit gateway that the VPC is attached to."""

    gateway: str
    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class ToAttachment:
    """In a transit gateway's table: one of its attachments; none in a black hole."""

    attachment: str
    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class ToNowhere:
    """What was there is gone: a black hole. Or it is not simulated, and nobody can say what becomes of a packet."""

    simulated: bool

    def __str__(self) -> str:
        return "blackhole" if self.simulated else "unknown"


Target = Local | ToInterface | ToPeering | ToInternet | ToEgressOnly | ToNat | ToTransit | ToAttachment | ToNowhere


@dataclass(frozen=True, slots=True)
class Route:
    """Of several prefix lists with the same block, the one with the lowest `draw` leads: a lot drawn once."""

    destination: Cidr | PrefixList
    target: Target
    written: str = ""
    draw: int = 0

    @property
    def text(self) -> str:
        return f"{self.destination} -> {self.target}"

    @property
    def blocks(self) -> tuple[Cidr, ...]:
        return (self.destination,) if isinstance(self.destination, Cidr) else self.destination.entries

    @property
    def rank(self) -> tuple[bool, int]:
        """Of two routes to the same block, which leads: the lower (VPC User Guide, "Route priority")."""
        return isinstance(self.destination, PrefixList), self.draw


@dataclass(frozen=True, slots=True)
class RouteTable:
    """An immutable table. Lookup is one dict per size of block, smallest first."""

    id: str
    name: str
    routes: tuple[Route, ...]
    _by_mask: tuple[tuple[int, dict[int, Route]], ...] = field(repr=False, compare=False, default=())

    @staticmethod
    def of(table_id: str, name: str, routes: Sequence[Route]) -> "RouteTable":
        by_size: dict[int, dict[int, Route]] = {}
        # Who leads is written last, over the others.
        for route in sorted(routes, key=lambda route: route.rank, reverse=True):
            for block in route.blocks:
                by_size.setdefault(block.size, {})[block.network] = route
        # Minus a size keeps the family's bit, so that no address finds a route of the other family.
        masks = tuple((-size, by_size[size]) for size in sorted(by_size))
        return RouteTable(table_id, name, tuple(routes), masks)

    def lookup(self, destination: Ip) -> Route | None:
        for mask, routes in self._by_mask:
            route = routes.get(destination & mask)
            if route is not None:
                return route
        return None
