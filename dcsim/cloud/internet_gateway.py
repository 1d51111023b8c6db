"""Internet gateways. VPC User Guide, "Connect to the internet using an internet gateway"."""

from dcsim.cloud.refusal import refusal
from dcsim.cloud.vpc import Vpc
from dcsim.request import CreateInternetGateway


def create_internet_gateway(vpc: Vpc, request: CreateInternetGateway) -> list[str]:
    """Made and attached; a VPC has one at most."""
    _, attached = vpc.internet_gateway
    if attached:
        message = f"{vpc.name} has the internet gateway {attached} already"
        raise refusal(request, "Resource.AlreadyAssociated", message, "one VPC has one")
    gateway = vpc.id("igw", request.name)
    vpc.internet_gateway = gateway, request.name
    return [gateway]
