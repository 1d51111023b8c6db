"""Prefix lists: blocks under one name. VPC User Guide, "Group CIDR blocks using managed prefix lists"."""

from dataclasses import dataclass

from netvirt.address import Cidr


@dataclass(frozen=True, slots=True)
class PrefixList:
    """`max_entries` is what quotas count, however many there are."""

    id: str
    name: str
    max_entries: int
    entries: tuple[Cidr, ...]

    def weight(self, ipv6: bool) -> int:
        """How many rules or routes of a family it counts as. All entries are of one family."""
        of_family = not self.entries or self.entries[0].is_ipv6 == ipv6
        return self.max_entries if of_family else 0

    def __str__(self) -> str:
        return self.name
