"""Route tables: longest prefix match, then the target."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from netvirt.address import Cidr, Ip


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


Target = Local | ToInterface | ToPeering | ToInternet


@dataclass(frozen=True, slots=True)
class Route:
    destination: Cidr
    target: Target
    written: str = ""

    @property
    def text(self) -> str:
        return f"{self.destination} -> {self.target}"


@dataclass(frozen=True, slots=True)
class RouteTable:
    """An immutable table. Lookup is one dict per prefix length, longest first."""

    id: str
    name: str
    routes: tuple[Route, ...]
    _by_length: tuple[tuple[int, dict[int, Route]], ...] = field(repr=False, compare=False, default=())

    @staticmethod
    def of(table_id: str, name: str, routes: Sequence[Route]) -> "RouteTable":
        by_length: dict[int, dict[int, Route]] = {}
        for route in routes:
            by_length.setdefault(route.destination.prefix, {})[route.destination.network] = route
        lengths = tuple((Cidr(Ip(0), length).mask, by_length[length]) for length in sorted(by_length, reverse=True))
        return RouteTable(table_id, name, tuple(routes), lengths)

    def lookup(self, destination: Ip) -> Route | None:
        for mask, routes in self._by_length:
            route = routes.get(destination & mask)
            if route is not None:
                return route
        return None
