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

    def __str__(self) -> str:
        return self.name
