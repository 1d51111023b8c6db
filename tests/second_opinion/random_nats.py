"""NAT gateways in random worlds: each in a subnet of its own, with routes from the other subnets."""

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network
from random import Random

from dcsim.request import (
    AssociateGatewayRouteTable,
    AssociateRouteTable,
    AuthorizeSecurityGroupEgress,
    CreateInternetGateway,
    CreateNatGateway,
    CreateNetworkAcl,
    CreateNetworkAclEntry,
    CreateRoute,
    CreateRouteTable,
    CreateSubnet,
    CreateVpc,
    PrefixListName,
    ReplaceNetworkAclAssociation,
    Request,
    RevokeSecurityGroupEgress,
    RunInstances,
)
from dcsim.topology.plan import Outsider
from netvirt.address import Ip

from .packet import ICMP, TCP, UDP, Fragment, Packet
from .random_flows import Step, a_packet, as_itself
from .random_vpcs import MARK, ZONES, SmallWorld, cidr

ALL = cidr(IPv4Network("0.0.0.0/0"))
SUBNET = TABLE = "out"
WALLS = (
    CreateNetworkAclEntry,
    ReplaceNetworkAclAssociation,
    RevokeSecurityGroupEgress,
    AuthorizeSecurityGroupEgress,
)
"""Most worlds here have none: too little would come to the gateways."""


def with_nats(random: Random, world: SmallWorld, walls: float = 0.3) -> SmallWorld:
    """One in each VPC that has room; `walls` is how often there are rules beside those of groups that let in. No route of its own subnet's leads to a NAT gateway: nothing goes in circles."""
    if random.random() >= walls:
        world = replace(world, requests=tuple(each for each in world.requests if not isinstance(each, WALLS)))
    made: list[Request] = []
    names: dict[str, str] = {}
    for vpc in (each for each in world.requests if isinstance(each, CreateVpc)):
        block = _room(world, vpc.name, IPv4Network(vpc.cidr_block))
        if block is not None:
            names[vpc.name] = f"{vpc.name[0]}nat"
            made += _gateway(random, world, vpc.name, names[vpc.name], block)
    gateways = _of_gateways(world)
    made_routes = [each for each in world.requests if isinstance(each, CreateRoute)]
    routes = [each for each in made_routes if (each.vpc, each.route_table) not in gateways]
    kept = tuple(each for each in world.requests if each not in routes)
    led = [_led(random, each, names) for each in routes]
    led += _defaults(random, world, routes, names)
    somebody = (Outsider("o9", None, None, mark=MARK),)
    return replace(world, requests=(*kept, *made, *led), outsiders=world.outsiders or somebody)


def _of_gateways(world: SmallWorld) -> set[tuple[str, str]]:
    """The tables of internet gateways, which lead to instances only."""
    return {(each.vpc, each.route_table) for each in world.requests if isinstance(each, AssociateGatewayRouteTable)}


def _room(world: SmallWorld, vpc: str, block: IPv4Network) -> IPv4Network | None:
    taken = [
        IPv4Network(each.cidr_block) for each in world.requests if isinstance(each, CreateSubnet) and each.vpc == vpc
    ]
    possible = block.subnets(new_prefix=28)
    return next((each for each in possible if not any(each.overlaps(other) for other in taken)), None)


def _gateway(random: Random, world: SmallWorld, vpc: str, name: str, block: IPv4Network) -> Iterator[Request]:
    internet: list[Request] = [
        each for each in world.requests if isinstance(each, CreateInternetGateway) and each.vpc == vpc
    ]
    if not internet and random.random() < 0.8:
        internet.append(CreateInternetGateway(vpc, "igw", mark=MARK))
        yield internet[0]
    acls = [each.name for each in world.requests if isinstance(each, CreateNetworkAcl) and each.vpc == vpc]
    yield CreateSubnet(vpc, SUBNET, cidr(block), random.choice(ZONES), mark=MARK)
    yield CreateRouteTable(vpc, TABLE, mark=MARK)
    yield AssociateRouteTable(vpc, TABLE, SUBNET, mark=MARK)
    if acls and random.random() < 0.5:
        yield ReplaceNetworkAclAssociation(vpc, random.choice(acls), SUBNET, mark=MARK)
    if internet and random.random() < 0.9:
        yield CreateRoute(vpc, TABLE, ALL, "igw", "internet_gateway", mark=MARK)
    public = bool(internet) and random.random() < 0.85
    address = Ip(int(block[random.choice((4, 6))]))
    if public:
        yield CreateNatGateway(vpc, name, SUBNET, "public", (None,), address, mark=MARK)
    else:
        yield CreateNatGateway(vpc, name, SUBNET, "private", (), address, mark=MARK)


def _led(random: Random, route: CreateRoute, names: dict[str, str]) -> CreateRoute:
    """Some lead to the gateway now; more specific than local, too."""
    if route.vpc not in names or isinstance(route.destination, PrefixListName):
        return route
    chance = 0.7 if route.destination == ALL else 0.25
    if route.through == "vpc_peering_connection" or random.random() > chance:
        return route
    return replace(route, target=names[route.vpc], through="nat_gateway")


def _defaults(
    random: Random, world: SmallWorld, routes: list[CreateRoute], names: dict[str, str]
) -> Iterator[CreateRoute]:
    """For tables that had none, and from somebody's subnet to somebody else's."""
    for vpc, name in names.items():
        for table in (each for each in world.tables(vpc) if (vpc, each) not in _of_gateways(world)):
            own = [each.destination for each in routes if (each.vpc, each.route_table) == (vpc, table)]
            if ALL not in own and random.random() < 0.6:
                yield CreateRoute(vpc, table, ALL, name, "nat_gateway", mark=MARK)
            made = [each for each in world.requests if isinstance(each, CreateSubnet) and each.vpc == vpc]
            blocks = [cidr(block) for block in world.region.vpcs[vpc].blocks]
            lived_in = {each.subnet for each in world.requests if isinstance(each, RunInstances) and each.vpc == vpc}
            for subnet in made:
                if subnet.name in lived_in and subnet.cidr_block not in (*own, *blocks) and random.random() < 0.15:
                    yield CreateRoute(vpc, table, subnet.cidr_block, name, "nat_gateway", mark=MARK)


GAPS_S = (1, 1, 1, 40, 61, 349, 350, 351)
"""Around a gateway's timers."""


def some_talk(random: Random, world: SmallWorld) -> Iterator[Step]:
    """From inside to outsiders, to other subnets and to the gateways themselves; again, and again later."""
    gateways = [nat for vpc in world.region.vpcs.values() for nat in vpc.nats.values()]
    own = [address for nat in gateways for address in (nat.address, *nat.publics.values())]
    for _ in range(8):
        one = random.choice(world.instances)
        others = [each.address for each in world.everybody if each.address != one.address]
        outside = [each.address for each in world.strangers] or others
        theirs = [address for address in own[:1] if address != one.address]
        dst = random.choice((*outside, random.choice(outside), random.choice(others), *theirs, IPv4Address("8.8.8.8")))
        packet = as_itself(one, replace(a_packet(random), via=""))
        if packet.protocol not in (TCP, UDP, ICMP) and random.random() < 0.7:
            packet = Packet(UDP, 4000, 53)
        if packet.fragment is not Fragment.WHOLE and random.random() < 0.7:
            packet = replace(packet, fragment=Fragment.WHOLE)
        for flags in random.choice((("S", "A", "FA"), ("S", "SA", "R"), ("S", "A"), ("A",), ("SA", "S"))):
            yield Step(
                random.choice(GAPS_S), one.key, dst, replace(packet, flags=flags) if packet.protocol == TCP else packet
            )
    for stranger in world.strangers:
        for address in own:
            yield Step(1, stranger.key, address, as_itself(stranger, a_packet(random)))
