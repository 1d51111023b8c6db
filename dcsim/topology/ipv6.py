"""IPv6 blocks: dealt to VPCs out of Amazon's pool, and to subnets out of their VPC's."""

from collections.abc import Iterator, Sequence

from dcsim.ipv6_request import CreateEgressOnlyInternetGateway
from dcsim.request import AssociateVpcCidrBlock
from dcsim.topology.context import Context
from dcsim.topology.names import Copy
from dcsim.topology.schema import SubnetFields, VpcSpec
from dcsim.topology.tree import Path
from netvirt.address import Cidr, Ip, parse_cidr_ipv6

POOL = parse_cidr_ipv6("2001:db8::/32")
"""Where Amazon's own blocks are here: documentation (RFC 3849), so nobody's outside."""
VPC_PREFIX, SUBNET_PREFIX = 56, 64


def vpc_block(context: Context, name: str, spec: VpcSpec) -> Iterator[AssociateVpcCidrBlock]:
    """The nth VPC that takes what Amazon provides gets the pool's nth block that nobody has written."""
    written, provided = spec.ipv6_cidr_block, spec.amazon_provided_ipv6_cidr_block
    path = ["vpcs", name, "ipv6_cidr_block" if written is not None else "amazon_provided_ipv6_cidr_block"]
    if written is not None and provided:
        message = f"{name} brings an IPv6 block along, and takes Amazon's"
        context.complain(context.value(path), message, "do one of both")
        return
    block = _amazons(context)[name] if provided else written
    if block is not None:
        yield AssociateVpcCidrBlock(name, block, mark=context.value(path))


def _amazons(context: Context) -> dict[str, Cidr]:
    """By VPC. The first block stays free: who sees :0: would take it for a default."""
    vpcs = context.file.vpcs
    written = {spec.ipv6_cidr_block for spec in vpcs.values()}
    size = 1 << 128 - VPC_PREFIX
    blocks = (Cidr(Ip(POOL.network + number * size), VPC_PREFIX) for number in range(1, 1 << VPC_PREFIX - POOL.prefix))
    free = (block for block in blocks if block not in written)
    return {name: next(free) for name, spec in vpcs.items() if spec.amazon_provided_ipv6_cidr_block}


def block_of(context: Context, name: str) -> Cidr | None:
    """A VPC's IPv6 block, however it got it."""
    spec = context.file.vpcs[name]
    return _amazons(context)[name] if spec.amazon_provided_ipv6_cidr_block else spec.ipv6_cidr_block


def subnet_blocks(context: Context, name: str, copies: Sequence[Copy[SubnetFields]]) -> dict[str, Cidr]:
    """By subnet: as written, the zone at position n the nth from there, or the next free one of the VPC's."""
    whole = block_of(context, name)
    blocks = {copy.name: _written(context, copy, copy.fields.ipv6_cidr_block) for copy in copies}
    taken = set(blocks.values())
    dealt = {key: block for key, block in blocks.items() if block is not None}
    for copy in copies:
        if copy.fields.ipv6_cidr_block != "next":
            continue
        if whole is None:
            mark = context.value(copy.where("ipv6_cidr_block"))
            message = f"{copy.name} wants an IPv6 block, and {name} has none"
            context.complain(mark, message, f"write amazon_provided_ipv6_cidr_block: true in {name}")
            break
        free = next((block for block in _parts(whole) if block not in taken), None)
        if free is None:
            mark = context.value(copy.where("ipv6_cidr_block"))
            context.complain(mark, f"no /{SUBNET_PREFIX} of {whole} is left for {copy.name}", "use fewer subnets")
            break
        taken.add(free)
        dealt[copy.name] = free
    return dealt


def _written(context: Context, copy: Copy[SubnetFields], first: Cidr | str | None) -> Cidr | None:
    if not isinstance(first, Cidr):
        return None
    own = copy.own is not None and "ipv6_cidr_block" in copy.own.model_fields_set
    if copy.zone is None or own:
        return first
    # Past the end it is outside the VPC's, which the control plane refuses.
    return Cidr(Ip(first.network + context.zones.index(copy.zone) * first.size), first.prefix)


def _parts(whole: Cidr) -> Iterator[Cidr]:
    step = 1 << 128 - SUBNET_PREFIX
    return (Cidr(Ip(network), SUBNET_PREFIX) for network in range(whole.network, whole.last, step))


def egress_only_gateway(
    context: Context, name: str, spec: VpcSpec, path: Path
) -> Iterator[CreateEgressOnlyInternetGateway]:
    if spec.egress_only_internet_gateway is not None:
        mark = context.value([*path, "egress_only_internet_gateway"])
        yield CreateEgressOnlyInternetGateway(name, spec.egress_only_internet_gateway, mark=mark)
