"""The rest of the world, as a network of its own: computers with public addresses, behind their providers' routers.

It is built like a VPC so that its hosts are like any host, with nothing filtered and everything led to the border.
"""

from collections.abc import Iterator, Sequence

from dcsim.cloud.instance import INSTANCE_MAC, Launched, load_image_of
from dcsim.cloud.vpc import (
    ALLOW_IN,
    ALLOW_IN_IPV6,
    ALLOW_OUT,
    ALLOW_OUT_IPV6,
    EVERYTHING,
    ROUTER_MAC,
    TO_EVERYWHERE,
    TO_EVERYWHERE_IPV6,
    Vpc,
)
from dcsim.request import RunInstances
from dcsim.topology.internet import FIRST_FREE, LAST_FREE, NETWORK_PREFIX
from dcsim.topology.plan import INTERNET, Outsider
from netvirt.address import EVERYWHERE, EVERYWHERE_IPV6, Cidr, HostId, Ip, Mac, Vni, parse_cidr_ipv6
from netvirt.overlay import BORDER
from netvirt.vpc.network_acl import NetworkAcl
from netvirt.vpc.route_table import Route, RouteTable, ToInternet
from netvirt.vpc.security_group import GroupRule, SecurityGroup
from netvirt.vpc.services import Services
from netvirt.vpc.view import Interface, Subnet

OUTSIDE_VNI = Vni(1)
FIRST_NUMBER = 400_001
"""Interface numbers from here up: no region has so many instances."""
ROUTERS = ROUTER_MAC | 0xFF_00_00_00
NOBODYS = parse_cidr_ipv6("3fff::/128")
"""The IPv6 block of every network: nobody is in it, so that even neighbours reach each other by their providers."""


def outside() -> Vpc:
    """The network, empty."""
    vpc = Vpc(INTERNET, EVERYWHERE, OUTSIDE_VNI, 0, Services("", "", "", dns=False))
    gateway = vpc.id("igw", INTERNET)
    vpc.internet_gateway = gateway, INTERNET
    routes = [Route(everywhere, ToInternet(gateway, INTERNET)) for everywhere in (EVERYWHERE, EVERYWHERE_IPV6)]
    vpc.tables["main"] = RouteTable.of(vpc.id("rtb", "main"), "main", routes)
    vpc.acls["default"] = NetworkAcl(
        vpc.id("acl", "default"), "default", (ALLOW_IN, ALLOW_IN_IPV6), (ALLOW_OUT, ALLOW_OUT_IPV6)
    )
    anybody = tuple(
        GroupRule(EVERYTHING, everywhere, f"all from {everywhere}") for everywhere in (EVERYWHERE, EVERYWHERE_IPV6)
    )
    group = SecurityGroup(vpc.id("sg", "default"), "internet", anybody, (TO_EVERYWHERE, TO_EVERYWHERE_IPV6))
    vpc.groups["default"] = group
    return vpc


def settle_down(vpc: Vpc, outsiders: Sequence[Outsider]) -> Iterator[Launched]:
    """Every outsider in its place; those with addresses of their own first."""
    for number, outsider in enumerate(sorted(outsiders, key=lambda outsider: outsider.ip_address is None)):
        address = outsider.ip_address or _free(vpc)
        interface = Interface(
            id=vpc.id("eni", outsider.name),
            name=outsider.name,
            number=FIRST_NUMBER + number,
            mac=Mac(INSTANCE_MAC + FIRST_NUMBER + number),
            address=address,
            subnet=_subnet(vpc, address).id,
            groups=(vpc.groups["default"].id,),
            source_dest_check=True,
            host=HostId(BORDER - 1 - number),
            host_name=INTERNET,
            secondary=() if outsider.ipv6_address is None else (outsider.ipv6_address,),
        )
        vpc.interfaces[outsider.name] = interface
        vpc.by_address |= dict.fromkeys(interface.addresses, outsider.name)
        vpc.public[address] = address
        request = RunInstances(
            INTERNET, outsider.name, str(address), (), outsider.image, address, True, "", None, None, mark=outsider.mark
        )
        yield Launched(vpc, _subnet(vpc, address), interface, request, load_image_of(request))


def _free(vpc: Vpc) -> Ip:
    return next(Ip(address) for address in range(FIRST_FREE, LAST_FREE + 1) if address not in vpc.by_address)


def _subnet(vpc: Vpc, address: Ip) -> Subnet:
    block = Cidr(address, NETWORK_PREFIX)
    cidr = Cidr(Ip(address & block.mask), NETWORK_PREFIX)
    name = str(cidr)
    if name not in vpc.subnets:
        mac = Mac(ROUTERS | len(vpc.subnets))
        table, acl = vpc.tables["main"].id, vpc.acls["default"].id
        vpc.subnets[name] = Subnet(vpc.id("subnet", name), name, cidr, INTERNET, table, acl, mac, NOBODYS)
    return vpc.subnets[name]
