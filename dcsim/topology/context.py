"""What all of resolving shares: the file, the names found so far, the problems."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from dcsim.problem import Mark, Problem
from dcsim.topology.fields import EVERY_ZONE
from dcsim.topology.names import Catalog
from dcsim.topology.schema import TopologyFile
from dcsim.topology.tree import Node, Path, key_mark, value_mark
from dcsim.topology.words import instead, quoted
from netvirt.address import Ip, format_ip

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Vpc:
    """The names of one VPC."""

    name: str
    subnets: Catalog
    route_tables: Catalog
    network_acls: Catalog
    security_groups: Catalog
    instances: Catalog
    nat_gateways: Catalog
    internet_gateway: str | None
    egress_only_internet_gateway: str | None


@dataclass(frozen=True, slots=True)
class Peering:
    """The two VPCs that a peering connection joins."""

    vpc: str
    peer_vpc: str

    def joins(self, vpc: str) -> bool:
        return vpc in (self.vpc, self.peer_vpc)


@dataclass(slots=True)
class Context:
    """A peering is None where an end of it is wrong: what relies on it is not complained of as well."""

    file: TopologyFile
    root: Node
    vpcs: dict[str, Vpc] = field(default_factory=dict)
    peerings: dict[str, Peering | None] = field(default_factory=dict)
    public_addresses: dict[Ip, tuple[str, Mark]] = field(default_factory=dict)
    """Whose each one is that the file gives away, and where."""
    problems: list[Problem] = field(default_factory=list)

    @property
    def zones(self) -> Sequence[str]:
        return list(dict.fromkeys(self.file.zones))

    def key(self, path: Path) -> Mark:
        return key_mark(self.root, path)

    def value(self, path: Path) -> Mark:
        return value_mark(self.root, path)

    def complain(self, mark: Mark, message: str, advice: str = "") -> None:
        self.problems.append(Problem(mark, None, message, advice))

    def accept(self, found: Found | Problem) -> Found | None:
        """The found thing, or None and one problem more."""
        if isinstance(found, Problem):
            self.problems.append(found)
            return None
        return found

    def knows_zone(self, zone: str, mark: Mark) -> bool:
        if zone not in self.zones:
            self.complain(mark, f"no zone {quoted(zone)}", instead(zone, self.zones))
        return zone in self.zones

    def vpc(self, name: str, mark: Mark) -> Vpc | None:
        if name not in self.vpcs:
            self.complain(mark, f"no vpc {quoted(name)}", instead(name, self.vpcs))
        return self.vpcs.get(name)

    def joined(self, one: str, other: str) -> bool:
        return any(each is None or (each.joins(one) and each.joins(other)) for each in self.peerings.values())

    def give_address(self, address: Ip, owner: str, mark: Mark) -> None:
        """A public address is one computer's in the whole world."""
        first, where = self.public_addresses.setdefault(address, (owner, mark))
        if first != owner:
            message = f"{owner} cannot have {format_ip(address)}, which is {first}'s"
            self.complain(mark, message, f"see line {where.line}")

    def check_zones(self, per_zone: Iterable[str], path: Path) -> None:
        """Only zones that exist can have copies."""
        for zone in per_zone:
            if zone != EVERY_ZONE:
                self.knows_zone(zone, self.key([*path, "per_zone", zone]))
