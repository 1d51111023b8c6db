"""A region, described as AWS would describe it and taken in again, is the same region: everyone reaches the same."""

from pathlib import Path

import pytest
from topology.files import topology

from dcsim.describe.topology import describe
from dcsim.reach.matrix import Reach, reach
from dcsim.reach.traffic import kinds_text
from dcsim.request import RunInstances
from dcsim.topology.expand import expanded
from dcsim.topology.load import load, plan_of
from dcsim.topology.plan import Plan
from dcsim.world import build

from .aws import described, write

SHIPPED = (
    "two-az.yaml",
    "peering.yaml",
    "public.yaml",
    "public-private-nat.yaml",
    "transit-gateway.yaml",
    "dual-stack.yaml",
)

EVERYTHING = """\
plant: {racks: 1, hosts: 2}
prefix_lists:
  offices: {max_entries: 5, entries: [198.51.100.0/25, 203.0.113.0/24]}
vpcs:
  shop:
    cidr_block: 10.0.0.0/16
    secondary_cidr_blocks: [10.2.0.0/16, 100.64.0.0/16]
    enable_dns_hostnames: true
    dhcp_options: {domain_name: corp.internal, domain_name_servers: [10.0.30.4, 10.0.30.5], ntp_servers: 10.0.0.123}
    ipv6_cidr_block: 2a05:d014:aa:bb00::/56
    egress_only_internet_gateway: valve
    internet_gateway: door
    gateway_route_table: edge
    subnets:
      public: {per_zone: true, cidr_block: 10.0.0.0/24, route_table: public, map_public_ip_on_launch: true}
      app: {per_zone: true, cidr_block: 10.0.10.0/24, route_table: app, network_acl: app}
      lone: {availability_zone: c, cidr_block: 10.0.30.0/28}
      far: {availability_zone: b, cidr_block: 100.64.3.0/24, route_table: far}
      six:
        availability_zone: a
        cidr_block: 10.0.40.0/24
        ipv6_cidr_block: 2a05:d014:aa:bb07::/64
        assign_ipv6_address_on_creation: true
        route_table: six
        network_acl: six
    route_tables:
      public: {routes: {0.0.0.0/0: door}}
      six: {routes: {"::/0": valve, "2600::/16": unknown}}
      edge: {routes: {10.0.1.0/24: nat-b}}
      app: {per_zone: true, routes: {0.0.0.0/0: nat, 10.9.0.0/16: joint}}
      far: {routes: {0.0.0.0/0: managed, 10.9.0.0/16: inner, offices: door}}
    network_acls:
      six: {ingress: [100 allow all from 0.0.0.0/0, "101 allow icmpv6 128 from ::/0"], egress: "7 allow all to ::/0"}
      app:
        ingress: [90 deny udp 53 from 10.9.0.0/16, 100 allow all from 0.0.0.0/0]
        egress: [10 allow tcp 1024-65535 to 0.0.0.0/0, 20 allow icmp echo to 10.0.0.0/16, 30 allow proto 47 to 0.0.0.0/0]
    security_groups:
      nat: {ingress: all from app}
      app: {ingress: [tcp 22 from nat, tcp 8000-8080 from far/tools, icmp 3/4 from 0.0.0.0/0, udp from app]}
      far: {ingress: [tcp 443 from offices, all from nat]}
      six: {ingress: ["tcp 443 from ::/0", icmpv6 from six], egress: [all to 0.0.0.0/0]}
      mute: {ingress: proto 50 from 10.0.0.0/8, egress: []}
    nat_gateways:
      managed: {subnet: public-a, private_ip_address: 10.0.0.200}
      inner: {subnet: lone, connectivity_type: private}
    instances:
      far: {subnet: far, security_groups: far, private_ip_address: 100.64.3.7, secondary_private_ip_addresses: [100.64.3.9, 100.64.3.8]}
      two:
        subnet: public-b
        security_groups: app
        elastic_ip: true
        private_ip_address: 10.0.1.98
        secondary_private_ip_addresses: 10.0.1.99
        secondary_elastic_ips: {10.0.1.99: true}
      six: {subnet: six, security_groups: six, private_ip_address: 10.0.40.9, ipv6_addresses: "2a05:d014:aa:bb07::9"}
      sixth: {subnet: six, security_groups: six}
      four: {subnet: six, security_groups: six, ipv6_address_count: 0}
      nat: {per_zone: true, subnet: public, security_groups: nat, source_dest_check: false, elastic_ip: true}
      app: {per_zone: true, subnet: app, security_groups: [app, mute], count: 2, instance_type: m7g.xlarge}
      lone: {subnet: lone}
  far:
    cidr_block: 10.9.0.0/16
    subnets: {n: {availability_zone: a, cidr_block: 10.9.0.0/24}}
    main_route_table: n
    route_tables: {n: {routes: {10.0.0.0/16: joint, 10.2.0.0/16: core, 10.6.0.0/16: blackhole}}}
    security_groups: {tools: {ingress: all from 0.0.0.0/0}}
    instances: {tool: {subnet: n, security_groups: tools, private_ip_address: 10.9.0.77}}
vpc_peering_connections:
  joint: {vpc: far, peer_vpc: shop}
transit_gateways:
  core:
    attachments:
      shop: {vpc: shop, subnets: [app-a, app-b]}
      far: {vpc: far, subnets: n, appliance_mode_support: enable}
    route_tables:
      one: {associations: shop, propagations: far, routes: {10.77.0.0/16: blackhole, 10.78.0.0/16: far}}
      two: {associations: far, propagations: [shop, far]}
"""


def imported(plan: Plan, directory: Path) -> Plan:
    found = describe(write(directory, described(build(plan))))
    assert not any(line.startswith(("Left out", "Not in the folder")) for line in found.notes), found.notes
    return plan_of(_told_what_runs(plan, found.text).encode(), "mine.yaml", "mine")


def _told_what_runs(plan: Plan, text: str) -> str:
    """AWS does not say what forwards: the notes ask the user to."""
    images = [each.image for each in plan.requests if isinstance(each, RunInstances) and not each.source_dest_check]
    image = next((image for image in images if image in ("nat", "router")), None)
    return text.replace("source_dest_check: false", f"source_dest_check: false, image: {image}") if image else text


def matrix(region: Reach, names: list[str]) -> dict[tuple[str, str], str]:
    return {
        (source, to): kinds_text(region.passing(source, to), region.kinds)
        for source in names
        for to in names
        if source != to
    }


def compare(plan: Plan, directory: Path) -> None:
    """Whoever is outside is not described."""
    ours, theirs = reach(plan), reach(imported(plan, directory))
    inside = [
        name for name, guest in ours.guests.items() if name not in {each.name for each in plan.internet.instances}
    ]
    assert list(theirs.guests) and sorted(theirs.guests) == sorted(inside)
    assert matrix(theirs, inside) == matrix(ours, inside)


@pytest.mark.parametrize("name", SHIPPED)
def test_what_ships_comes_back(name: str, tmp_path: Path) -> None:
    compare(load(name), tmp_path)


def test_every_construct_comes_back(tmp_path: Path) -> None:
    compare(topology(EVERYTHING), tmp_path)


def test_an_account_that_may_have_more_than_others_may_here_too(tmp_path: Path) -> None:
    """Seven VPCs, seven groups of one interface, forty-five routes over a list that may have forty."""
    vpcs = "".join(f"  v{n}: {{cidr_block: 10.{n}.0.0/16}}\n" for n in range(7))
    groups = "".join(f"      g{n}: {{ingress: tcp {n} from wide}}\n" for n in range(7))
    plan = topology(
        "quotas: {vpcs_per_region: 9, security_groups_per_network_interface: 9, rules_per_security_group: 80}\n"
        "prefix_lists: {wide: {max_entries: 70, entries: 198.51.100.0/24}}\n"
        f"vpcs:\n{vpcs}  most:\n    cidr_block: 10.9.0.0/16\n"
        "    subnets: {n: {availability_zone: a, cidr_block: 10.9.0.0/24}}\n"
        f"    security_groups:\n{groups}"
        f"    instances: {{all: {{subnet: n, security_groups: [{', '.join(f'g{n}' for n in range(7))}]}}}}\n"
    )
    found = describe(write(tmp_path, described(build(plan)))).text
    assert (
        "quotas: {vpcs_per_region: 8, rules_per_security_group: 70, security_groups_per_network_interface: 7}" in found
    )
    build(plan_of(found.encode(), "mine.yaml", "mine"))


def test_the_file_is_the_same_however_the_folder_is_cut(tmp_path: Path) -> None:
    """Files of one call each, all in one, and pages."""
    every = described(build(topology(EVERYTHING)))
    whole = describe(write(tmp_path / "whole", every)).text
    # These say of what they are by their names, or are no lists.
    alone = {name: document for name, document in every.items() if name.startswith(("pl-", "dns-", "tgw-rtb-"))}
    files = {name: document for name, document in every.items() if name not in alone}
    merged = {key: items for document in files.values() for key, items in document.items()}
    assert describe(write(tmp_path / "merged", alone | {"everything": merged})).text == whole
    pages = {
        f"{name}-{position}": {key: [item]}
        for name, document in files.items()
        for key, items in document.items()
        for position, item in enumerate(reversed(items))
    }
    assert describe(write(tmp_path / "pages", alone | pages)).text == whole


def test_expanded_it_is_what_was_described(tmp_path: Path) -> None:
    """Blocks, zones, rules and addresses, word for word."""
    text = expanded(imported(topology(EVERYTHING), tmp_path))
    for line in (
        "app-a: {cidr_block: 10.0.10.0/24, availability_zone: a, route_table: app-a, network_acl: app}",
        "lone: {cidr_block: 10.0.30.0/28, availability_zone: c}",
        "app-b: {routes: {10.9.0.0/16: joint, 0.0.0.0/0: nat-b}}",
        "mute: {ingress: [proto 50 from 10.0.0.0/8], egress: []}",
        "private_ip_address: 10.9.0.77}",
        "secondary_cidr_blocks: [10.2.0.0/16, 100.64.0.0/16]",
        "enable_dns_hostnames: true",
        "dhcp_options: {domain_name: corp.internal, domain_name_servers: [10.0.30.4, 10.0.30.5], ntp_servers: [10.0.0.123]}",
        "offices: {max_entries: 5, entries: [198.51.100.0/25, 203.0.113.0/24]}",
        "far: {routes: {10.9.0.0/16: inner, offices: door, 0.0.0.0/0: managed}}",
        "inner: {subnet: lone, connectivity_type: private, private_ip_address: 10.0.30.5}",
        "secondary_private_ip_addresses: [100.64.3.9, 100.64.3.8]}",
        "joint: {vpc: far, peer_vpc: shop}",
        "n: {routes: {10.0.0.0/16: joint, 10.2.0.0/16: core, 10.6.0.0/16: blackhole}}",
    ):
        assert line in text, text
