"""Small worlds and packets written by hand, in few words."""

from collections.abc import Iterable
from ipaddress import IPv4Address

from dcsim.request import (
    AssociateAddress,
    AssociateRouteTable,
    AuthorizeSecurityGroupEgress,
    AuthorizeSecurityGroupIngress,
    CreateInternetGateway,
    CreateNetworkAcl,
    CreateNetworkAclEntry,
    CreateRoute,
    CreateRouteTable,
    CreateSecurityGroup,
    CreateSubnet,
    CreateVpc,
    CreateVpcPeeringConnection,
    ReplaceNetworkAclAssociation,
    Request,
    RevokeSecurityGroupEgress,
    RunInstances,
)
from dcsim.topology.plan import INTERNET, Outsider
from netvirt.address import Cidr, parse_cidr, parse_ip

from .evaluator import Evaluator
from .packet import ICMP, TCP, UDP, Ending, Packet, Verdict
from .random_vpcs import MARK, Ports, SmallWorld, Through

SUBNETS = (("w", "10.0.0.", "a"), ("x", "10.0.1.", "a"), ("y", "10.0.2.", "b"))
ADDRESSES = {"low": "10.0.0.4", "left": "10.0.1.4", "near": "10.0.1.5", "right": "10.0.2.4", "box": "10.0.2.5"}
PEER_BLOCK = "10.7.0.0/16"
OUTSIDERS = tuple(Outsider(name, None, None, mark=MARK) for name in ("customer", "crawler"))
CUSTOMER, CRAWLER = "198.51.100.10", "198.51.100.11"
GRE = 47
EVERYWHERE = "0.0.0.0/0"
PING = Packet(ICMP, icmp_type=8, icmp_id=1)
PONG = Packet(ICMP, icmp_type=0, icmp_id=1)
DELIVERED = Ending.DELIVERED


def world(*requests: Request, instances: Iterable[Request] = ()) -> SmallWorld:
    """One VPC 10.0.0.0/16 with three subnets, and two computers outside."""
    subnets = [CreateSubnet("v", name, parse_cidr(f"{net}0/24"), zone, mark=MARK) for name, net, zone in SUBNETS]
    everything = [CreateVpc("v", parse_cidr("10.0.0.0/16"), mark=MARK), *subnets, *requests, *(instances or EVERYBODY)]
    # A route needs its target.
    everything.sort(key=lambda request: isinstance(request, CreateRoute | AssociateAddress))
    return SmallWorld(tuple(everything), OUTSIDERS)


def address(name: str) -> IPv4Address:
    """An instance's; or any, as text."""
    return IPv4Address(ADDRESSES.get(name, name))


def key(name: str) -> tuple[str, str]:
    """`left`, or `p/peer` of another VPC, or an outsider's."""
    vpc, _, bare = name.rpartition("/")
    outside = [outsider.name for outsider in OUTSIDERS]
    return vpc or (INTERNET if bare in outside else "v"), bare


class Story:
    """The evaluator, by names, and a clock."""

    def __init__(self, *requests: Request, instances: Iterable[Request] = ()) -> None:
        small = world(*requests, instances=instances)
        self.evaluator = Evaluator(small.requests, small.addresses, small.outsiders)
        self.now_s = 0.0

    def send(self, src: str, dst: str, packet: Packet) -> Verdict:
        return self.evaluator.send(key(src), address(dst), packet, self.now_s)

    def ending(self, src: str, dst: str, packet: Packet) -> Ending:
        return self.send(src, dst, packet).ending

    def wait(self, seconds: float) -> None:
        self.now_s += seconds


def peer(*requests: Request, groups: tuple[str, ...] = (), back: bool = True) -> list[Request]:
    """Another VPC, `p`, with one instance, `peer` at 10.7.0.4; in `v`, the subnet x can go there."""
    ip = parse_ip("10.7.0.4")
    road: Through = "vpc_peering_connection"
    return [
        CreateVpc("p", parse_cidr(PEER_BLOCK), mark=MARK),
        CreateSubnet("p", "z", parse_cidr("10.7.0.0/24"), "a", mark=MARK),
        CreateVpcPeeringConnection("v", "v-p", "p", mark=MARK),
        *requests,
        RunInstances("p", "peer", "z", groups, None, ip, False, "m7i.large", None, None, mark=MARK),
        *([CreateRoute("p", "main", parse_cidr("10.0.0.0/16"), "v-p", road, mark=MARK)] if back else []),
        *routes_of("x", (PEER_BLOCK, "v-p"), ("8.8.8.0/24", "v-p"), through=road),
    ]


def gateway(*instances: str, subnet: str = "x") -> list[Request]:
    """The way out, for one subnet, and Elastic IPs in order: 198.18.0.1, 198.18.0.2, ..."""
    everywhere = (EVERYWHERE, "igw")
    return [
        CreateInternetGateway("v", "igw", mark=MARK),
        *routes_of(subnet, everywhere, through="internet_gateway"),
        *(AssociateAddress("v", instance, None, mark=MARK) for instance in instances),
    ]


def run(name: str, *groups: str, check: bool = True) -> RunInstances:
    subnet = next(subnet for subnet, net, _ in SUBNETS if ADDRESSES[name].startswith(net))
    ip = parse_ip(ADDRESSES[name])
    return RunInstances("v", name, subnet, groups, None, ip, check, "m7i.large", None, None, mark=MARK)


def group(name: str, *rules: Request, revoked: bool = False) -> list[Request]:
    made: list[Request] = [CreateSecurityGroup("v", name, mark=MARK)]
    if revoked:
        made.append(RevokeSecurityGroupEgress("v", name, mark=MARK))
    return [*made, *rules]


def lets_in(name: str, protocol: int, ports: Ports, peer: str, icmp_type: int = -1) -> Request:
    return AuthorizeSecurityGroupIngress("v", name, protocol, ports, icmp_type, -1, _peer(peer), "", mark=MARK)


def lets_out(name: str, protocol: int, ports: Ports, peer: str) -> Request:
    return AuthorizeSecurityGroupEgress("v", name, protocol, ports, -1, -1, _peer(peer), "", mark=MARK)


def _peer(text: str) -> Cidr | str:
    return parse_cidr(text) if text[0].isdigit() else text


def entry(acl: str, way: str, number: int, allow: bool, protocol: int, ports: Ports, block: str) -> Request:
    cidr = parse_cidr(block)
    return CreateNetworkAclEntry("v", acl, way == "out", number, allow, protocol, ports, -1, -1, cidr, "", mark=MARK)


def acl(name: str, subnet: str, *entries: Request) -> list[Request]:
    return [
        CreateNetworkAcl("v", name, mark=MARK),
        ReplaceNetworkAclAssociation("v", name, subnet, mark=MARK),
        *entries,
    ]


def routes_of(subnet: str, *routes: tuple[str, str], through: Through = "instance") -> list[Request]:
    """A table with these routes, for this subnet."""
    return [
        CreateRouteTable("v", "t", mark=MARK),
        AssociateRouteTable("v", "t", subnet, mark=MARK),
        *(CreateRoute("v", "t", parse_cidr(block), target, through, mark=MARK) for block, target in routes),
    ]


def tcp(dst_port: int, src_port: int = 40000, flags: str = "S") -> Packet:
    return Packet(TCP, src_port, dst_port, flags=flags)


def udp(dst_port: int, src_port: int = 40000) -> Packet:
    return Packet(UDP, src_port, dst_port)


EVERYBODY = (run("left", "open"), run("near", "open"), run("right", "open"), run("box", "open", check=False))
OPEN = group("open", lets_in("open", -1, None, EVERYWHERE))
