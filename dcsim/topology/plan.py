"""What a topology file comes to: places, link settings, and an ordered list of requests."""

from dataclasses import dataclass, field

from dcsim.problem import Mark, Problem
from dcsim.request import Request
from netvirt.address import Ip

DEFAULT_START_NS = 1_735_689_600 * 1_000_000_000
"""2025-01-01T00:00:00Z."""


@dataclass(frozen=True, slots=True)
class Plant:
    """The physical fabric of every zone; counts are per parent, rates in bit/s, delays one way."""

    datacenters: int = 1
    power_domains: int = 1
    racks: int = 2
    hosts: int = 4
    spines: int = 2
    nic_bps: int = 25_000_000_000
    uplink_bps: int = 100_000_000_000
    delay_ns: int = 5_000
    between_zones_ns: int = 500_000
    nic_limit_bytes: int = 1_000_000
    uplink_limit_bytes: int = 4_000_000
    detection_ns: int = 50_000_000
    """From a link's death until the switch beside it stops using it."""
    convergence_ns: int = 200_000_000
    """From then until the rest of the fabric routes around it."""
    propagation_ns: int = 100_000_000
    """From a control plane verb until every host decides by it."""


@dataclass(frozen=True, slots=True)
class Impairment:
    """netem's words. Ratios are parts per billion; None leaves the link's own value alone."""

    rate_bps: int | None = None
    delay_ns: int | None = None
    jitter_ns: int | None = None
    loss_ppb: int | None = None
    corrupt_ppb: int | None = None
    duplicate_ppb: int | None = None
    reorder_ppb: int | None = None
    limit_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """`a <-> b` (both) or `a -> b`; ends are places: zones now, later any (`spine-b1`, `b/r2/h5`)."""

    a: str
    b: str
    both: bool

    def __str__(self) -> str:
        return f"{self.a} {'<->' if self.both else '->'} {self.b}"


@dataclass(frozen=True, slots=True)
class LinkSetting:
    link: Link
    impairment: Impairment
    mark: Mark = field(compare=False)


INTERNET = "internet"
"""Stands where an outsider's VPC would: `internet/customer`."""


@dataclass(frozen=True, slots=True)
class Outsider:
    """A computer somewhere in the Internet; without an IPv4 address it gets one of the documentation's (RFC 5737)."""

    name: str
    ip_address: Ip | None
    image: str | None
    mark: Mark = field(compare=False)
    ipv6_address: Ip | None = None


@dataclass(frozen=True, slots=True)
class Internet:
    """The rest of the world, one way `delay_ns` from the region's border."""

    delay_ns: int = 20_000_000
    instances: tuple[Outsider, ...] = ()


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file the plan was made from; `path` as the user typed it."""

    path: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Plan:
    name: str
    region: str
    zones: tuple[str, ...]
    start_ns: int
    """The Unix time, in ns, that t = 0 stands for."""
    plant: Plant
    links: tuple[LinkSetting, ...]
    requests: tuple[Request, ...]
    warnings: tuple[Problem, ...] = field(compare=False)
    files: tuple[InputFile, ...] = field(compare=False)
    internet: Internet = Internet()
