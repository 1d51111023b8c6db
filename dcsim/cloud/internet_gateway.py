"""Internet gateways. VPC User Guide, "Connect to the internet using an internet gateway"."""

from collections.abc import Mapping

from dcsim.cloud.quota import exceeded
from dcsim.cloud.refusal import refusal
from dcsim.cloud.vpc import Vpc
from dcsim.quota import INTERNET_GATEWAYS
from dcsim.request import CreateInternetGateway, DetachInternetGateway
from netvirt.address import format_ip


def create_internet_gateway(vpc: Vpc, vpcs: Mapping[str, Vpc], request: CreateInternetGateway) -> list[str]:
    """Made and attached; a VPC has one at most."""
    _, attached = vpc.internet_gateway
    if attached:
        message = f"{vpc.name} has the internet gateway {attached} already"
        raise refusal(request, "Resource.AlreadyAssociated", message, "one VPC has one")
    there = sum(bool(each.internet_gateway[0]) for each in vpcs.values())
    if there >= vpc.quotas[INTERNET_GATEWAYS]:
        message = f"the region has {there} internet gateways already"
        raise exceeded(request, "InternetGatewayLimitExceeded", message, vpc.quotas, INTERNET_GATEWAYS)
    gateway = vpc.id("igw", request.name)
    vpc.internet_gateway = gateway, request.name
    return [gateway]


def detach_internet_gateway(vpc: Vpc, request: DetachInternetGateway) -> list[str]:
    """Refused while anybody in the VPC has a public address. Routes to it stay, as black holes, until one of that
    name is made again."""
    gateway, name = vpc.internet_gateway
    if not gateway:
        raise refusal(request, "Gateway.NotAttached", f"{vpc.name} has no internet gateway")
    mapped = next(((private, public) for private, public in vpc.public.items()), None)
    if mapped is not None:
        message = f"{vpc.by_address[mapped[0]]} has the public address {format_ip(mapped[1])}"
        raise refusal(request, "DependencyViolation", message, f"{name} goes when nobody has one")
    vpc.internet_gateway = "", ""
    vpc.gateway_table = ""
    return [gateway]
