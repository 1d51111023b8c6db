"""What each verb does to packets of flows that live: when, and at which place they end from then on."""

import pytest

from netvirt.journey import Outcome

from .desk import MS, Desk

BOXES = """
vpcs:
  shop:
    cidr_block: 10.0.0.0/16
    subnets:
      left: {availability_zone: a, cidr_block: 10.0.1.0/24, route_table: left}
      right: {availability_zone: b, cidr_block: 10.0.2.0/24}
      boxes: {per_zone: true, cidr_block: 10.0.8.0/24}
    route_tables:
      left: {routes: {10.0.2.0/24: box-a}}
      plain: {}
    network_acls: {open: {ingress: 100 allow all from 0.0.0.0/0, egress: 100 allow all to 0.0.0.0/0}}
    security_groups:
      tracked: {ingress: [udp 9 from 10.0.0.0/16, icmp from 10.0.0.0/16]}
      open: {ingress: all from 0.0.0.0/0}
      empty: {egress: []}
    instances:
      left: {subnet: left, security_groups: open}
      right: {subnet: right, security_groups: tracked}
      free: {subnet: right, security_groups: open}
      box: {per_zone: true, subnet: boxes, security_groups: open, source_dest_check: false}
"""
RIGHT, FREE = "10.0.2.4", "10.0.2.5"


@pytest.fixture
def boxes() -> Desk:
    return Desk(BOXES)


def test_a_route_is_another_one_for_the_next_packet_to_the_nanosecond(boxes: Desk) -> None:
    boxes.ask("ReplaceRoute", route_table="left", destination="10.0.2.0/24", target="box-b")
    heard = boxes.now + boxes.propagation_ns
    shaper = boxes.now + 2 * MS - _left_at(boxes, boxes.now + 2 * MS)
    marks = []
    for moment in (heard - 1, heard + 1):
        frame, mark = boxes.datagram("left", RIGHT)
        boxes.at(moment - shaper, boxes["left"].send, frame)
        marks.append(mark)
    boxes.wait(200 * MS)
    assert [boxes.ends(mark)[0].place for mark in marks] == ["box-a", "box-b"]


def _left_at(boxes: Desk, send: int) -> int:
    """When a datagram that is sent then has passed the sender's vNIC; negative: how long that takes."""
    return send - boxes["left"].nic.tx.line.serialize_ps(64 + 24) // 1000


def test_routes_come_and_go(boxes: Desk) -> None:
    assert boxes.fate("left", RIGHT).place == "box-a"
    boxes.do("DeleteRoute", route_table="left", destination="10.0.2.0/24")
    assert boxes.fate("left", RIGHT)[:2] == ("right", Outcome.DELIVERED)
    boxes.do("CreateRoute", route_table="left", destination="10.0.2.0/24", target="box-b")
    assert boxes.fate("left", RIGHT).place == "box-b"
    boxes.do("ReplaceRouteTableAssociation", subnet="left", route_table="plain")
    assert boxes.fate("left", RIGHT).place == "right"
    boxes.do("DeleteRouteTable", route_table="left")
    boxes.do("DisassociateRouteTable", subnet="left")
    assert boxes.fate("left", RIGHT).place == "right"
    boxes.do("CreateRoute", route_table="main", destination="10.0.2.0/24", target="box-a")
    assert boxes.fate("left", RIGHT).place == "box-a"


def test_a_tracked_flow_outlives_its_rule_and_an_untracked_one_does_not(boxes: Desk) -> None:
    boxes.do("DeleteRoute", route_table="left", destination="10.0.2.0/24")
    assert [boxes.fate("left", address).place for address in (RIGHT, FREE)] == ["right", "free"]
    boxes.ask("RevokeSecurityGroupIngress", security_group="tracked", ingress="udp 9 from 10.0.0.0/16")
    boxes.do("RevokeSecurityGroupIngress", security_group="open", ingress="all from 0.0.0.0/0")
    assert boxes.fate("left", RIGHT).place == "right"
    assert boxes.fate("left", FREE).outcome is Outcome.SECURITY_GROUP
    assert boxes.fate("left", RIGHT, sport=4001).outcome is Outcome.SECURITY_GROUP
    boxes.do("AuthorizeSecurityGroupIngress", security_group="tracked", ingress="udp 9 from 10.0.0.0/16")
    assert boxes.fate("left", RIGHT, sport=4001).place == "right"


@pytest.mark.parametrize(
    "verb, properties",
    [
        ("CreateNetworkAclEntry", {"network_acl": "default", "ingress": "7 deny udp from 10.0.1.0/24"}),
        ("ReplaceNetworkAclEntry", {"network_acl": "default", "egress": "100 deny all to 0.0.0.0/0"}),
        ("DeleteNetworkAclEntry", {"network_acl": "default", "egress": 100}),
        ("DeleteNetworkAclEntry", {"network_acl": "default", "ingress": 100}),
    ],
)
def test_an_acl_cuts_tracked_flows_too(boxes: Desk, verb: str, properties: dict[str, str]) -> None:
    boxes.do("ReplaceRouteTableAssociation", subnet="left", route_table="plain")
    assert boxes.fate("left", RIGHT).place == "right"
    boxes.ask(verb, **properties)
    assert boxes.fate("left", RIGHT).place == "right", "the news is under way"
    assert boxes.fate("left", RIGHT).outcome is Outcome.NETWORK_ACL
    boxes.ask("ReplaceNetworkAclAssociation", subnet="left", network_acl="open")
    boxes.do("ReplaceNetworkAclAssociation", subnet="right", network_acl="open")
    assert boxes.fate("left", RIGHT).place == "right"
    boxes.ask("ReplaceNetworkAclAssociation", subnet="boxes-a", network_acl="open")
    assert boxes.refusal("DeleteNetworkAcl", network_acl="open").startswith(
        "DependencyViolation: left has the network ACL"
    )


def test_an_interface_gets_other_groups_and_its_tracked_flows_live_on(boxes: Desk) -> None:
    boxes.do("ReplaceRouteTableAssociation", subnet="left", route_table="plain")
    assert [boxes.fate("left", address).place for address in (RIGHT, FREE)] == ["right", "free"]
    for name in ("right", "free"):
        boxes.do("ModifyNetworkInterfaceAttribute", instance=name, security_groups="empty")
    assert boxes.fate("left", RIGHT).place == "right"
    assert boxes.fate("left", FREE).outcome is Outcome.SECURITY_GROUP
    assert boxes.fate("left", RIGHT, sport=4001).outcome is Outcome.SECURITY_GROUP


def test_a_middlebox_that_checks_again_gets_nothing_any_more(boxes: Desk) -> None:
    assert boxes.fate("left", RIGHT).place == "box-a"
    boxes.do("ModifyNetworkInterfaceAttribute", instance="box-a", source_dest_check=True)
    assert boxes.fate("left", RIGHT).outcome is Outcome.SOURCE_DEST_CHECK


def test_who_leaves_a_group_is_none_of_those_that_it_lets_in() -> None:
    """Also of what needs no track: a remembered answer to no question rests on who is in the group."""
    desk = Desk()
    assert desk.fate("web-a", "10.0.1.5").place == "shy"
    desk.do("ModifyNetworkInterfaceAttribute", instance="web-a", security_groups="shop/default")
    assert desk.fate("web-a", "10.0.1.5").outcome is Outcome.DELIVERED, "tracked"
    assert desk.fate("web-a", "10.0.1.5", sport=4001).outcome is Outcome.SECURITY_GROUP
    assert desk.fate("web-b", "10.0.1.5", sport=4001).place == "shy"


def test_a_deleted_peering_leaves_black_holes_for_good() -> None:
    desk = Desk()
    assert desk.fate("web-a", "10.1.0.4").place == "db"
    assert desk.fate("db", "10.0.0.4").place == "web-a"
    desk.ask("DeleteVpcPeeringConnection", vpc_peering_connection="shop-data")
    assert desk.fate("web-a", "10.1.0.4").place == "db", "the news is under way"
    assert desk.fate("web-a", "10.1.0.4").outcome is Outcome.BLACKHOLE
    assert desk.fate("db", "10.0.0.4").outcome is Outcome.BLACKHOLE
    desk.do("CreateVpcPeeringConnection", name="shop-data", vpc="data", peer_vpc="shop")
    assert desk.fate("web-a", "10.1.0.4").outcome is Outcome.BLACKHOLE, "another connection of that name"
    for table, block in (("public", "10.1.0.0/16"), ("out", "10.0.0.0/16")):
        desk.do(
            "ReplaceRoute",
            route_table=f"{'shop' if table == 'public' else 'data'}/{table}",
            destination=block,
            target="shop-data",
        )
    assert desk.fate("web-a", "10.1.0.4").place == "db"
    assert desk.fate("web-a", "10.1.0.4", sport=4001).place == "db", "rules that name the peer's groups live again"


def test_what_is_under_way_over_a_peering_that_is_deleted_meanwhile_is_nobodys() -> None:
    """Remembered or not: the receiver's host knows its sender no more."""
    desk = Desk()
    frame, mark = desk.datagram("web-a", "10.1.0.4")
    desk["web-a"].send(frame)
    desk.wait(10 * MS)
    assert desk.ends(mark)[0].place == "db"
    latency = desk.ends(mark)[0].time - (desk.now - 10 * MS)
    desk.ask("DeleteVpcPeeringConnection", vpc_peering_connection="shop-data")
    frame, mark = desk.datagram("web-a", "10.1.0.4")
    desk.at(desk.now + desk.propagation_ns - latency // 2, desk["web-a"].send, frame)
    desk.wait(200 * MS)
    assert desk.ends(mark)[0].outcome is Outcome.UNVERIFIED_SENDER


def test_an_elastic_ip_moves_with_the_next_packet() -> None:
    desk = Desk()
    assert desk.asked("customer", "198.18.0.10") == "answered"
    assert desk.came("web-a").dst
    desk.do("AssociateAddress", instance="web-b", public_ip="198.18.0.10")
    assert desk.fate("customer", "198.18.0.10").place == "web-b"
    assert desk.fate("customer", "198.18.0.11").outcome is Outcome.NO_MAPPING, "it was web-b's, and is nobody's now"
    assert desk.fate("web-a", "198.51.100.7").outcome is Outcome.GATEWAY
    desk.do("AssociateAddress", instance="web-a", public_ip="198.18.0.11")
    assert desk.fate("customer", "198.18.0.11").place == "web-a"


def test_an_elastic_ip_moves_to_another_vpc() -> None:
    desk = Desk()
    desk.do("CreateInternetGateway", vpc="data", name="door")
    desk.do("AuthorizeSecurityGroupIngress", security_group="data/open", ingress="udp 9 from 198.51.100.0/24")
    desk.do("ModifyNetworkInterfaceAttribute", instance="db", security_groups="data/open")
    for _ in range(2):
        desk.do("AssociateAddress", instance="db", public_ip="198.18.0.10")
        assert desk.fate("customer", "198.18.0.10").place == "db"
        desk.do("AssociateAddress", instance="web-a", public_ip="198.18.0.10")
        assert desk.fate("customer", "198.18.0.10").place == "web-a"


def test_who_loses_an_elastic_ip_gets_one_of_its_subnet_again_and_a_gateway_leaves_last() -> None:
    desk = Desk()
    desk.do("AssociateAddress", instance="given", public_ip="198.18.0.40")
    assert desk.asked("customer", "198.18.0.1").startswith("no such address"), "released, for ever"
    assert desk.asked("customer", "198.18.0.40") == "answered"
    desk.do("DisassociateAddress", public_ip="198.18.0.40")
    assert desk.asked("customer", "198.18.0.2") == "answered"
    assert desk.do("ReleaseAddress", public_ip="198.18.0.40") == "198.18.0.40"
    assert desk.refusal("DetachInternetGateway", vpc="shop").startswith("DependencyViolation")


def test_a_gateway_that_is_gone_leaves_a_black_hole_until_it_is_back() -> None:
    desk = Desk()
    for address in ("198.18.0.10", "198.18.0.11", "198.18.0.12"):
        desk.do("DisassociateAddress", public_ip=address)
    desk.refusal("DetachInternetGateway", vpc="shop")
    given = desk.world.control.vpcs["shop"].public
    given.clear()  # nothing terminates instances here
    desk.do("DetachInternetGateway", vpc="shop")
    assert desk.fate("web-a", "198.51.100.7").outcome is Outcome.BLACKHOLE
    desk.do("CreateInternetGateway", vpc="shop", name="igw")
    assert desk.fate("web-a", "198.51.100.7").outcome is Outcome.GATEWAY
    assert desk.do("AllocateAddress") == "198.18.0.2"
    desk.do("AssociateAddress", instance="web-a", public_ip="198.18.0.2")
    assert desk.asked("web-a", "198.51.100.7") == "answered"


def test_a_group_is_made_used_and_deleted_and_its_name_means_another_one_then() -> None:
    desk = Desk()
    first = desk.do("CreateSecurityGroup", vpc="shop", name="new")
    desk.do("AuthorizeSecurityGroupIngress", security_group="shy", ingress="udp 9 from new")
    assert desk.refusal("DeleteSecurityGroup", security_group="new") == (
        "DependencyViolation: a rule of shy names the group new. Revoke it first"
    )
    desk.do("RevokeSecurityGroupIngress", security_group="shy", ingress="udp 9 from new")
    desk.do("AuthorizeSecurityGroupIngress", security_group="db", ingress="udp 9 from shop/new")
    desk.do("DeleteSecurityGroup", security_group="new")
    second = desk.do("CreateSecurityGroup", vpc="shop", name="new")
    assert first != second
    desk.do("ModifyNetworkInterfaceAttribute", instance="bare", security_groups="new")
    assert desk.fate("bare", "10.1.0.4").outcome is Outcome.SECURITY_GROUP, "the peer's rule is stale"
