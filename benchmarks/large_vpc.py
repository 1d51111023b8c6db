"""A VPC of 1,000 subnets and 5,000 interfaces: what building it costs, and what a change in it costs."""

from collections.abc import Iterator
from time import process_time

from benchmarks.figure import Figure
from benchmarks.worlds import load_text
from dcsim.problem import Mark
from dcsim.request import AuthorizeSecurityGroupIngress, CreateRoute, Request
from dcsim.topology.plan import Plan
from dcsim.world import World, build
from netvirt.address import Cidr, Ip

SUBNETS, PER_SUBNET, GROUPS = 1_000, 5, 100
SMALLER = 20
"""How many times smaller the VPC is that a change is compared with."""
ROUNDS = 3
CHANGES = 100
HERE = Mark("benchmark.yaml", 1, 1, 2)


def topology(subnets: int) -> str:
    """Every subnet has interfaces of its own; groups are spread over all of them."""
    return "\n".join(_lines(subnets))


def _lines(subnets: int) -> Iterator[str]:
    yield "version: 1"
    yield "region: eu-west-1"
    yield "zones: [a, b, c]"
    yield "plant: {racks: 8, hosts: 16}"
    yield f"quotas: {{subnets_per_vpc: {SUBNETS}, rules_per_security_group: 200, routes_per_route_table: 200}}"
    yield "vpcs:"
    yield "  main:"
    yield "    cidr_block: 10.0.0.0/16"
    yield "    route_tables: {spare: {}}"
    yield "    subnets:"
    for number in range(subnets):
        block = Cidr(Ip((10 << 24) + number * 64), 26)
        yield f"      net-{number}: {{availability_zone: {'abc'[number % 3]}, cidr_block: {block}}}"
    yield "    security_groups:"
    for number in range(GROUPS):
        yield f"      group-{number}: {{ingress: tcp 443 from group-{(number + 1) % GROUPS}}}"
    yield "    instances:"
    for number in range(subnets):
        group = f"group-{number % GROUPS}"
        yield f"      guest-{number}: {{count: {PER_SUBNET}, subnet: net-{number}, security_groups: {group}}}"


def cost_of_building(text: str) -> tuple[float, float, World]:
    """CPU seconds to read and check the file, and to build what it says."""
    begin = process_time()
    plan: Plan = load_text(text)
    read = process_time()
    world = build(plan)
    return read - begin, process_time() - read, world


def changes() -> Iterator[tuple[str, Request]]:
    """A rule for a group, and a route, each time another."""
    for number in range(CHANGES):
        port = 1000 + number
        yield (
            "rule",
            AuthorizeSecurityGroupIngress(
                "main", "group-1", 6, (port, port), -1, -1, Cidr(Ip(0), 0), f"tcp {port} from 0.0.0.0/0", mark=HERE
            ),
        )
        yield "route", CreateRoute("main", "spare", Cidr(Ip((20 << 24) + (number << 8)), 24), "guest-1-1", mark=HERE)


def cost_of_changing(world: World) -> dict[str, float]:
    """CPU seconds that a change of each kind costs, until every host decides by it: the least of many."""
    least: dict[str, float] = {}
    for kind, request in changes():
        begin = process_time()
        world.call(request)
        world.clock.run(until=world.clock.now + world.propagation.delay_ns)
        took = process_time() - begin
        least[kind] = min(took, least.get(kind, took))
    return least


def figures() -> list[Figure]:
    text = topology(SUBNETS)
    costs = [cost_of_building(text) for _ in range(ROUNDS)]
    read, built, world = min(costs, key=lambda cost: cost[0] + cost[1])
    small = cost_of_changing(cost_of_building(topology(SUBNETS // SMALLER))[2])
    size = f"{SUBNETS:,} subnets, {SUBNETS * PER_SUBNET:,} interfaces"
    found = [
        Figure(f"{size}: read and checked in", read, "s"),
        Figure(f"{size}: built in", built, "s"),
        Figure(f"{size}: both", read + built, "s", 3, at_most=True),
    ]
    for kind, took in cost_of_changing(world).items():
        found.append(Figure(f"{size}: a {kind} changes", took * 1e6, "us"))
        name = f"a {kind} changes, beside a VPC {SMALLER} times smaller"
        # Every host with a guest in the VPC has to hear of it; of these, the smaller one has two thirds.
        found.append(Figure(name, took / small[kind], "x", 3, at_most=True))
    return found
