"""What a property of a call refers to: a resource by its name, as `vpc/name`, or by its id."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Protocol

from pydantic import WithJsonSchema

from dcsim.cloud.control import Control
from dcsim.cloud.vpc import Vpc
from dcsim.problem import Mark, Problem, Refused
from dcsim.request import Through
from dcsim.topology.fields import from_text
from dcsim.topology.words import instead, listed, quoted


class Resource(Protocol):
    @property
    def id(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Noun:
    """A kind of resource, and EC2's code for one that is not there."""

    name: str
    code: str
    of: Callable[[Vpc], Mapping[str, Resource]]


@dataclass(frozen=True, slots=True)
class Ref:
    noun: Noun
    text: str


@dataclass(frozen=True, slots=True)
class _Itself:
    id: str


VPC = Noun("vpc", "InvalidVpcID.NotFound", lambda vpc: {vpc.name: _Itself(vpc.id("vpc", ""))})
SUBNET = Noun("subnet", "InvalidSubnetID.NotFound", lambda vpc: vpc.subnets)
ROUTE_TABLE = Noun("route table", "InvalidRouteTableID.NotFound", lambda vpc: vpc.tables)
NETWORK_ACL = Noun("network ACL", "InvalidNetworkAclID.NotFound", lambda vpc: vpc.acls)
SECURITY_GROUP = Noun("security group", "InvalidGroup.NotFound", lambda vpc: vpc.groups)
NAT_GATEWAY = Noun("NAT gateway", "NatGatewayNotFound", lambda vpc: vpc.nat_gateways)
INSTANCE = Noun("instance", "InvalidInstanceID.NotFound", lambda vpc: vpc.everybodys)

_TEXT = WithJsonSchema({"type": "string"})
VpcRef = Annotated[Ref, from_text(lambda text: Ref(VPC, text)), _TEXT]
SubnetRef = Annotated[Ref, from_text(lambda text: Ref(SUBNET, text)), _TEXT]
RouteTableRef = Annotated[Ref, from_text(lambda text: Ref(ROUTE_TABLE, text)), _TEXT]
NetworkAclRef = Annotated[Ref, from_text(lambda text: Ref(NETWORK_ACL, text)), _TEXT]
SecurityGroupRef = Annotated[Ref, from_text(lambda text: Ref(SECURITY_GROUP, text)), _TEXT]
NatGatewayRef = Annotated[Ref, from_text(lambda text: Ref(NAT_GATEWAY, text)), _TEXT]
InstanceRef = Annotated[Ref, from_text(lambda text: Ref(INSTANCE, text)), _TEXT]

Place = tuple[str, str]
"""A VPC's name, and the resource's in it."""


def look_up(control: Control, wanted: Sequence[tuple[Ref, Mark]]) -> tuple[Vpc, list[str]]:
    """The one VPC that has them all, and their names in it. Refused when there is none, or several."""
    found = [_candidates(control, ref) for ref, _ in wanted]
    unknown = [_unknown(control, ref, mark) for (ref, mark), places in zip(wanted, found) if not places]
    if unknown:
        raise Refused(unknown)
    homes = [name for name in control.vpcs if all(any(home == name for home, _ in places) for places in found)]
    ref, mark = wanted[-1]
    if not homes:
        where = "; ".join(
            f"{ref.text} is in {listed(home for home, _ in places)}" for (ref, _), places in zip(wanted, found)
        )
        raise Refused([Problem(mark, "InvalidParameterValue", where, "Name resources of one VPC")])
    if len(homes) > 1:
        names = listed(f"{home}/{name}" for home, name in found[-1] if home in homes)
        message = f"{ref.text} is in several VPCs: {names}"
        raise Refused([Problem(mark, "InvalidParameterValue", message, "Name one of these")])
    names_there = [next(name for home, name in places if home == homes[0]) for places in found]
    return control.vpcs[homes[0]], names_there


def _candidates(control: Control, ref: Ref) -> list[Place]:
    """By name in every VPC, or in the one that is named too; else by id."""
    home, _, name = ref.text.rpartition("/")
    vpcs = [vpc for vpc in control.vpcs.values() if home in ("", vpc.name)]
    named = [(vpc.name, name) for vpc in vpcs if name in ref.noun.of(vpc)]
    if named:
        return named
    return [(vpc.name, each) for vpc in vpcs for each, resource in ref.noun.of(vpc).items() if resource.id == name]


def _unknown(control: Control, ref: Ref, mark: Mark) -> Problem:
    noun, (home, _, name) = ref.noun, ref.text.rpartition("/")
    if home and home not in control.vpcs:
        return Problem(mark, "InvalidVpcID.NotFound", f"no vpc {quoted(home)}", instead(home, control.vpcs))
    vpcs = [vpc for vpc in control.vpcs.values() if home in ("", vpc.name)]
    known = dict.fromkeys(name for vpc in vpcs for name in noun.of(vpc))
    return Problem(mark, noun.code, f"no {noun.name} {quoted(name)}", instead(name, known))


def route_target(control: Control, vpc: Vpc, text: str, mark: Mark) -> tuple[str, Through]:
    """The name of what a route is to lead through, and what it is. Refused when nothing is called so, or several."""
    known = dict(_targets(control, vpc))
    name = text.removeprefix(f"{vpc.name}/")
    found = [(each, kind) for (each, kind), resource in known.items() if name in (each, resource)]
    if len(found) == 1:
        return found[0]
    if found:
        kinds = listed(kind.replace("_", " ") for _, kind in found)
        raise Refused([Problem(mark, "InvalidParameterValue", f"{name} is several: {kinds}", "Write its id")])
    advice = instead(name, dict.fromkeys(each for each, _ in known), f"{vpc.name} has")
    raise Refused([Problem(mark, "InvalidParameterValue", f"no target {quoted(name)}", advice)])


def _targets(control: Control, vpc: Vpc) -> "Mapping[tuple[str, Through], str]":
    """The id of everything that a route of this VPC may lead through, by name and kind."""
    targets: dict[tuple[str, Through], str] = {("local", "local"): "local"}
    targets |= {(name, "instance"): eni.id for name, eni in vpc.everybodys.items()}
    gateway, name = vpc.internet_gateway
    if gateway:
        targets[name, "internet_gateway"] = gateway
    egress_only, name = vpc.egress_only_internet_gateway
    if egress_only:
        targets[name, "egress_only_internet_gateway"] = egress_only
    targets |= {(name, "nat_gateway"): gateway.id for name, gateway in vpc.nat_gateways.items()}
    for peering in control.peerings.values():
        if vpc.name in peering.vpcs:
            targets[peering.name, "vpc_peering_connection"] = peering.id
    return targets
