"""The second opinion: what AWS's documents say becomes of a packet, slow and obvious.

It shares nothing with the datapath but the requests that describe a world.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network

from dcsim.request import (
    ALL_PROTOCOLS,
    ANY_ICMP,
    AssociateRouteTable,
    AuthorizeSecurityGroupEgress,
    AuthorizeSecurityGroupIngress,
    CreateNetworkAcl,
    CreateNetworkAclEntry,
    CreateRoute,
    CreateRouteTable,
    CreateSecurityGroup,
    CreateSubnet,
    CreateVpc,
    ReplaceNetworkAclAssociation,
    Request,
    RevokeSecurityGroupEgress,
    RunInstances,
)

from .packet import TCP, UDP, Ending, Packet, Place, Verdict
from .tracking import Tracker

EVERYWHERE = IPv4Network("0.0.0.0/0")
LINK_LOCAL = IPv4Network("169.254.0.0/16")
MULTICAST = IPv4Network("224.0.0.0/4")
LIMITED_BROADCAST = IPv4Address("255.255.255.255")
ALL_PORTS = (0, 65535)


@dataclass(frozen=True)
class Traffic:
    """What a rule speaks of, whoever the peer."""

    protocol: int
    ports: tuple[int, int]
    icmp_type: int
    icmp_code: int

    def covers(self, packet: Packet) -> bool:
        if self.protocol == ALL_PROTOCOLS:
            return True
        if self.protocol != packet.protocol:
            return False
        if packet.has_ports:
            return self.ports[0] <= packet.dst_port <= self.ports[1]
        if packet.has_type:
            right_type = self.icmp_type in (ANY_ICMP, packet.icmp_type)
            return right_type and self.icmp_code in (ANY_ICMP, packet.icmp_code)
        return self.is_whole_protocol

    @property
    def is_whole_protocol(self) -> bool:
        return self.ports == ALL_PORTS and self.icmp_type == ANY_ICMP and self.icmp_code == ANY_ICMP

    def covers_all_of(self, protocol: int) -> bool:
        return self.protocol == ALL_PROTOCOLS or (self.protocol == protocol and self.is_whole_protocol)


@dataclass(frozen=True)
class GroupRule:
    traffic: Traffic
    peer: IPv4Network | str


@dataclass(frozen=True)
class AclRule:
    number: int
    allow: bool
    traffic: Traffic
    block: IPv4Network


@dataclass
class Group:
    ingress: list[GroupRule] = field(default_factory=list)
    egress: list[GroupRule] = field(default_factory=list)


@dataclass
class Acl:
    ingress: list[AclRule] = field(default_factory=list)
    egress: list[AclRule] = field(default_factory=list)


@dataclass
class Subnet:
    block: IPv4Network
    table: str = "main"
    acl: str = "default"


@dataclass
class Instance:
    name: str
    address: IPv4Address
    subnet: Subnet
    groups: tuple[str, ...]
    checked: bool
    tracker: Tracker = field(default_factory=Tracker)


EVERYTHING = Traffic(ALL_PROTOCOLS, ALL_PORTS, ANY_ICMP, ANY_ICMP)
ANYBODY = GroupRule(EVERYTHING, EVERYWHERE)


@dataclass
class Vpc:
    """As EC2 makes it: a main route table, a default network ACL, a default security group."""

    block: IPv4Network
    subnets: dict[str, Subnet] = field(default_factory=dict)
    tables: dict[str, dict[IPv4Network, str]] = field(default_factory=lambda: {"main": {}})
    acls: dict[str, Acl] = field(default_factory=lambda: {"default": default_acl()})
    groups: dict[str, Group] = field(default_factory=lambda: {"default": default_group()})
    instances: dict[str, Instance] = field(default_factory=dict)

    def at(self, address: IPv4Address) -> Instance | None:
        for instance in self.instances.values():
            if instance.address == address:
                return instance
        return None

    def rules(self, instance: Instance, outward: bool) -> list[GroupRule]:
        groups = [self.groups[name] for name in instance.groups]
        return [rule for group in groups for rule in (group.egress if outward else group.ingress)]

    def is_member(self, address: IPv4Address, group: str) -> bool:
        instance = self.at(address)
        return instance is not None and group in instance.groups


def default_acl() -> Acl:
    return Acl([AclRule(100, True, EVERYTHING, EVERYWHERE)], [AclRule(100, True, EVERYTHING, EVERYWHERE)])


def default_group() -> Group:
    return Group([GroupRule(EVERYTHING, "default")], [ANYBODY])


@dataclass(frozen=True)
class Judgement:
    """What an interface's security groups say. `tracked`: the packet starts a conversation if it is new."""

    passes: bool
    tracked: bool = False


@dataclass(frozen=True)
class Sent:
    """A packet on its way, with the addresses in its header."""

    packet: Packet
    src: IPv4Address
    dst: IPv4Address
    now_s: float


class Evaluator:
    """`addresses` has each instance's private address, by (VPC, name)."""

    def __init__(self, requests: Iterable[Request], addresses: Mapping[tuple[str, str], str]) -> None:
        self.vpcs: dict[str, Vpc] = {}
        self._addresses = addresses
        for request in requests:
            self.apply(request)

    def apply(self, request: Request) -> None:
        if isinstance(request, CreateVpc):
            self.vpcs[request.name] = Vpc(IPv4Network(request.cidr_block))
            return
        vpc = self.vpcs[request.vpc]
        match request:
            case CreateSubnet():
                vpc.subnets[request.name] = Subnet(IPv4Network(request.cidr_block))
            case CreateRouteTable():
                vpc.tables[request.name] = {}
            case CreateRoute():
                vpc.tables[request.route_table][IPv4Network(request.destination)] = request.target
            case AssociateRouteTable():
                vpc.subnets[request.subnet].table = request.route_table
            case CreateNetworkAcl():
                vpc.acls[request.name] = Acl()
            case CreateNetworkAclEntry():
                acl = vpc.acls[request.network_acl]
                (acl.egress if request.egress else acl.ingress).append(_acl_rule(request))
            case ReplaceNetworkAclAssociation():
                vpc.subnets[request.subnet].acl = request.network_acl
            case CreateSecurityGroup():
                vpc.groups[request.name] = Group(egress=[ANYBODY])
            case AuthorizeSecurityGroupIngress():
                vpc.groups[request.group].ingress.append(_group_rule(request))
            case AuthorizeSecurityGroupEgress():
                vpc.groups[request.group].egress.append(_group_rule(request))
            case RevokeSecurityGroupEgress():
                vpc.groups[request.group].egress.remove(ANYBODY)
            case RunInstances():
                vpc.instances[request.name] = self._instance(vpc, request)

    def _instance(self, vpc: Vpc, request: RunInstances) -> Instance:
        address = IPv4Address(self._addresses[request.vpc, request.name])
        groups = request.security_groups or ("default",)
        return Instance(request.name, address, vpc.subnets[request.subnet], groups, request.source_dest_check)

    def send(self, src: tuple[str, str], dst: IPv4Address, packet: Packet, now_s: float) -> Verdict:
        """What becomes of the packet that instance `src` sends now; what it changes is remembered."""
        vpc = self.vpcs[src[0]]
        sender = vpc.instances[src[1]]
        sent = Sent(packet, packet.source or sender.address, dst, now_s)
        if sender.checked and sent.src != sender.address:
            return Verdict(Ending.SOURCE_DEST_CHECK, Place.EGRESS_CHECK)
        if _is_answered_by_the_host(vpc, sender.subnet, dst):
            return Verdict(Ending.UNKNOWN, Place.HOST)
        if _is_broadcast(sender.subnet, dst):
            return Verdict(Ending.BROADCAST, Place.HOST)
        leave = _security_groups(vpc, sender, sent, outward=True)
        if not leave.passes:
            return Verdict(Ending.SECURITY_GROUP, Place.EGRESS_SG)
        receiver = _find_receiver(vpc, sender, sent)
        if isinstance(receiver, Verdict):
            return receiver
        sender.tracker.record(sent.src, dst, packet, now_s, leave.tracked)
        return _enter(vpc, sender, receiver, sent)


def _is_answered_by_the_host(vpc: Vpc, subnet: Subnet, dst: IPv4Address) -> bool:
    router = subnet.block[1]
    resolver = vpc.block[2]
    return dst in LINK_LOCAL or dst in (router, resolver)


def _is_broadcast(subnet: Subnet, dst: IPv4Address) -> bool:
    return dst in MULTICAST or dst == LIMITED_BROADCAST or dst == subnet.block[-1]


def _find_receiver(vpc: Vpc, sender: Instance, sent: Sent) -> Instance | Verdict:
    """The instance whose interface gets the packet next: the destination, or an appliance that a route names."""
    if sent.dst not in sender.subnet.block:
        if not _acl_allows(vpc.acls[sender.subnet.acl].egress, sent.packet, sent.dst):
            return Verdict(Ending.NETWORK_ACL, Place.EGRESS_ACL)
        routes = {**vpc.tables[sender.subnet.table], vpc.block: "local"}
        fitting = [block for block in routes if sent.dst in block]
        if not fitting:
            return Verdict(Ending.NO_ROUTE, Place.ROUTE)
        target = routes[max(fitting, key=lambda block: block.prefixlen)]
        if target != "local":
            return vpc.instances[target]
    return vpc.at(sent.dst) or Verdict(Ending.NO_MAPPING, Place.MAPPING)


def _enter(vpc: Vpc, sender: Instance, receiver: Instance, sent: Sent) -> Verdict:
    name = receiver.name
    comes_from_outside = receiver.subnet is not sender.subnet
    if comes_from_outside and not _acl_allows(vpc.acls[receiver.subnet.acl].ingress, sent.packet, sent.src):
        return Verdict(Ending.NETWORK_ACL, Place.INGRESS_ACL, name)
    if receiver.checked and sent.dst != receiver.address:
        return Verdict(Ending.SOURCE_DEST_CHECK, Place.INGRESS_CHECK, name)
    enter = _security_groups(vpc, receiver, sent, outward=False)
    if not enter.passes:
        return Verdict(Ending.SECURITY_GROUP, Place.INGRESS_SG, name)
    receiver.tracker.record(sent.src, sent.dst, sent.packet, sent.now_s, enter.tracked)
    return Verdict(Ending.DELIVERED, Place.RECEIVER, name)


def _security_groups(vpc: Vpc, instance: Instance, sent: Sent, outward: bool) -> Judgement:
    if instance.tracker.knows(sent.src, sent.dst, sent.packet, sent.now_s):
        return Judgement(passes=True)
    peer = sent.dst if outward else sent.src
    rules = vpc.rules(instance, outward)
    permitting = [rule for rule in rules if rule.traffic.covers(sent.packet) and _is_peer(vpc, rule, peer)]
    if not permitting:
        return Judgement(passes=False)
    back = vpc.rules(instance, not outward)
    return Judgement(passes=True, tracked=not _is_untracked(sent.packet.protocol, permitting, back))


def _is_peer(vpc: Vpc, rule: GroupRule, peer: IPv4Address) -> bool:
    """A group means the private addresses of its members. Without peering, no other VPC's (`vpc/group`)."""
    if isinstance(rule.peer, str):
        return vpc.is_member(peer, rule.peer)
    return peer in rule.peer


def _is_untracked(protocol: int, permitting: list[GroupRule], back: list[GroupRule]) -> bool:
    """From and to everywhere, and everything of the protocol may come back: nothing to remember. TCP and UDP only."""
    if protocol not in (TCP, UDP):
        return False
    open_to_all = any(rule.peer == EVERYWHERE for rule in permitting)
    open_back = any(rule.peer == EVERYWHERE and rule.traffic.covers_all_of(protocol) for rule in back)
    return open_to_all and open_back


def _acl_allows(rules: list[AclRule], packet: Packet, peer: IPv4Address) -> bool:
    for rule in sorted(rules, key=lambda rule: rule.number):
        if rule.traffic.covers(packet) and peer in rule.block:
            return rule.allow
    return False


def _group_rule(request: AuthorizeSecurityGroupIngress | AuthorizeSecurityGroupEgress) -> GroupRule:
    peer = request.peer
    return GroupRule(_traffic(request), peer if isinstance(peer, str) else IPv4Network(peer))


def _acl_rule(request: CreateNetworkAclEntry) -> AclRule:
    return AclRule(request.rule_number, request.allow, _traffic(request), IPv4Network(request.cidr_block))


def _traffic(
    request: AuthorizeSecurityGroupIngress | AuthorizeSecurityGroupEgress | CreateNetworkAclEntry,
) -> Traffic:
    return Traffic(request.protocol, request.ports or ALL_PORTS, request.icmp_type, request.icmp_code)
