"""Random small worlds as requests: a VPC or two with everything in them that a packet can meet."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network
from itertools import combinations
from random import Random
from typing import Literal

from dcsim.problem import Mark
from dcsim.request import (
    ALL_PROTOCOLS,
    ANY_ICMP,
    AssociateAddress,
    AssociateGatewayRouteTable,
    AssociateRouteTable,
    AssociateVpcCidrBlock,
    AuthorizeSecurityGroupEgress,
    AuthorizeSecurityGroupIngress,
    CreateInternetGateway,
    CreateManagedPrefixList,
    CreateNetworkAcl,
    CreateNetworkAclEntry,
    CreateRoute,
    CreateRouteTable,
    CreateSecurityGroup,
    CreateSubnet,
    CreateVpc,
    CreateVpcPeeringConnection,
    PrefixListName,
    ReplaceMainRouteTable,
    ReplaceNetworkAclAssociation,
    ReplaceRoute,
    Request,
    RevokeSecurityGroupEgress,
    RunInstances,
    Verb,
)
from dcsim.topology.plan import INTERNET, Outsider
from dcsim.transit_request import (
    AssociateTransitGatewayRouteTable,
    CreateTransitGateway,
    CreateTransitGatewayRoute,
    CreateTransitGatewayRouteTable,
    CreateTransitGatewayVpcAttachment,
    EnableTransitGatewayRouteTablePropagation,
)
from netvirt.address import Cidr, Ip, parse_ip

from .model import OUTSIDER_PREFIX, Region
from .packet import ICMP, TCP, UDP

ZONES = ("a", "b")
VPC_BLOCKS = ("10.0.0.0/16", "10.1.0.0/16", "10.0.0.0/24", "172.16.0.0/20", "192.168.4.0/22")
MORE_BLOCKS = {
    "10": ("10.3.0.0/20", "100.64.0.0/24", "10.4.0.0/28"),
    "172": ("172.18.0.0/24", "100.65.0.0/16"),
    "192": ("192.168.128.0/18", "100.66.0.0/24"),
}
"""What may stand beside a VPC's first block, by how that begins."""
OUTSIDE = ("0.0.0.0/0", "8.8.8.0/24", "10.0.0.0/8", "10.1.0.0/16", "172.16.0.0/12", "169.254.0.0/16")
"""Where routes and flows may lead that is in no subnet."""
NAMES = ("north", "south", "east")
OUTSIDER_ADDRESSES = (None, None, None, None, "203.0.113.7", "8.8.8.8", "100.64.7.7")
"""The last has no business there, but who knows."""
STRANGERS = ("198.18.0.0/16", "198.18.0.0/30", "198.51.100.0/24", "198.51.100.10/32", "203.0.113.0/24")
"""Blocks of public addresses that rules may name."""
OTHER_PROTOCOLS = (2, 47, 50, 89, 132)
PORT_RANGES = (None, None, (0, 65535), (22, 22), (80, 443), (443, 443), (1024, 65535), (32768, 60999), (53, 53), (0, 0))
ICMP_KINDS = ((ANY_ICMP, ANY_ICMP), (ANY_ICMP, ANY_ICMP), (8, ANY_ICMP), (0, ANY_ICMP), (3, 4), (3, ANY_ICMP), (13, 0))
WIDE = (ALL_PROTOCOLS, None, ANY_ICMP, ANY_ICMP)
MARK = Mark("random", 1, 1, 2)

Ports = tuple[int, int] | None
Through = Literal["instance", "vpc_peering_connection", "internet_gateway", "transit_gateway", "nowhere"]


@dataclass(frozen=True)
class Somebody:
    """An instance or an outsider, and all that a flow needs to know of it."""

    vpc: str
    name: str
    address: IPv4Address
    subnet_name: str
    subnet: IPv4Network
    groups: tuple[str, ...]
    checked: bool
    public: IPv4Address | None
    home: IPv4Address
    """Its primary address; `address` may be another of its own, and `public` is that one's."""

    @property
    def is_outside(self) -> bool:
        return self.vpc == INTERNET

    @property
    def key(self) -> tuple[str, str]:
        return self.vpc, self.name

    @property
    def subnet_key(self) -> tuple[str, str]:
        return self.vpc, self.subnet_name


@dataclass(frozen=True)
class SmallWorld:
    requests: tuple[Request, ...]
    outsiders: tuple[Outsider, ...] = ()

    @cached_property
    def region(self) -> Region:
        """What the requests come to; to look at, not to change."""
        private = {(run.vpc, run.name): "0.0.0.0" for run in self.runs}
        return Region(self.requests, private, self.outsiders)

    @cached_property
    def strangers(self) -> tuple[Somebody, ...]:
        return tuple(_outsider(name, address) for name, address in self.region.outside.items())

    @cached_property
    def everybody(self) -> tuple[Somebody, ...]:
        return *self.instances, *self.strangers

    def joined(self, vpc: str) -> list[str]:
        """The VPCs that a peering or a transit gateway joins with this one."""
        peers = [peer.name for peer in self.region.vpcs[vpc].peers.values()]
        attached = [each.vpc.name for transit in self.region.transits.values() for each in transit.attachments.values()]
        fellows = [name for name in attached if vpc in attached and name != vpc]
        return list(dict.fromkeys([*peers, *fellows]))

    @cached_property
    def runs(self) -> tuple[RunInstances, ...]:
        return tuple(each for each in self.requests if isinstance(each, RunInstances))

    @cached_property
    def instances(self) -> tuple[Somebody, ...]:
        return tuple(map(self.somebody, self.runs))

    def somebody(self, run: RunInstances) -> Somebody:
        made = [each for each in self.requests if isinstance(each, CreateSubnet)]
        block = next(each.cidr_block for each in made if (each.vpc, each.name) == (run.vpc, run.subnet))
        known = self.region.vpcs[run.vpc].instances.get(run.name)
        return Somebody(
            run.vpc,
            run.name,
            IPv4Address(run.private_ip_address or 0),
            run.subnet,
            IPv4Network(block),
            run.security_groups or ("default",),
            run.source_dest_check,
            known.public if known else None,
            IPv4Address(run.private_ip_address or 0),
        )

    @cached_property
    def faces(self) -> tuple[Somebody, ...]:
        """Every address of everybody's."""
        return *self.strangers, *(face for run in self.runs for face in self._faces(run))

    def _faces(self, run: RunInstances) -> Iterator[Somebody]:
        known, primary = self.region.vpcs[run.vpc].instances[run.name], self.somebody(run)
        yield primary
        for number in run.secondary_private_ip_addresses:
            address = IPv4Address(number)
            yield replace(primary, address=address, public=known.publics.get(address))

    def one_more(self, like: RunInstances) -> RunInstances:
        """A free address of the same subnet."""
        taken = {each.address for each in self.faces if each.vpc == like.vpc}
        # From above: below there may be interfaces of AWS's own.
        free = next(each for each in list(self.somebody(like).subnet)[-2:3:-1] if each not in taken)
        return replace(
            like, name=f"{like.vpc[0]}-late", private_ip_address=Ip(int(free)), secondary_private_ip_addresses=()
        )

    @cached_property
    def addresses(self) -> dict[tuple[str, str], str]:
        return {each.key: str(each.address) for each in self.everybody}

    @cached_property
    def vpcs(self) -> dict[str, IPv4Network]:
        return {each.name: IPv4Network(each.cidr_block) for each in self.requests if isinstance(each, CreateVpc)}

    @cached_property
    def subnets(self) -> tuple[IPv4Network, ...]:
        return tuple(IPv4Network(each.cidr_block) for each in self.requests if isinstance(each, CreateSubnet))

    @cached_property
    def routes(self) -> tuple[IPv4Network, ...]:
        made = [each for each in self.requests if isinstance(each, CreateRoute)]
        return tuple(block for each in made for block in self.region.blocks(each.destination))

    def routes_beyond_peers(self, src: Somebody) -> list[IPv4Network]:
        """Routes over a peering to what is not the peer's own block."""
        routes = self.region.vpcs[src.vpc].tables[self.table_of(src)]
        over = [block for block, target in routes.items() if target.through == "vpc_peering_connection"]
        return [block for block in over if block not in self.vpcs.values()]

    def acls(self, vpc: str) -> list[str]:
        made = [each.name for each in self.requests if isinstance(each, CreateNetworkAcl) and each.vpc == vpc]
        return ["default", *made]

    def tables(self, vpc: str) -> list[str]:
        made = [each.name for each in self.requests if isinstance(each, CreateRouteTable) and each.vpc == vpc]
        return ["main", *made]

    def acl_of(self, somebody: Somebody) -> str:
        replaced = [each for each in self.requests if isinstance(each, ReplaceNetworkAclAssociation)]
        own = [each.network_acl for each in replaced if (each.vpc, each.subnet) == somebody.subnet_key]
        return own[0] if own else "default"

    def follows_main(self, somebody: Somebody) -> bool:
        return not self._own_table(somebody)

    def _own_table(self, somebody: Somebody) -> list[str]:
        associated = [each for each in self.requests if isinstance(each, AssociateRouteTable)]
        return [each.route_table for each in associated if (each.vpc, each.subnet) == somebody.subnet_key]

    def table_of(self, somebody: Somebody) -> str:
        own = self._own_table(somebody)
        replaced = [each for each in self.requests if isinstance(each, ReplaceMainRouteTable)]
        main = [each.route_table for each in replaced if each.vpc == somebody.vpc]
        return [*own[:1], *main, "main"][0]

    def __str__(self) -> str:
        outside = [f"  {name} outside at {address}" for name, address in self.region.outside.items()]
        return "\n".join([*(f"  {sentence(request)}" for request in self.requests), *outside])


def _outsider(name: str, address: IPv4Address) -> Somebody:
    network = IPv4Network((address, OUTSIDER_PREFIX), strict=False)
    return Somebody(INTERNET, name, address, "", network, (), checked=False, public=address, home=address)


def a_world(random: Random) -> SmallWorld:
    count = random.choices((1, 2, 3), (45, 40, 15))[0]
    blocks = random.sample(VPC_BLOCKS, count)
    lists = _some_lists(random)
    makers = [_VpcMaker(random, name, IPv4Network(block), lists) for name, block in zip(NAMES, blocks)]
    requests: list[Request] = [
        CreateManagedPrefixList(name, 9, tuple(map(cidr, blocks)), mark=MARK) for name, blocks in lists.items()
    ]
    requests += [request for maker in makers for request in maker.places()]
    by_transit = count > 1 and random.random() < 0.4
    for one, other in combinations(makers, 2):
        if one.apart_from(other) and random.random() < (0.2 if by_transit else 0.75):
            requests.append(one.peer_with(other))
    # Whoever needs something finds it.
    for things in (_VpcMaker.rules, _VpcMaker.people):
        requests += [request for maker in makers for request in things(maker)]
    if by_transit:
        requests += _a_transit_gateway(random, makers)
    requests += [request for maker in makers for request in maker.routes()]
    return SmallWorld(without_duplicates(requests), _some_outsiders(random))


CORE = "core"


def _a_transit_gateway(random: Random, makers: "Sequence[_VpcMaker]") -> list[Request]:
    """One or two tables; routes of its own lead to an attached VPC's own blocks, or nowhere: none leads in circles."""
    made: list[Request] = [CreateTransitGateway(CORE, False, mark=MARK)]
    attached = [maker for maker in makers if maker.attach()]
    made += [
        CreateTransitGatewayVpcAttachment(maker.name, maker.name, CORE, maker.doors, False, mark=MARK)
        for maker in attached
    ]
    for maker in attached:
        theirs = [block for other in attached for block in other.blocks if other is not maker]
        maker.fellows = [block for block in theirs if not any(block.overlaps(own) for own in maker.blocks)]
    tables = ["rt1", "rt2"][: random.choice((1, 1, 2))]
    for table in tables:
        made.append(CreateTransitGatewayRouteTable(CORE, table, mark=MARK))
        made += [
            EnableTransitGatewayRouteTablePropagation(CORE, table, maker.name, mark=MARK)
            for maker in attached
            if random.random() < 0.9
        ]
        destinations = {block: maker.name for maker in attached for block in (*maker.blocks, *maker.subnets.values())}
        for block, name in random.sample(list(destinations.items()), min(2, len(destinations))):
            target = random.choice((name, name, name, None))
            made.append(CreateTransitGatewayRoute(CORE, table, cidr(block), target, mark=MARK))
    for maker in attached:
        if random.random() < 0.96:
            table = random.choice(tables)
            made.append(AssociateTransitGatewayRouteTable(CORE, table, maker.name, mark=MARK))
    return made


def _some_lists(random: Random) -> dict[str, list[IPv4Network]]:
    """No block is in two of them: who leads then is drawn by lot."""
    blocks = [*OUTSIDE, *STRANGERS, *VPC_BLOCKS[:2], "10.1.0.0/24", "10.0.1.0/24"]
    chosen = [IPv4Network(block) for block in random.sample(list(dict.fromkeys(blocks)), random.choice((0, 3, 5)))]
    return {"pl1": chosen[:2], "pl2": chosen[2:]} if chosen else {}


def _some_outsiders(random: Random) -> tuple[Outsider, ...]:
    addresses = random.sample(OUTSIDER_ADDRESSES, random.choice((0, 1, 1, 2, 3)))
    texts = enumerate(addresses)
    return tuple(Outsider(f"o{number}", parse_ip(text) if text else None, None, mark=MARK) for number, text in texts)


class _VpcMaker:
    """One VPC's requests, in parts: what they refer to is in earlier ones."""

    def __init__(
        self, random: Random, name: str, block: IPv4Network, lists: Mapping[str, Sequence[IPv4Network]]
    ) -> None:
        self.random = random
        self.lists = lists
        self.name = name
        self.block = block
        more = MORE_BLOCKS[str(block).partition(".")[0]]
        self.more_blocks = [IPv4Network(each) for each in more if random.random() < 0.2]
        self.subnets = dict(zip(("s1", "s2", "s3", "s4"), self._subnet_blocks()))
        self.acls = ["acl1", "acl2"][: random.choice((0, 1, 1, 2))]
        self.groups = ["web", "app", "db", "ops"][: random.randint(1, 4)]
        self.tables = ["t1", "t2"][: random.choice((0, 1, 1, 2))]
        self.instances = [f"{name[0]}{number}" for number in range(random.randint(2, 6))]
        self.appliances = self._appliances()
        self.has_gateway = random.random() < 0.5
        self.secondary: dict[str, tuple[Ip, ...]] = {}
        self.zones = {subnet: random.choice(ZONES) for subnet in self.subnets}
        self.doors: tuple[str, ...] = ()
        """Subnets with an interface of the transit gateway."""
        self.taken: set[IPv4Address] = set()
        self.fellows: list[IPv4Network] = []
        """Blocks of others at the transit gateway that are not its own too."""
        self.peers: dict[str, _VpcMaker] = {}
        """By the name of the peering connection."""

    def places(self) -> list[Request]:
        more = [AssociateVpcCidrBlock(self.name, cidr(block), mark=MARK) for block in self.more_blocks]
        made = [CreateVpc(self.name, cidr(self.block), mark=MARK), *more, *self._networks()]
        return [*made, CreateInternetGateway(self.name, "igw", mark=MARK)] if self.has_gateway else made

    def peer_with(self, other: "_VpcMaker") -> Request:
        name = f"{self.name}-{other.name}"
        self.peers[name], other.peers[name] = other, self
        return CreateVpcPeeringConnection(self.name, name, other.name, mark=MARK)

    def apart_from(self, other: "_VpcMaker") -> bool:
        return not any(one.overlaps(another) for one in self.blocks for another in other.blocks)

    def attach(self) -> bool:
        """To the transit gateway, by one subnet or by one in each zone that it is in: a hash chooses nothing then."""
        by_zone = {zone: name for name, zone in self.zones.items() if self._has_room(name)}
        self.doors = tuple(by_zone.values()) if len(by_zone) == len(ZONES) else tuple(by_zone.values())[:1]
        return bool(self.doors)

    def _has_room(self, subnet: str) -> bool:
        """For a door, and for who comes later."""
        block = self.subnets[subnet]
        return block.num_addresses - 5 - sum(address in block for address in self.taken) > 3

    def rules(self) -> list[Request]:
        return [*self._acl_rules(), *self._group_rules()]

    def people(self) -> list[Request]:
        return [*self._run(), *self._elastic_ips()]

    def routes(self) -> list[Request]:
        return [*self._routes(), *self._edge()]

    def _edge(self) -> Iterator[Request]:
        """Middleboxes before some subnets, for what comes in over the gateway."""
        if not self.has_gateway or not self.appliances or self.random.random() < 0.6:
            return
        yield CreateRouteTable(self.name, "edge", mark=MARK)
        yield AssociateGatewayRouteTable(self.name, "edge", mark=MARK)
        if self.random.random() < 0.3:
            yield ReplaceRoute(self.name, "edge", cidr(self.block), self.random.choice(self.appliances), mark=MARK)
        for block in self.subnets.values():
            if self.random.random() < 0.4 and block not in self.blocks:
                yield CreateRoute(self.name, "edge", cidr(block), self.random.choice(self.appliances), mark=MARK)

    def _subnet_blocks(self) -> list[IPv4Network]:
        """Small, and some of them not at the beginning: VPC+2 is then in no subnet."""
        prefix = max(self.block.prefixlen + 2, self.random.choice((24, 26, 28)))
        possible = list(self.block.subnets(new_prefix=prefix))[:8]
        first = sorted(self.random.sample(possible, min(len(possible), self.random.randint(1, 4))))
        return [*first[: 4 - len(self.more_blocks)], *map(self._part_of, self.more_blocks)]

    def _part_of(self, block: IPv4Network) -> IPv4Network:
        return self.random.choice(list(block.subnets(new_prefix=max(block.prefixlen, self.random.choice((24, 28))))))

    @property
    def blocks(self) -> list[IPv4Network]:
        return [self.block, *self.more_blocks]

    def contains(self, block: IPv4Network) -> bool:
        return any(block.subnet_of(each) for each in self.blocks)

    def _appliances(self) -> list[str]:
        return [name for name in self.instances if self.random.random() < 0.3]

    def _networks(self) -> Iterator[Request]:
        for acl in self.acls:
            yield CreateNetworkAcl(self.name, acl, mark=MARK)
        for table in self.tables:
            yield CreateRouteTable(self.name, table, mark=MARK)
        replaces_main = self.tables and self.random.random() < 0.1
        for subnet, block in self.subnets.items():
            yield CreateSubnet(self.name, subnet, cidr(block), self.zones[subnet], self._maps(), mark=MARK)
            if self.tables and self.random.random() < 0.7:
                yield AssociateRouteTable(self.name, self.random.choice(self.tables), subnet, mark=MARK)
            if self.acls and self.random.random() < 0.6:
                yield ReplaceNetworkAclAssociation(self.name, self.random.choice(self.acls), subnet, mark=MARK)
        if replaces_main:
            yield ReplaceMainRouteTable(self.name, self.random.choice(self.tables), mark=MARK)
        for group in self.groups:
            yield CreateSecurityGroup(self.name, group, mark=MARK)

    def _maps(self) -> bool:
        """Without a gateway, the addresses are good for nothing."""
        return self.random.random() < (0.6 if self.has_gateway else 0.1)

    def _elastic_ips(self) -> Iterator[Request]:
        for name in self.instances if self.has_gateway else ():
            if self.random.random() < 0.4:
                yield AssociateAddress(self.name, name, self._own_public(name), mark=MARK)
            for address in self.secondary[name]:
                if self.random.random() < 0.4:
                    yield AssociateAddress(self.name, name, None, address, mark=MARK)

    def _own_public(self, name: str) -> Ip | None:
        """One of the region's, high or low; most take what comes."""
        number = (NAMES.index(self.name) + 1) * 10 + self.instances.index(name)
        high = parse_ip("198.18.200.0") + number
        return Ip(high) if self.random.random() < 0.2 else None

    def _acl_rules(self) -> Iterator[Request]:
        for acl in self.acls:
            for egress in (False, True):
                numbers = sorted(self.random.sample(range(10, 300), self.random.randint(0, 4)))
                for number in numbers:
                    yield self.acl_entry(acl, egress, number)
                if self.random.random() < 0.7:
                    yield self.acl_entry(acl, egress, 1000, wide=True)
        if self.random.random() < 0.15:
            yield self.acl_entry("default", self.random.random() < 0.5, self.random.choice((50, 150)))

    def acl_entry(self, acl: str, egress: bool, number: int, wide: bool = False) -> CreateNetworkAclEntry:
        protocol, ports, kind, code = WIDE if wide else self.traffic()
        allow = wide or self.random.random() < 0.55
        block = IPv4Network("0.0.0.0/0") if wide else self.peer_block()
        return CreateNetworkAclEntry(
            self.name, acl, egress, number, allow, protocol, ports, kind, code, cidr(block), "", mark=MARK
        )

    def traffic(self) -> tuple[int, Ports, int, int]:
        """Protocol, ports, ICMP type and code of a rule."""
        other = self.random.choice(OTHER_PROTOCOLS)
        protocol = self.random.choice((ALL_PROTOCOLS, ALL_PROTOCOLS, ALL_PROTOCOLS, ICMP, TCP, TCP, UDP, UDP, other))
        if protocol in (TCP, UDP):
            return protocol, self.random.choice(PORT_RANGES), ANY_ICMP, ANY_ICMP
        if protocol == ICMP:
            return protocol, None, *self.random.choice(ICMP_KINDS)
        return protocol, None, ANY_ICMP, ANY_ICMP

    def peer_block(self) -> IPv4Network:
        """Everywhere, or something that cuts through what exists."""
        subnet = self.random.choice(list(self.subnets.values()))
        half = next(subnet.subnets())
        host = IPv4Network(subnet[4])
        everywhere = IPv4Network("0.0.0.0/0")
        if self.peers and self.random.random() < 0.15:
            peer = self.random.choice(list(self.peers.values()))
            return self.random.choice((peer.block, *peer.blocks, *peer.subnets.values()))
        if self.has_gateway and self.random.random() < 0.15:
            return IPv4Network(self.random.choice(STRANGERS))
        return self.random.choice(
            (everywhere, everywhere, everywhere, everywhere, self.block, self.block, subnet, half, host)
        )

    def group_peer(self) -> IPv4Network | PrefixListName | str:
        if self.lists and self.random.random() < 0.1:
            return PrefixListName(self.random.choice(list(self.lists)))
        if self.peers and self.random.random() < 0.25:
            peer = self.random.choice(list(self.peers.values()))
            return f"{peer.name}/{self.random.choice([*peer.groups, 'default'])}"
        if self.random.random() < 0.3:
            return self.random.choice([*self.groups, "default"])
        return self.peer_block()

    def _group_rules(self) -> Iterator[Request]:
        for group in (*self.groups, "default"):
            ingress = self.random.choice((0, 1, 2, 3, 4)) if group != "default" else self.random.choice((0, 0, 1))
            if self.random.random() < 0.4:
                yield self.authorization(group, egress=False, wide=True)
            for _ in range(ingress):
                yield self.authorization(group, egress=False)
            if self.random.random() < (0.35 if group != "default" else 0.15):
                yield RevokeSecurityGroupEgress(self.name, group, mark=MARK)
                for _ in range(self.random.randint(0, 4)):
                    yield self.authorization(group, egress=True)

    def authorization(self, group: str, egress: bool, wide: bool = False) -> Request:
        traffic = WIDE if wide else self.traffic()
        # That of `default` has itself as a peer already.
        wide_peer = IPv4Network("0.0.0.0/0") if self.has_gateway or self.peers else self.block
        peer = wide_peer if wide else self.peer_block() if group == "default" else self.group_peer()
        verb = AuthorizeSecurityGroupEgress if egress else AuthorizeSecurityGroupIngress
        return verb(self.name, group, *traffic, cidr(peer) if isinstance(peer, IPv4Network) else peer, "", mark=MARK)

    def _run(self) -> Iterator[RunInstances]:
        taken = self.taken
        for name in self.instances:
            subnet = self.random.choice(list(self.subnets))
            block = self.subnets[subnet]
            free = [address for address in (block[4], block[5], block[-2], block[9]) if address not in taken]
            address = self.random.choice(free or [each for each in list(block)[4:-1] if each not in taken])
            taken.add(address)
            more = self._more_addresses(block, taken)
            yield RunInstances(
                vpc=self.name,
                name=name,
                subnet=subnet,
                security_groups=self._memberships(),
                image=None,
                private_ip_address=Ip(int(address)),
                source_dest_check=name not in self.appliances,
                instance_type="m7i.large",
                frequency_hz=None,
                boot_ns=None,
                secondary_private_ip_addresses=more,
                mark=MARK,
            )
            self.secondary[name] = more

    def _more_addresses(self, block: IPv4Network, taken: set[IPv4Address]) -> tuple[Ip, ...]:
        """In the way of those to come: one below the top, and in the middle."""
        free = [address for address in (block[-3], block[7], block[8]) if address not in taken]
        wanted = self.random.sample(free, min(len(free), self.random.choice((0, 0, 0, 1, 2))))
        taken.update(wanted)
        return tuple(Ip(int(address)) for address in wanted)

    def _memberships(self) -> tuple[str, ...]:
        """None: the group `default`."""
        wanted = self.random.choice((0, 1, 1, 1, 2))
        return tuple(self.random.sample([*self.groups, "default"], wanted))

    def _routes(self) -> Iterator[CreateRoute | ReplaceRoute]:
        """Out and to the peers as it should be; others mostly to appliances, some to who refuses what is not theirs."""
        for table in (*self.tables, "main"):
            sensible = dict(self._sensible_routes())
            for destination, (target, through) in sensible.items():
                yield CreateRoute(self.name, table, destination, target, through, mark=MARK)
            if self.appliances and self.random.random() < 0.05:
                block = self.random.choice(self.blocks)
                yield ReplaceRoute(self.name, table, cidr(block), self.random.choice(self.appliances), mark=MARK)
            for name in self._routable_lists():
                if self.random.random() < 0.2:
                    target, through = self._any_target(cidr(self.lists[name][0]))
                    yield CreateRoute(self.name, table, PrefixListName(name), target, through, mark=MARK)
            wanted = self.random.randint(0, 2 if table == "main" else 4)
            for destination in self.random.sample(self._destinations(), wanted):
                if destination not in sensible:
                    target, through = self._any_target(destination)
                    yield CreateRoute(self.name, table, destination, target, through, mark=MARK)

    def _routable_lists(self) -> list[str]:
        return [name for name, blocks in self.lists.items() if not any(map(self.contains, blocks))]

    def _sensible_routes(self) -> Iterator[tuple[Cidr, tuple[str, Through]]]:
        if self.has_gateway and self.random.random() < 0.95:
            yield cidr(IPv4Network("0.0.0.0/0")), ("igw", "internet_gateway")
        elif self.peers and self.random.random() < 0.4:
            # Perhaps the peer has a gateway.
            yield cidr(IPv4Network("0.0.0.0/0")), (next(iter(self.peers)), "vpc_peering_connection")
        for block in self.fellows:
            if self.random.random() < 0.85:
                yield cidr(block), (CORE, "transit_gateway")
        for name, peer in self.peers.items():
            for block in peer.blocks:
                if self.random.random() < 0.85 and not any(block.overlaps(each) for each in self.blocks):
                    yield cidr(block), (name, "vpc_peering_connection")

    def _any_target(self, destination: Cidr) -> tuple[str, Through]:
        """Inside the VPC, only instances are allowed."""
        inside = self.contains(IPv4Network(destination))
        if self.doors and not inside and self.random.random() < 0.2:
            return CORE, "transit_gateway"
        if self.peers and not inside and self.random.random() < 0.5:
            return self.random.choice(list(self.peers)), "vpc_peering_connection"
        if self.has_gateway and not inside and self.random.random() < 0.4:
            return "igw", "internet_gateway"
        instance = self.random.choice(self.appliances + self.instances)
        # A stream of its own, so that the rest of the world does not depend on it.
        draw = Random(f"{self.blocks} {destination} {instance}")
        if not inside and draw.random() < 0.5:
            return draw.choice(("blackhole", "blackhole", "unknown")), "nowhere"
        return instance, "instance"

    def _destinations(self) -> list[Cidr]:
        blocks = {IPv4Network(text) for text in OUTSIDE} | {*self.subnets.values()}
        # More specific than the VPC's own block, a route must name a whole subnet.
        allowed = [each for each in blocks if each in self.subnets.values() or not self.contains(each)]
        return [cidr(each) for each in sorted(allowed) if each not in self.blocks]


def cidr(block: IPv4Network) -> Cidr:
    return Cidr(Ip(int(block.network_address)), block.prefixlen)


def without_duplicates(requests: Sequence[Request]) -> tuple[Request, ...]:
    """EC2 refuses a group's rule that the group has already, however its ports are written."""
    return tuple({_same_rule(request): request for request in reversed(requests)}.values())[::-1]


def _same_rule(request: Request) -> Request:
    if isinstance(request, AuthorizeSecurityGroupIngress | AuthorizeSecurityGroupEgress):
        return replace(request, ports=request.ports or (0, 65535))
    return request


def sentence(request: Verb) -> str:
    """`CreateRoute(vpc='north', ...)` without the mark and what says nothing."""
    fields = ((name, getattr(request, name)) for name in request.__dataclass_fields__ if name != "mark")
    said = ", ".join(f"{name}={_text(name, value)}" for name, value in fields if value not in (None, "", -1))
    return f"{type(request).__name__}({said})"


def _text(name: str, value: object) -> str:
    if isinstance(value, int) and name in ("private_ip_address", "public_ip"):
        return str(IPv4Address(value))
    return str(value) if isinstance(value, Cidr | PrefixListName) else repr(value)
