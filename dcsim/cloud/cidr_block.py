"""More blocks for a VPC. VPC User Guide, "VPC CIDR blocks", "IPv4 CIDR block association restrictions"."""

from collections.abc import Sequence

from dcsim.cloud.quota import exceeded
from dcsim.cloud.refusal import refusal
from dcsim.cloud.vpc import FORBIDDEN, LARGEST, SMALLEST, Vpc
from dcsim.problem import Refused
from dcsim.quota import BLOCKS
from dcsim.request import AssociateVpcCidrBlock
from netvirt.address import parse_cidr
from netvirt.vpc.route_table import Local, Route, RouteTable

TEN, TWELVE, SIXTEEN = (parse_cidr(block) for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
"""RFC 1918."""
BENCHMARK = parse_cidr("198.19.0.0/16")
FIRST_TENS, FIRST_TEN = parse_cidr("10.0.0.0/15"), parse_cidr("10.0.0.0/16")
DEFAULT_VPC = parse_cidr("172.31.0.0/16")

RESTRICTED = (
    (TEN, (TWELVE, SIXTEEN, BENCHMARK)),
    (TWELVE, (TEN, SIXTEEN, BENCHMARK, DEFAULT_VPC)),
    (SIXTEEN, (TEN, TWELVE, BENCHMARK)),
    (BENCHMARK, (TEN, TWELVE, SIXTEEN)),
)
"""A VPC whose primary block is in the first cannot get one in any of the others."""
RESTRICTED_TO_OTHERS = (TEN, TWELVE, SIXTEEN, BENCHMARK)
"""What a VPC cannot get whose primary block is public, or of 100.64.0.0/10."""


def associate_vpc_cidr_block(vpc: Vpc, peers: Sequence[Vpc], request: AssociateVpcCidrBlock) -> list[str]:
    """Every route table of the VPC gets a local route for it; the resolver stays in the primary block."""
    block = request.cidr_block
    if not LARGEST <= block.prefix <= SMALLEST:
        raise _refused(request, f"{vpc.name} cannot have {block}", "a VPC's block is /16 to /28")
    if len(vpc.cidrs) >= vpc.quotas[BLOCKS]:
        message = f"{vpc.name} has {len(vpc.cidrs)} blocks already"
        raise exceeded(request, "CidrLimitExceeded", message, vpc.quotas, BLOCKS)
    if FORBIDDEN.overlaps(block):
        raise _refused(request, f"{block} is link-local", "use a private block")
    for cidr in vpc.cidrs:
        if cidr.overlaps(block):
            raise _refused(request, f"{block} overlaps {vpc.name}'s {cidr}")
    _is_permitted(vpc, request)
    for peer in peers:
        for cidr in peer.cidrs:
            if cidr.overlaps(block):
                raise _refused(request, f"{block} overlaps {peer.name} {cidr}, which {vpc.name} is peered with")
    _leaves_routes_alone(vpc, request)
    vpc.secondary_cidrs = (*vpc.secondary_cidrs, block)
    for name, table in vpc.tables.items():
        vpc.tables[name] = RouteTable.of(table.id, name, (*table.routes, Route(block, Local())))
    return [table.id for table in vpc.tables.values()]


def _refused(request: AssociateVpcCidrBlock, message: str, advice: str = "") -> Refused:
    return refusal(request, "InvalidVpcRange", message, advice)


def _is_permitted(vpc: Vpc, request: AssociateVpcCidrBlock) -> None:
    block = request.cidr_block
    restricted = [others for family, others in RESTRICTED if family.covers(vpc.cidr)] or [RESTRICTED_TO_OTHERS]
    for range_ in restricted[0]:
        if range_.covers(block):
            message = f"{block} is of {range_}, which a VPC that began with {vpc.cidr} cannot have"
            raise _refused(request, message, "100.64.0.0/10 and public blocks are allowed")
    low = next((cidr for cidr in vpc.cidrs if FIRST_TENS.covers(cidr)), None)
    if low is not None and FIRST_TEN.covers(block):
        message = f"{block} is of {FIRST_TEN}, which a VPC with {low} cannot have"
        raise _refused(request, message, "use another block of 10.0.0.0/8")


def _leaves_routes_alone(vpc: Vpc, request: AssociateVpcCidrBlock) -> None:
    """What a route leads to already cannot become local; a part of it can."""
    block = request.cidr_block
    for table in vpc.tables.values():
        for route in table.routes:
            if not isinstance(route.target, Local) and any(block.covers(each) for each in route.blocks):
                message = f"{block} is as large as {table.name}'s route {route.text}, or larger"
                raise _refused(request, message, "add a smaller block, or delete the route")
