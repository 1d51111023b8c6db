"""A control plane in tests, asked verb by verb, with nothing behind it but a layout."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from dcsim.cloud.control import Control
from dcsim.cloud.instance import Launched
from dcsim.cloud.placed import Installed
from dcsim.cloud.vpc import Vpc
from dcsim.fabric.layout import Layout
from dcsim.problem import Mark, Refused
from dcsim.request import (
    ALL_PROTOCOLS,
    ANY_ICMP,
    AuthorizeSecurityGroupEgress,
    AuthorizeSecurityGroupIngress,
    CreateNetworkAclEntry,
    CreateSubnet,
    CreateVpc,
    RunInstances,
    Verb,
)
from dcsim.topology.plan import Plant
from netvirt.address import parse_cidr, parse_ip
from netvirt.vpc.view import Interface, VpcView

MARK = Mark("a.yaml", 7, 3, 9)
TCP = 6


@dataclass
class Account:
    """One VPC `m` with a subnet `net` in zone a, unless told otherwise."""

    plant: Plant = field(default_factory=Plant)
    zones: tuple[str, ...] = ("a", "b")
    region: str = "eu-west-1"
    placed: list[Launched] = field(default_factory=list)
    installed: list[Installed] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.control = Control(Layout(self.region, self.zones, self.plant), self.placed.append, self.installed.append)
        self.call(CreateVpc("m", parse_cidr("10.0.0.0/16"), mark=MARK))
        self.subnet("net", "10.0.1.0/24")

    def call(self, request: Verb) -> list[str]:
        return list(self.control.call(request).ids)

    def refusal(self, request: Verb) -> str:
        """What is said, without where."""
        with pytest.raises(Refused) as refused:
            self.call(request)
        (problem,) = refused.value.problems
        return str(problem).removeprefix(f"{problem.mark}: ")

    @property
    def vpc(self) -> Vpc:
        return self.control.vpcs["m"]

    def view(self, vpc: str = "m") -> VpcView:
        return self.control.view(vpc)

    def subnet(self, name: str, block: str, zone: str = "a") -> list[str]:
        return self.call(CreateSubnet("m", name, parse_cidr(block), zone, mark=MARK))

    def run(self, name: str, **properties: Any) -> Interface:
        self.call(instance(name, **properties))
        return self.placed[-1].interface


def instance(
    name: str,
    subnet: str = "net",
    groups: tuple[str, ...] = (),
    address: str | None = None,
    kind: str = "m7i.large",
    image: str | None = None,
) -> RunInstances:
    return RunInstances(
        vpc="m",
        name=name,
        subnet=subnet,
        security_groups=groups,
        image=image,
        private_ip_address=parse_ip(address) if address else None,
        source_dest_check=True,
        instance_type=kind,
        frequency_hz=None,
        boot_ns=None,
        mark=MARK,
    )


def entry(
    acl: str, number: int, text: str = "", block: str = "0.0.0.0/0", egress: bool = False
) -> CreateNetworkAclEntry:
    """Allows all TCP."""
    return CreateNetworkAclEntry(
        "m", acl, egress, number, True, TCP, None, ANY_ICMP, ANY_ICMP, parse_cidr(block), text, mark=MARK
    )


def ingress(group: str, peer: str, ports: tuple[int, int] | None = (80, 80)) -> AuthorizeSecurityGroupIngress:
    there = parse_cidr(peer) if peer[:1].isdigit() else peer
    return AuthorizeSecurityGroupIngress("m", group, TCP, ports, ANY_ICMP, ANY_ICMP, there, "text", mark=MARK)


def egress_of_all(group: str, peer: str) -> AuthorizeSecurityGroupEgress:
    there = parse_cidr(peer) if "/" in peer else peer
    return AuthorizeSecurityGroupEgress("m", group, ALL_PROTOCOLS, None, ANY_ICMP, ANY_ICMP, there, "text", mark=MARK)
