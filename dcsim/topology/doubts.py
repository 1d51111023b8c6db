"""Warnings of what EC2 accepts and its user will regret."""

from collections.abc import Iterator, Sequence

from dcsim.problem import Mark, Problem
from dcsim.request import (
    FORWARDING_IMAGES,
    AssociateRouteTable,
    CreateNatGateway,
    CreateRoute,
    CreateSubnet,
    CreateVpc,
    ReplaceMainRouteTable,
    Request,
    RunInstances,
)
from dcsim.topology.traps import traps

MAIN_TABLE = "main"


def doubts(requests: Sequence[Request]) -> Iterator[Problem]:
    """Of all together, then of each VPC apart."""
    yield from traps(requests)
    for vpc in (request.name for request in requests if isinstance(request, CreateVpc)):
        yield from _Networks(vpc, requests).doubts()


class _Networks:
    """The subnets, tables and gateways of one VPC."""

    def __init__(self, vpc: str, requests: Sequence[Request]) -> None:
        ours = [request for request in requests if getattr(request, "vpc", None) == vpc]
        self.zones = {each.name: each.availability_zone for each in ours if isinstance(each, CreateSubnet)}
        replaced = [each.route_table for each in ours if isinstance(each, ReplaceMainRouteTable)]
        self.main = replaced[-1] if replaced else MAIN_TABLE
        self.tables = dict.fromkeys(self.zones, self.main) | {
            each.subnet: each.route_table for each in ours if isinstance(each, AssociateRouteTable)
        }
        self.routes = [each for each in ours if isinstance(each, CreateRoute)]
        self.instances = [each for each in ours if isinstance(each, RunInstances)]
        self.gateways = {each.name: each for each in ours if isinstance(each, CreateNatGateway)}

    def doubts(self) -> Iterator[Problem]:
        for instance in self.instances:
            if instance.image in FORWARDING_IMAGES and instance.source_dest_check:
                message = (
                    f"{instance.name} is to forward packets of others, and its source/destination check drops them"
                )
                yield _warning(instance.mark, message, "Write source_dest_check: false")
        for gateway in self.gateways.values():
            yield from self._leads_nowhere(gateway)
        for route in self.routes:
            if route.through == "nat_gateway" and route.target in self.gateways:
                yield from self._serves_other_zones(route, self.gateways[route.target])

    def _leads_nowhere(self, gateway: CreateNatGateway) -> Iterator[Problem]:
        """A public one stands in a public subnet: one with a route to the internet gateway."""
        table = self.tables.get(gateway.subnet, self.main)
        out = [each for each in self.routes if each.route_table == table and each.through == "internet_gateway"]
        if gateway.connectivity_type == "public" and not out:
            lacking = f"{gateway.subnet}'s route table {table} has no route to an internet gateway"
            message = f"{gateway.name} is public, but {lacking}"
            yield _warning(gateway.where("subnet"), message, "Put it in a public subnet")

    def _serves_other_zones(self, route: CreateRoute, gateway: CreateNatGateway) -> Iterator[Problem]:
        home = self.zones.get(gateway.subnet)
        served = [name for name, table in self.tables.items() if table == route.route_table]
        for subnet in served:
            if self.zones[subnet] != home:
                message = f"{gateway.name} is in zone {home}, {subnet} is not: without zone {home} it has no such way"
                yield _warning(route.mark, message, "Make the gateway and the route table per_zone")


def _warning(mark: Mark, message: str, advice: str) -> Problem:
    return Problem(mark, None, message, advice, warning=True)
