"""What guests are told of names and time: DHCP options and the VPC's DNS attributes."""

from dcsim.describe.inventory import Inventory
from dcsim.describe.notes import Notes
from dcsim.describe.shapes import DhcpOptions, Vpc
from dcsim.describe.write import Map
from dcsim.topology.fields import DOMAIN
from netvirt.address import parse_ip

AMAZON = "AmazonProvidedDNS"
MOST_SERVERS = 4
LONGEST_NAME = 253


def names_and_time(stock: Inventory, region: str, vpc: Vpc, notes: Notes) -> Map:
    """The keys of the VPC's section that are not as EC2 has them by default."""
    support = stock.dns_support.get(vpc.vpc_id, True)
    hostnames = stock.dns_hostnames.get(vpc.vpc_id, vpc.is_default)
    keys: Map = {} if support else {"enable_dns_support": "false"}
    keys |= {"enable_dns_hostnames": "true"} if hostnames else {}
    options = stock.dhcp_options.get(vpc.dhcp_options_id)
    told = _told(options, region, notes) if options else {}
    return keys | ({"dhcp_options": told} if told else {})


def _told(options: DhcpOptions, region: str, notes: Notes) -> Map:
    amazons = "ec2.internal" if region == "us-east-1" else f"{region}.compute.internal"
    told: Map = {}
    for each in options.dhcp_configurations:
        values = [value.value for value in each.values]
        match each.key:
            case "domain-name" if len(values) == 1 and _is_domain(values[0]):
                told |= {} if values[0] == amazons else {"domain_name": values[0]}
            case "domain-name-servers" | "ntp-servers" if _are_servers(values):
                told |= {} if values == [AMAZON] else {each.key.replace("-", "_"): values}
            case _:
                notes.leave_out("DHCP option", f"{options.dhcp_options_id} {each.key} {' '.join(values)}")
    return told


def _is_domain(text: str) -> bool:
    return DOMAIN.fullmatch(text.lower()) is not None and len(text) <= LONGEST_NAME


def _are_servers(values: list[str]) -> bool:
    return values == [AMAZON] or (0 < len(values) <= MOST_SERVERS and all(map(_is_ipv4, values)))


def _is_ipv4(text: str) -> bool:
    try:
        parse_ip(text)
    except ValueError:
        return False
    return True
