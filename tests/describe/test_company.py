"""A company's account: a three-tier VPC, a peered one for tools and the default VPC, as the AWS CLI prints them."""

import shutil
from functools import cache
from pathlib import Path

import pytest

from dcsim.describe.topology import Described, describe
from dcsim.reach.matrix import Reach, reach
from dcsim.reach.traffic import kinds_text
from dcsim.request import RunInstances
from dcsim.topology.load import plan_of
from dcsim.topology.plan import Plan
from dcsim.trace import trace
from dcsim.traffic_spec import TrafficSpec
from netvirt.address import parse_ip
from netvirt.journey import Outcome

COMPANY = Path(__file__).parent / "company"


@cache
def company() -> Described:
    return describe(COMPANY)


@cache
def plan() -> Plan:
    return plan_of(company().text.encode(), "mine.yaml", "mine")


@cache
def region() -> Reach:
    return reach(plan())


def line(key: str) -> str:
    """The one line of the file that has this key."""
    (found,) = [each.strip() for each in company().text.splitlines() if each.strip().startswith(f"{key}:")]
    return found


def ends(source: str, address: str) -> tuple[str, Outcome | None]:
    """Where a packet's way ends, and how."""
    world = region().world
    last = trace(world, world[source], parse_ip(address), TrafficSpec(6, 443)).forward.blockers[0]
    return last.name, last.outcome


@pytest.mark.parametrize(
    "source, to, passing",
    [
        ("front-a", "web-a-1", "icmp tcp 8080-8081"),
        ("bastion", "web-b", "icmp tcp 22"),
        ("web-b", "rds-a", "tcp 5432"),
        ("thumbnails", "rds-b", "tcp 5432"),
        ("bastion", "rds-a", ""),
        ("web-a-1", "front-b", "tcp 80,443"),
        ("i-00000000000000009", "front-a", "tcp 80,443"),
        ("ci-agent", "rds-a", ""),
        ("web-a-2", "ci-agent", "proto 50"),
    ],
)
def test_who_reaches_whom(source: str, to: str, passing: str) -> None:
    """The ALB reaches the servers, they reach the database; the build agent may, but no route leads there."""
    assert kinds_text(region().passing(source, to), region().kinds) == passing


def test_names_are_tags_and_ids_stand_beside_them() -> None:
    assert line("shop-production") == "shop-production:  # vpc-0c1a5e6d7f8091a2b 'shop production'"
    assert line("data-A").endswith("# subnet-0a30000000000000a 'data / A'")
    assert line("app-b").endswith("# subnet-0a20000000000000b 'app-eu-central-1b'")
    assert line("subnet-fc11b3b0").endswith("map_public_ip_on_launch: true}")
    assert "#" not in line("subnet-fc11b3b0")


def test_namesakes_are_told_apart_by_zone_and_number() -> None:
    names = [request.name for request in plan().requests if isinstance(request, RunInstances)]
    assert [name for name in names if name.startswith("web")] == ["web-a-1", "web-a-2", "web-b"]


def test_rules_are_sentences() -> None:
    assert line("alb").startswith(
        'alb: {ingress: [tcp 80 from 0.0.0.0/0, tcp 443 from 0.0.0.0/0, "tcp 443 from ::/0"]}'
    )
    assert "{ingress: [tcp 5432 from app, tcp 5432 from lambda, tcp 5432 from tools/ci], egress: []}" in company().text
    assert "egress: [icmp 3/4 to 0.0.0.0/0, tcp to 0.0.0.0/0]" in company().text
    assert "- 120 allow icmp 8 from 10.20.0.0/16" in company().text
    assert "32767" not in company().text


def test_a_prefix_list_that_somebody_names_is_there() -> None:
    assert line("offices") == (
        "offices: {max_entries: 10, entries: [198.51.100.0/24, 203.0.113.128/25]}  # pl-0b1c2d3e4f5061728"
    )
    assert "{ingress: [icmp 8 from 198.51.100.0/24, tcp 22 from offices]}" in company().text
    assert "db: {routes: {offices: shop-production-tools}}" in company().text
    assert "s3" not in line("offices")


def test_a_nat_gateway_keeps_its_address_and_its_elastic_ip_has_a_stand_in() -> None:
    assert line("nat-a") == (
        "nat-a: {subnet: public-a, private_ip_address: 10.20.0.200, elastic_ip: 198.18.0.12}"
        "  # nat-0aaaaaaaaaaaaaaa1, 35.156.7.1"
    )
    assert "0.0.0.0/0: nat-b" in company().text


def test_a_main_table_and_a_default_group_that_were_changed_have_names_of_their_own() -> None:
    assert line("main-table").endswith("# rtb-3b1d5d51, main")
    assert "main_route_table: main-table" in company().text
    assert line("default-group") == "default-group: {egress: []}  # sg-0a000000000000005"


def test_a_public_address_has_a_stand_in_and_rules_that_name_it_follow() -> None:
    assert "tcp 22 from 198.18.0.10/32" in company().text
    assert "elastic_ip: 198.18.0.10" in company().text
    assert line("i-00000000000000009").endswith("# 3.120.10.20 auto-assigned")


def test_where_a_route_leads_out_of_what_is_simulated_the_answer_is_unknown() -> None:
    """It does not fall through to the default route."""
    assert "192.168.0.0/16: unknown  # vgw-0aa11bb22cc33dd44" in company().text
    assert "10.99.0.0/16: blackhole  # eni-0dead0dead0dead00" in company().text
    assert ends("web-a-1", "192.168.1.1") == ("private-a", Outcome.UNKNOWN)
    assert ends("web-b", "10.65.1.1") == ("core", Outcome.UNKNOWN)
    assert ends("web-b", "10.99.1.1") == ("private-b", Outcome.BLACKHOLE)
    notes = company().notes
    assert "- 1 route to virtual private gateways: private-a 192.168.0.0/16 -> vgw-0aa11bb22cc33dd44" in notes
    assert "- 1 transit gateway route to vpn: core tgw-rtb-0aaaaaaaaaaaaaaa1 10.64.0.0/12" in notes


def test_a_transit_gateway_has_its_attachments_and_what_its_table_says() -> None:
    assert "shop: {vpc: shop-production, subnets: [app-a, app-b]}  # tgw-attach-0aaaaaaaaaaaaaaa1" in company().text
    assert "tools: {vpc: tools, subnets: [ci], appliance_mode_support: enable}" in company().text
    assert "routes: {10.64.0.0/12: unknown, 10.80.0.0/16: blackhole, 10.81.0.0/16: tools}" in company().text
    assert ends("web-b", "10.80.1.1") == ("core", Outcome.BLACKHOLE)
    assert ends("web-b", "10.90.1.1") == ("core", Outcome.NO_ROUTE)


def test_a_transit_gateway_whose_routes_nobody_asked_for_is_unknown_whole(tmp_path: Path) -> None:
    for path in COMPANY.iterdir():
        if not path.name.startswith("tgw-rtb-"):
            shutil.copy(path, tmp_path)
    found = describe(tmp_path)
    assert "10.64.0.0/10: unknown  # tgw-0fedcba9876543210" in found.text
    assert "- 1 transit gateway: core" in found.notes
    assert any(line.startswith("- tgw-rtb-0aaaaaaaaaaaaaaa1: run aws ec2 search-transit") for line in found.notes)


def test_what_is_left_out_is_named_and_counted() -> None:
    notes = company().notes
    for said in (
        "- 1 stopped instance: old reports",
        "- 1 interface attached to nothing: eni-05bae000000000001",
        "- 1 peering connection with a VPC that is not in this file: to-analytics",
        "- 1 load balancer: front",
        "- 1 Gateway endpoint: vpce-05333333333333333",
        "- c7i.48xlarge is c7i.24xlarge here: a host has 96 vCPU",
        "- interfaces of services are guests: 2 databases, 1 endpoint, 1 function, 2 load balancers",
    ):
        assert said in notes
    assert not any("terminated" in said or "nat-0aaaaaaaaaaaaaaa3" in said for said in notes)
    assert all(f"# {said}" in company().text.splitlines() for said in notes)
    assert company().summary == "eu-central-1, account 123456789012: 3 VPCs, 11 subnets, 13 guests"
