"""What a VPC's guests are told of names and time. VPC User Guide, "DNS attributes for your VPC", "DHCP option sets"."""

from dataclasses import replace

from dcsim.cloud.vpc import Vpc
from dcsim.request import AssociateDhcpOptions, ModifyVpcAttribute


def modify_vpc_attribute(vpc: Vpc, request: ModifyVpcAttribute) -> list[str]:
    dns, hostnames = request.enable_dns_support, request.enable_dns_hostnames
    vpc.services = replace(vpc.services, dns=dns, hostnames=hostnames)
    return [vpc.id("vpc", "")]


def associate_dhcp_options(vpc: Vpc, request: AssociateDhcpOptions) -> list[str]:
    """Guests hear of it when they next ask for a lease."""
    vpc.services = replace(
        vpc.services,
        domain_name=request.domain_name or vpc.services.aws_domain,
        name_servers=request.domain_name_servers,
        time_servers=request.ntp_servers,
    )
    return [vpc.id("vpc", "")]
