"""The rest of the world: who is in it, and that their addresses can be."""

from itertools import count

from dcsim.topology.context import Context
from dcsim.topology.ipv6 import POOL, block_of
from dcsim.topology.plan import INTERNET, Internet, Outsider
from dcsim.topology.tree import Path
from netvirt.address import Cidr, Ip, format_ip, parse_cidr, parse_cidr_ipv6, parse_ip, parse_ipv6

REGION_POOL = parse_cidr("198.18.0.0/16")
"""Elastic IPs and the addresses that subnets give: the region's own, so nobody's outside."""
FIRST_FREE, LAST_FREE = parse_ip("198.51.100.10"), parse_ip("198.51.100.254")
"""Outsiders that name no address get these, of TEST-NET-2 (RFC 5737)."""
FIRST_FREE_IPV6 = parse_ipv6("3fff::a")
"""Outsiders that take any IPv6 address get these, of RFC 9637's documentation block."""
GLOBAL_UNICAST = parse_cidr_ipv6("2000::/3")
"""RFC 4291 section 2.4; what else there is has another use."""
NETWORK_PREFIX = 24
"""An outsider's network is the block of this size around it; its router is the first address."""


def internet(context: Context) -> Internet:
    spec = context.file.internet
    outsiders, of_ipv6 = [], _ipv6_addresses(context)
    for name, each in spec.instances.items():
        path = [INTERNET, "instances", name]
        if each.ip_address is not None:
            _check_address(context, name, each.ip_address, [*path, "ip_address"])
        outsiders.append(Outsider(name, each.ip_address, each.image, context.key(path), of_ipv6.get(name)))
    _check_room(context, outsiders)
    return Internet(spec.delay, tuple(outsiders))


def _ipv6_addresses(context: Context) -> dict[str, Ip]:
    """By outsider: as written, or the next of the pool."""
    addresses: dict[str, Ip] = {}
    wanting: list[str] = []
    for name, each in context.file.internet.instances.items():
        if each.ipv6_address == "next":
            wanting.append(name)
        elif each.ipv6_address is not None:
            _check_ipv6(context, name, each.ipv6_address)
            addresses[name] = each.ipv6_address
    taken = set(addresses.values())
    free = (Ip(address) for address in count(FIRST_FREE_IPV6) if address not in taken)
    return addresses | dict(zip(wanting, free))


def _check_ipv6(context: Context, name: str, address: Ip) -> None:
    mark, text = context.value([INTERNET, "instances", name, "ipv6_address"]), format_ip(address)
    blocks = [POOL, *(block for vpc in context.file.vpcs if (block := block_of(context, vpc)) is not None)]
    inside = next((block for block in blocks if block.holds(address)), None)
    if inside is not None:
        context.complain(mark, f"{text} is one of the region's own", f"write one outside {inside}")
    elif not GLOBAL_UNICAST.holds(address):
        context.complain(mark, f"{text} is not global", f"write one like {format_ip(FIRST_FREE_IPV6)}")
    else:
        context.give_address(address, f"{INTERNET}/{name}", mark)


def _check_address(context: Context, name: str, address: Ip, path: Path) -> None:
    mark, text = context.value(path), format_ip(address)
    if REGION_POOL.holds(address):
        context.complain(mark, f"{text} is one of the region's own", f"write one outside {REGION_POOL}")
        return
    network = _network(address)
    if address - network.network < 2 or address == network.last:
        advice = f"{name} can have {format_ip(network.network + 2)} to {format_ip(network.last - 1)}"
        context.complain(mark, f"{text} is its network's or its router's", advice)
        return
    context.give_address(address, f"{INTERNET}/{name}", mark)


def _network(address: Ip) -> Cidr:
    block = Cidr(address, NETWORK_PREFIX)
    return Cidr(Ip(address & block.mask), NETWORK_PREFIX)


def _check_room(context: Context, outsiders: list[Outsider]) -> None:
    """An address for everyone: what somebody has written is nobody else's."""
    taken = {each.ip_address for each in outsiders if each.ip_address is not None}
    room = LAST_FREE - FIRST_FREE + 1 - sum(FIRST_FREE <= address <= LAST_FREE for address in taken)
    unsaid = [each for each in outsiders if each.ip_address is None]
    if len(unsaid) > room:
        name = unsaid[room].name
        context.complain(unsaid[room].mark, f"no address is left for {name}", "write its ip_address")
