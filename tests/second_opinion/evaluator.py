"""The second opinion: what AWS's documents say becomes of a packet, slow and obvious.

It shares nothing with the datapath but the requests that describe a world.
"""

from collections.abc import Generator, Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv4Network

from dcsim.topology.plan import INTERNET

from .model import OUTSIDER_PREFIX, AclRule, GroupRule, Instance, Region, Subnet, Target, Transit, Vpc
from .nat import NatGateway
from .packet import ICMP, TCP, UDP, Ending, Packet, Place, Quote, Sent, Verdict

LOCAL = Target("local")
PRIVATE = [IPv4Network(each) for each in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")]
"""RFC 1918 and RFC 6598: nothing of the Internet's."""
LINK_LOCAL = IPv4Network("169.254.0.0/16")
MULTICAST = IPv4Network("224.0.0.0/4")
MOST_NATS = 8
"""Nobody here builds more of them in a row."""
INTERNET_OCTETS = 1500
"""Section 7: through an internet gateway."""
LIMITED_BROADCAST = IPv4Address("255.255.255.255")


@dataclass(frozen=True)
class Judgement:
    """What an interface's security groups say. `tracked`: the packet starts a conversation if it is new."""

    passes: bool
    tracked: bool = False


@dataclass(frozen=True)
class Door:
    """An interface of a transit gateway, which answers nothing that is for itself."""

    vpc: Vpc
    subnet: Subnet


class Evaluator(Region):
    def send(self, src: tuple[str, str], dst: IPv4Address, packet: Packet, now_s: float) -> Verdict:
        """What becomes of the packet that `src` sends now; what it changes is remembered."""
        return next(self._way(src, dst, packet, now_s))

    def explain(self, src: tuple[str, str], dst: IPv4Address, packet: Packet, now_s: float) -> list[Verdict]:
        """Everything that is in the packet's way, as if each refusal had been mended; and where it ends."""
        self.is_asked = True
        return list(self._way(src, dst, packet, now_s))

    def copy(self) -> "Evaluator":
        return deepcopy(self)

    def _way(self, src: tuple[str, str], dst: IPv4Address, packet: Packet, now_s: float) -> Iterator[Verdict]:
        """The first verdict is the packet's end. Who asks on learns what else there is behind it."""
        if src[0] == INTERNET:
            home = self.outside[src[1]]
            return _from_outside(self, home, Sent(packet, packet.source or home, dst, now_s))
        sender = self.vpcs[src[0]].instances[src[1]]
        return _from_inside(self, sender, Sent(packet, packet.source or sender.address, dst, now_s))


def _from_inside(region: Region, sender: Instance, sent: Sent) -> Iterator[Verdict]:
    vpc = sender.vpc
    if _is_broadcast(sender.subnet, sent.dst):
        yield Verdict(Ending.BROADCAST, Place.HOST)
        return
    if _asks_in_vain(vpc, sender, sent):
        yield Verdict(Ending.NO_MAPPING, Place.MAPPING)
        return
    if sender.checked and sent.src not in sender.addresses:
        yield Verdict(Ending.SOURCE_DEST_CHECK, Place.EGRESS_CHECK)
    if _is_answered_by_the_host(vpc, sender.subnet, sent.dst):
        yield Verdict(Ending.UNKNOWN, Place.HOST)
        return
    leave = _security_groups(vpc, sender, sent, outward=True, by_service=_leaves_by_service(sender, sent))
    if not leave.passes:
        yield Verdict(Ending.SECURITY_GROUP, Place.EGRESS_SG)
    onward = yield from _next_hop(region, sender, sent)
    if onward is None:
        return
    sender.tracker.record(sent.src, sent.dst, sent.packet, sent.now_s, leave.tracked)
    yield from _onward(region, sender, onward, sent)


def _onward(
    region: Region, sender: Instance, onward: "Instance | Door | Transit | Sent", sent: Sent
) -> Iterator[Verdict]:
    if isinstance(onward, Transit):
        yield from _over_transit(region, onward, sender.vpc, sender.subnet, sent)
    elif isinstance(onward, Door):
        yield from _at_the_door(onward, sender.subnet, sent)
    elif isinstance(onward, Instance):
        if isinstance(onward, NatGateway) and onward.vpc is not sender.vpc:
            # Section 5: it is for its own VPC.
            yield Verdict(Ending.GATEWAY, Place.GATEWAY)
        by_service, forwarded = isinstance(sender, NatGateway), sent.src not in sender.addresses
        yield from _enter(region, onward, sent, onward.subnet is not sender.subnet, by_service, forwarded)
    else:
        if sent.packet.octets > INTERNET_OCTETS:
            # What a NAT gateway makes of what it is told, its client's ACLs and groups decide: not said here.
            told = None if isinstance(sender, NatGateway) else _is_told(sender.vpc, sender, sent)
            yield Verdict(Ending.OVERSIZE, Place.GATEWAY, told=told)
        yield from _over_the_border(region, onward)


def _by_nat(region: Region, nat: NatGateway, sent: Sent) -> Iterator[Verdict]:
    """In another header, out again by the gateway's own subnet."""
    if sent.nats > MOST_NATS:
        yield Verdict(Ending.OTHER, Place.NAT)
        return
    for passed in nat.pass_on(sent, region.seen_ports, region.is_asked):
        if isinstance(passed, Verdict):
            yield passed
            return
        passed = replace(passed, routers=sent.routers + 1, nats=sent.nats + 1)
        onward = yield from _behind(_next_hop(region, nat, passed))
        if onward is not None:
            yield from _onward(region, nat, onward, passed)


def _behind(
    hop: "Generator[Verdict, None, Instance | Door | Transit | Sent | None]",
) -> "Generator[Verdict, None, Instance | Door | Transit | Sent | None]":
    """For who looks on from outside, whatever refuses behind a gateway is on the receiver's side."""
    while True:
        try:
            verdict = next(hop)
        except StopIteration as end:
            found: Instance | Door | Transit | Sent | None = end.value
            return found
        yield replace(verdict, place=Place.INGRESS_ACL) if verdict.place is Place.EGRESS_ACL else verdict


def _from_outside(region: Region, home: IPv4Address, sent: Sent) -> Iterator[Verdict]:
    """No rules, outside; but a provider carries nothing forged (RFC 2827), nor to private addresses."""
    network = IPv4Network((home, OUTSIDER_PREFIX), strict=False)
    if sent.dst in network and sent.dst not in region.outside.values():
        # By ARP, nobody answers for nobody.
        yield Verdict(Ending.NO_MAPPING, Place.MAPPING)
        return
    if sent.src != home:
        yield Verdict(Ending.SOURCE_DEST_CHECK, Place.EGRESS_CHECK)
    if sent.dst in network:
        yield from _to_outsider(region, sent)
    elif _is_private(sent.dst):
        yield Verdict(Ending.GATEWAY, Place.GATEWAY)
    else:
        if sent.packet.octets > INTERNET_OCTETS:
            # Its provider's router; nobody filters there.
            yield Verdict(Ending.OVERSIZE, Place.GATEWAY, told=not sent.packet.is_error)
        yield from _over_the_border(region, sent)


def _is_told(vpc: Vpc, sender: Instance, sent: Sent) -> bool:
    """Section 3: "fragmentation needed" is about a tracked conversation, or needs a rule. No network ACL is between the
    router and its guest; about errors nobody makes errors (RFC 1122)."""
    if sent.packet.is_error or sent.src not in sender.addresses:
        return False
    error = Packet(ICMP, icmp_type=3, icmp_code=4, quote=Quote(sent.src, sent.dst, sent.packet))
    heard = Sent(error, sender.subnet.block[1], sent.src, sent.now_s)
    return _security_groups(vpc, sender, heard, outward=False, by_service=False).passes


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
    holder = vpc.at(sent.dst)
    # Nor does anybody answer who asks for an address of its own.
    known = sent.dst in vpc.doors or (holder is not None and holder is not sender)
    return not known and not _is_answered_by_the_host(vpc, sender.subnet, sent.dst)


def _next_hop(
    region: Region, sender: Instance, sent: Sent
) -> Generator[Verdict, None, Instance | Door | Transit | Sent | None]:
    """The instance whose interface gets the packet next: the destination, or an appliance that a route names.

    Or the packet as it leaves for the Internet.
    """
    vpc = sender.vpc
    if sent.packet.via:
        return vpc.instances[sent.packet.via]
    if sent.dst in sender.subnet.block:
        return (yield from _who_has(vpc, sent))
    if not _acl_allows(vpc.acls[sender.subnet.acl].egress, sent.packet, sent.dst):
        yield Verdict(Ending.NETWORK_ACL, Place.EGRESS_ACL)
    target = _longest_match(vpc, sender.subnet.table or vpc.main_table, sent.dst)
    if target is None:
        yield Verdict(Ending.NO_ROUTE, Place.ROUTE)
        return None
    match target.through:
        case "instance":
            return vpc.instances[target.name]
        case "nat_gateway":
            return vpc.nats[target.name]
        case "nowhere":
            # What is not simulated has no place: the packet is not followed from its sender.
            gone = target.name == "blackhole"
            yield Verdict(Ending.BLACKHOLE, Place.ROUTE) if gone else Verdict(Ending.UNKNOWN, Place.HOST)
            return None
        case "internet_gateway":
            return (yield from _gateway_out(vpc, sent))
        case "vpc_peering_connection":
            if target.name not in vpc.peers:
                yield Verdict(Ending.BLACKHOLE, Place.ROUTE)
                return None
            return (yield from _over_the_peering(vpc.peers[target.name], sent))
        case "transit_gateway":
            transit = region.transits[target.name]
            if sender.subnet.zone in transit.of(vpc).doors:
                return transit
            yield Verdict(Ending.GATEWAY, Place.GATEWAY)
            return None
        case _:
            return (yield from _who_has(vpc, sent))


def _who_has(vpc: Vpc, sent: Sent) -> Generator[Verdict, None, Instance | Door | None]:
    if sent.dst in vpc.doors:
        return Door(vpc, next(each for each in vpc.subnets.values() if sent.dst in each.block))
    receiver = vpc.at(sent.dst)
    if receiver is None:
        yield Verdict(Ending.NO_MAPPING, Place.MAPPING)
    return receiver


def _at_the_door(door: Door, origin: Subnet, sent: Sent) -> Iterator[Verdict]:
    if door.subnet is not origin and not _acl_allows(door.vpc.acls[door.subnet.acl].ingress, sent.packet, sent.src):
        yield Verdict(Ending.NETWORK_ACL, Place.INGRESS_ACL)
    yield Verdict(Ending.NO_MAPPING, Place.MAPPING)


def _over_transit(region: Region, transit: Transit, vpc: Vpc, origin: Subnet, sent: Sent) -> Iterator[Verdict]:
    """Section 6: in by the sender's zone, by the attachment's table to another one, out in the same zone if it is there.

    Of its doors' ACLs, the way in is asked at the first, the way out at the second (Transit Gateway guide).
    """
    mine = transit.of(vpc)
    door = mine.doors[origin.zone]
    if door is not origin and not _acl_allows(vpc.acls[door.acl].ingress, sent.packet, sent.src):
        yield Verdict(Ending.NETWORK_ACL, Place.INGRESS_ACL)
    if not mine.table:
        yield Verdict(Ending.GATEWAY, Place.GATEWAY)
        return
    routes = transit.routes(mine.table)
    fitting = [block for block in routes if sent.dst in block]
    if not fitting:
        yield Verdict(Ending.NO_ROUTE, Place.ROUTE)
        return
    name = routes[max(fitting, key=lambda block: block.prefixlen)]
    if name is None:
        yield Verdict(Ending.BLACKHOLE, Place.ROUTE)
        return
    theirs = transit.attachments[name]
    if origin.zone not in theirs.doors:
        assert len(theirs.doors) == 1, "who can say which zone a hash names?"
    exit_ = theirs.doors.get(origin.zone) or next(iter(theirs.doors.values()))
    yield from _out_of_transit(region, theirs.vpc, exit_, replace(sent, routers=sent.routers + 1, clamped=True))


def _out_of_transit(region: Region, vpc: Vpc, exit_: Subnet, sent: Sent) -> Iterator[Verdict]:
    receiver: Instance | Door | None
    if sent.dst in exit_.block:
        receiver = yield from _who_has(vpc, sent)
    else:
        if not _acl_allows(vpc.acls[exit_.acl].egress, sent.packet, sent.dst):
            yield Verdict(Ending.NETWORK_ACL, Place.INGRESS_ACL)
        target = _longest_match(vpc, exit_.table or vpc.main_table, sent.dst)
        assert target is not None and target.through in ("local", "instance", "nat_gateway"), "to its own blocks"
        appliances = {**vpc.instances, **vpc.nats}
        receiver = appliances[target.name] if target.name else (yield from _who_has(vpc, sent))
    if isinstance(receiver, Door):
        yield from _at_the_door(receiver, exit_, sent)
    elif receiver is not None:
        yield from _enter(region, receiver, sent, receiver.subnet is not exit_, by_service=True, forwarded=True)


def _longest_match(vpc: Vpc, table: str, dst: IPv4Address) -> Target | None:
    """Section 1.5: of the same block, a static route counts before a prefix list's."""
    routes = {**vpc.list_routes[table], **dict.fromkeys(vpc.blocks, LOCAL), **vpc.tables[table]}
    fitting = [block for block in routes if dst in block]
    return routes[max(fitting, key=lambda block: block.prefixlen)] if fitting else None


def _over_the_peering(peer: Vpc, sent: Sent) -> Generator[Verdict, None, Instance | Door | None]:
    """Section 6: to the peer's own addresses, and no further. Nobody asks where it comes from."""
    if not any(sent.dst in block for block in peer.blocks):
        yield Verdict(Ending.NOT_TRANSITIVE, Place.PEERING)
        return None
    return (yield from _who_has(peer, sent))


def _gateway_out(vpc: Vpc, sent: Sent) -> Generator[Verdict, None, Sent | None]:
    """Section 5: the source must have a public address, which the packet then carries.

    Whoever sends it: middleboxes forward what others sent (VPC User Guide, "Middlebox routing").
    """
    source = vpc.at(sent.src)
    public = source.publics.get(sent.src) if source else None
    if public is None or _is_private(sent.dst):
        yield Verdict(Ending.GATEWAY, Place.GATEWAY)
        return None
    quote = sent.packet.quote
    if quote is not None and quote.dst == sent.src:
        # What an error is about came to the public address, as its reader knows.
        quote = replace(quote, dst=public)
    return replace(sent, src=public, packet=replace(sent.packet, quote=quote))


def _over_the_border(region: Region, sent: Sent) -> Iterator[Verdict]:
    """From the Internet, or back to it, to whoever has the public address."""
    instance = region.owner(sent.dst)
    if _is_private(sent.src) or (instance is not None and not instance.vpc.has_gateway):
        yield Verdict(Ending.GATEWAY, Place.GATEWAY)
    elif instance is not None:
        yield from _gateway_in(region, instance, sent)
    else:
        yield from _to_outsider(region, sent)


def _to_outsider(region: Region, sent: Sent) -> Iterator[Verdict]:
    for name, address in region.outside.items():
        if address == sent.dst:
            yield Verdict(Ending.DELIVERED, Place.RECEIVER, name, sent)
            return
    yield Verdict(Ending.NO_MAPPING, Place.BORDER)


def _gateway_in(region: Region, instance: Instance, sent: Sent) -> Iterator[Verdict]:
    quote = sent.packet.quote
    private = next(private for private, public in instance.publics.items() if public == sent.dst)
    if quote is not None and quote.src == sent.dst:
        quote = replace(quote, src=private)
    inside = replace(sent, dst=private, packet=replace(sent.packet, quote=quote))
    table = instance.vpc.gateway_table
    target = _longest_match(instance.vpc, table, private) if table else LOCAL
    if target is None or target.through != "instance":
        yield from _enter(region, instance, inside, crosses=True)
        return
    # Section 1.6: a middlebox gets it first, and must have a public address itself.
    middlebox = instance.vpc.instances[target.name]
    if not middlebox.publics:
        yield Verdict(Ending.UNKNOWN, Place.RECEIVER)
        return
    yield from _enter(region, middlebox, inside, crosses=True)


def _is_private(address: IPv4Address) -> bool:
    return any(address in block for block in PRIVATE)


def _enter(
    region: Region, receiver: Instance, sent: Sent, crosses: bool, by_service: bool = False, forwarded: bool = False
) -> Iterator[Verdict]:
    """`crosses`: the packet comes from outside the receiver's subnet. `forwarded`: somebody brings another's."""
    vpc, name = receiver.vpc, receiver.name
    if crosses and not _acl_allows(vpc.acls[receiver.subnet.acl].ingress, sent.packet, sent.src):
        yield Verdict(Ending.NETWORK_ACL, Place.INGRESS_ACL, name)
    if isinstance(receiver, NatGateway):
        yield from _by_nat(region, receiver, sent)
        return
    if receiver.checked and sent.dst not in receiver.addresses:
        yield Verdict(Ending.SOURCE_DEST_CHECK, Place.INGRESS_CHECK, name)
    enter = _security_groups(vpc, receiver, sent, outward=False, by_service=by_service, forwarded=forwarded)
    if not enter.passes:
        yield Verdict(Ending.SECURITY_GROUP, Place.INGRESS_SG, name)
    receiver.tracker.record(sent.src, sent.dst, sent.packet, sent.now_s, enter.tracked)
    yield Verdict(Ending.DELIVERED, Place.RECEIVER, name, sent)


def _security_groups(
    vpc: Vpc, instance: Instance, sent: Sent, outward: bool, by_service: bool, forwarded: bool = False
) -> Judgement:
    """`by_service`: over a gateway whose flows are tracked whatever the rules are. `forwarded`: by somebody who is not
    the source, who is then nobody to rules that let a group in (section 1.6)."""
    if instance.tracker.knows(sent.src, sent.dst, sent.packet, sent.now_s):
        return Judgement(passes=True)
    peer = sent.dst if outward else sent.src
    rules = vpc.rules(instance, outward)
    fitting = [rule for rule in rules if not (forwarded and isinstance(rule.peer, str))]
    permitting = [rule for rule in fitting if rule.traffic.covers(sent.packet) and _is_peer(vpc, rule, peer)]
    if not permitting:
        # Whoever mends this will hardly open it to everybody.
        return Judgement(passes=False, tracked=True)
    back = vpc.rules(instance, not outward)
    return Judgement(passes=True, tracked=by_service or not _is_untracked(sent.packet.protocol, permitting, back))


def _leaves_by_service(sender: Instance, sent: Sent) -> bool:
    if sent.packet.via or sent.dst in sender.subnet.block:
        return False
    target = _longest_match(sender.vpc, sender.subnet.table or sender.vpc.main_table, sent.dst)
    return target is not None and target.through in ("nat_gateway", "transit_gateway")


def _is_peer(vpc: Vpc, rule: GroupRule, peer: IPv4Address) -> bool:
    """A group means the private addresses of its members; a peer's group (`vpc/group`) too."""
    if isinstance(rule.peer, str):
        return vpc.is_member(peer, rule.peer)
    return any(peer in block for block in rule.peer)


def _is_untracked(protocol: int, permitting: list[GroupRule], back: list[GroupRule]) -> bool:
    """From and to everywhere, and everything of the protocol may come back: nothing to remember. TCP and UDP only."""
    if protocol not in (TCP, UDP):
        return False
    open_to_all = any(rule.is_for_all for rule in permitting)
    open_back = any(rule.is_for_all and rule.traffic.covers_all_of(protocol) for rule in back)
    return open_to_all and open_back


def _acl_allows(rules: list[AclRule], packet: Packet, peer: IPv4Address) -> bool:
    for rule in sorted(rules, key=lambda rule: rule.number):
        if rule.traffic.covers(packet) and peer in rule.block:
            return rule.allow
    return False
