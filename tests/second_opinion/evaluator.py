"""The second opinion: what AWS's documents say becomes of a packet, slow and obvious.

It shares nothing with the datapath but the requests that describe a world.
"""

from collections.abc import Generator, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from .model import EVERYWHERE, AclRule, GroupRule, Instance, Region, Subnet, Vpc
from .packet import TCP, UDP, Ending, Packet, Place, Verdict

LOCAL = "local"
LINK_LOCAL = IPv4Network("169.254.0.0/16")
MULTICAST = IPv4Network("224.0.0.0/4")
LIMITED_BROADCAST = IPv4Address("255.255.255.255")


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


class Evaluator(Region):
    def send(self, src: tuple[str, str], dst: IPv4Address, packet: Packet, now_s: float) -> Verdict:
        """What becomes of the packet that instance `src` sends now; what it changes is remembered."""
        vpc = self.vpcs[src[0]]
        return next(_way(vpc, vpc.instances[src[1]], dst, packet, now_s))

    def explain(self, src: tuple[str, str], dst: IPv4Address, packet: Packet, now_s: float) -> list[Verdict]:
        """Everything that is in the packet's way, as if each refusal had been mended; and where it ends."""
        vpc = self.vpcs[src[0]]
        return list(_way(vpc, vpc.instances[src[1]], dst, packet, now_s))

    def copy(self) -> "Evaluator":
        return deepcopy(self)


def _way(vpc: Vpc, sender: Instance, dst: IPv4Address, packet: Packet, now_s: float) -> Iterator[Verdict]:
    """The first verdict is the packet's end. Who asks on learns what else there is behind it."""
    sent = Sent(packet, packet.source or sender.address, dst, now_s)
    if _is_broadcast(sender.subnet, dst):
        yield Verdict(Ending.BROADCAST, Place.HOST)
        return
    if _asks_in_vain(vpc, sender, sent):
        yield Verdict(Ending.NO_MAPPING, Place.MAPPING)
        return
    if sender.checked and sent.src != sender.address:
        yield Verdict(Ending.SOURCE_DEST_CHECK, Place.EGRESS_CHECK)
    if _is_answered_by_the_host(vpc, sender.subnet, dst):
        yield Verdict(Ending.UNKNOWN, Place.HOST)
        return
    leave = _security_groups(vpc, sender, sent, outward=True)
    if not leave.passes:
        yield Verdict(Ending.SECURITY_GROUP, Place.EGRESS_SG)
    receiver = yield from _find_receiver(vpc, sender, sent)
    if receiver is not None:
        sender.tracker.record(sent.src, dst, packet, now_s, leave.tracked)
        yield from _enter(vpc, sender, receiver, sent)


def _is_answered_by_the_host(vpc: Vpc, subnet: Subnet, dst: IPv4Address) -> bool:
    router = subnet.block[1]
    resolver = vpc.block[2]
    return dst in LINK_LOCAL or dst in (router, resolver)


def _is_broadcast(subnet: Subnet, dst: IPv4Address) -> bool:
    return dst in MULTICAST or dst in (LIMITED_BROADCAST, subnet.block[-1])


def _asks_in_vain(vpc: Vpc, sender: Instance, sent: Sent) -> bool:
    """In its own subnet the sender must learn a MAC address first, by ARP: nobody answers for nobody."""
    if sent.packet.via or sent.dst not in sender.subnet.block:
        return False
    return vpc.at(sent.dst) is None and not _is_answered_by_the_host(vpc, sender.subnet, sent.dst)


def _find_receiver(vpc: Vpc, sender: Instance, sent: Sent) -> Generator[Verdict, None, Instance | None]:
    """The instance whose interface gets the packet next: the destination, or an appliance that a route names."""
    if sent.packet.via:
        return vpc.instances[sent.packet.via]
    if sent.dst not in sender.subnet.block:
        if not _acl_allows(vpc.acls[sender.subnet.acl].egress, sent.packet, sent.dst):
            yield Verdict(Ending.NETWORK_ACL, Place.EGRESS_ACL)
        target = _longest_match(vpc, vpc.tables[sender.subnet.table], sent.dst)
        if target is None:
            yield Verdict(Ending.NO_ROUTE, Place.ROUTE)
            return None
        if target != LOCAL:
            return vpc.instances[target]
    receiver = vpc.at(sent.dst)
    if receiver is None:
        yield Verdict(Ending.NO_MAPPING, Place.MAPPING)
    return receiver


def _longest_match(vpc: Vpc, table: Mapping[IPv4Network, str], dst: IPv4Address) -> str | None:
    routes = {**table, vpc.block: LOCAL}
    fitting = [block for block in routes if dst in block]
    return routes[max(fitting, key=lambda block: block.prefixlen)] if fitting else None


def _enter(vpc: Vpc, sender: Instance, receiver: Instance, sent: Sent) -> Iterator[Verdict]:
    name = receiver.name
    comes_from_outside = receiver.subnet is not sender.subnet
    if comes_from_outside and not _acl_allows(vpc.acls[receiver.subnet.acl].ingress, sent.packet, sent.src):
        yield Verdict(Ending.NETWORK_ACL, Place.INGRESS_ACL, name)
    if receiver.checked and sent.dst != receiver.address:
        yield Verdict(Ending.SOURCE_DEST_CHECK, Place.INGRESS_CHECK, name)
    enter = _security_groups(vpc, receiver, sent, outward=False)
    if not enter.passes:
        yield Verdict(Ending.SECURITY_GROUP, Place.INGRESS_SG, name)
    receiver.tracker.record(sent.src, sent.dst, sent.packet, sent.now_s, enter.tracked)
    yield Verdict(Ending.DELIVERED, Place.RECEIVER, name)


def _security_groups(vpc: Vpc, instance: Instance, sent: Sent, outward: bool) -> Judgement:
    if instance.tracker.knows(sent.src, sent.dst, sent.packet, sent.now_s):
        return Judgement(passes=True)
    peer = sent.dst if outward else sent.src
    rules = vpc.rules(instance, outward)
    permitting = [rule for rule in rules if rule.traffic.covers(sent.packet) and _is_peer(vpc, rule, peer)]
    if not permitting:
        # Whoever mends this will hardly open it to everybody.
        return Judgement(passes=False, tracked=True)
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
