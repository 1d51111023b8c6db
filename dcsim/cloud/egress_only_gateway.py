"""Egress-only internet gateways. VPC User Guide, "Egress-only internet gateways"."""

from dcsim.cloud.refusal import refusal
from dcsim.cloud.vpc import Vpc
from dcsim.ipv6_request import CreateEgressOnlyInternetGateway


def create_egress_only_internet_gateway(vpc: Vpc, request: CreateEgressOnlyInternetGateway) -> list[str]:
    """Made and attached; a VPC has one at most (VPC User Guide, "Amazon VPC quotas")."""
    _, attached = vpc.egress_only_internet_gateway
    if attached:
        message = f"{vpc.name} has the egress-only internet gateway {attached} already"
        raise refusal(request, "Resource.AlreadyAssociated", message, "one VPC has one")
    gateway = vpc.id("eigw", request.name)
    vpc.egress_only_internet_gateway = gateway, request.name
    return [gateway]
