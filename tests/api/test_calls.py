"""Calls as programs write them: names, ids, and what is said when they are wrong."""

import pytest

from dcsim import build
from dcsim.problem import Refused
from dcsim.topology.load import plan_of

from .desk import REGION, Desk

HEAD = "version: 1\nregion: eu-west-1\nzones: [a, b]\n"


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_call_returns_what_it_made_and_ids_will_do() -> None:
    world = build(plan_of((HEAD + REGION).encode(), "region.yaml", "region"))
    table = world.call("CreateRouteTable", vpc="shop", name="detour")
    assert table.startswith("rtb-")
    subnet = world.call("ReplaceRouteTableAssociation", subnet="shop/public-a", route_table=table)
    assert subnet == world.control.vpcs["shop"].subnets["public-a"].id
    assert world.control.vpcs["shop"].subnets["public-a"].table == table
    assert world.call("CreateRoute", route_table=table, destination="0.0.0.0/0", target="igw") == table


def test_a_wrong_call_is_told_at_the_line_that_called() -> None:
    world = build(plan_of((HEAD + REGION).encode(), "region.yaml", "region"))
    with pytest.raises(Refused) as refused:
        world.call("DeleteRoute", route_table="pubic", destination="0.0.0.0/0")
    (problem,) = refused.value.problems
    assert problem.mark.file.endswith("test_calls.py")
    line = test_a_wrong_call_is_told_at_the_line_that_called.__code__.co_firstlineno + 3
    assert (problem.mark.line, problem.code) == (line, "InvalidRouteTableID.NotFound")


ROUTE = {"route_table": "public", "destination": "0.0.0.0/0", "target": "igw"}
WRONG = [
    ("ReplaceRout", ROUTE, "InvalidAction: no verb 'ReplaceRout'; there are * Did you mean ReplaceRoute?"),
    ("ReplaceRoute", {**ROUTE, "destinaton": "10.0.0.0/8"}, "ReplaceRoute has no 'destinaton'. Did you mean destination?"),
    ("DeleteRoute", {"route_table": "public"}, "DeleteRoute lacks destination"),
    ("ReplaceRoute", {**ROUTE, "destination": "everywhere"}, "InvalidPrefixListID.NotFound: no prefix list 'everywhere'; there are none"),
    ("ReplaceRoute", {**ROUTE, "destination": "10.0.0.0/33"}, "destination '10.0.0.0/33' is not an IPv4 block; write it like 10.0.0.0/16, or name a prefix list"),
    ("ReplaceRoute", {**ROUTE, "destination": ["a"]}, "destination needs one value, not a list"),
    ("ReplaceRoute", {**ROUTE, "route_table": "pubic"}, "InvalidRouteTableID.NotFound: no route table 'pubic'; there are * Did you mean public?"),
    ("ReplaceRoute", {**ROUTE, "route_table": "shp/public"}, "InvalidVpcID.NotFound: no vpc 'shp'; there are shop, data, far. Did you mean shop?"),
    ("ReplaceRoute", {**ROUTE, "route_table": "main"}, "InvalidParameterValue: main is in several VPCs: shop/main, data/main, far/main. Name one of these"),
    ("ReplaceRoute", {**ROUTE, "target": "web-c"}, "InvalidParameterValue: no target 'web-c'; shop has * Did you mean web-b?"),
    ("ReplaceRoute", {**ROUTE, "target": "db"}, "InvalidParameterValue: no target 'db'; shop has *"),
    ("AssociateRouteTable", {"route_table": "private", "subnet": "mute"}, "InvalidParameterValue: private is in shop; mute is in data. Name resources of one VPC"),
    ("CreateNetworkAclEntry", {"network_acl": "shop/default"}, "MissingParameter: CreateNetworkAclEntry is about one direction. Write ingress or egress"),
    ("CreateNetworkAclEntry", {"network_acl": "shop/default", "ingress": "1 allow all from 0.0.0.0/0", "egress": "1 allow all to 0.0.0.0/0"}, "InvalidParameterCombination: CreateNetworkAclEntry is about one direction. Write ingress or egress"),
    ("CreateNetworkAclEntry", {"network_acl": "shop/default", "ingress": "allow all from 0.0.0.0/0"}, "'allow' is no rule number; a network ACL's rule starts like 100 allow"),
    ("RevokeSecurityGroupIngress", {"security_group": "web", "ingress": "icmp to 0.0.0.0/0"}, "an ingress rule says from, not to"),
    ("DeleteNetworkAclEntry", {"network_acl": "shop/default", "ingress": 0}, "ingress 0 *"),
    ("AssociateAddress", {"instance": "shop/web-a", "public_ip": "10.0.0.1"}, "public_ip 10.0.0.1 is private (RFC 1918); *"),
    ("ModifyNetworkInterfaceAttribute", {"instance": "web-a", "security_groups": ["shy", "db"]}, "InvalidParameterValue: *"),
]  # fmt: skip


@pytest.mark.parametrize("verb, properties, said", WRONG, ids=[f"{verb} {said[:30]}" for verb, _, said in WRONG])
def test_what_is_wrong_with_a_call(desk: Desk, verb: str, properties: dict[str, str], said: str) -> None:
    begins, _, ends = said.partition("*")
    told = desk.refusal(verb, **properties)
    assert told.startswith(begins) and told.endswith(ends.strip())


REFUSED = [
    ("ReplaceRoute", {**ROUTE, "destination": "10.9.0.0/16"}, "InvalidRoute.NotFound: public has no route to 10.9.0.0/16; it has 10.0.0.0/16, 0.0.0.0/0, 10.1.0.0/16, 10.2.0.0/16"),
    ("DeleteRoute", {"route_table": "public", "destination": "10.0.0.0/16"}, "InvalidParameterValue: 10.0.0.0/16 is local in public; a VPC's own routes stay"),
    ("CreateRoute", ROUTE, "RouteAlreadyExists: public has a route to 0.0.0.0/0 already"),
    ("DeleteRouteTable", {"route_table": "public"}, "DependencyViolation: public-a has the route table public. Disassociate it first"),
    ("DeleteRouteTable", {"route_table": "shop/main"}, "DependencyViolation: main is the main route table of shop"),
    ("AssociateRouteTable", {"route_table": "private", "subnet": "public-a"}, "Resource.AlreadyAssociated: public-a has the route table public already. Replace the association"),
    ("ReplaceRouteTableAssociation", {"route_table": "out", "subnet": "mute"}, "InvalidAssociationID.NotFound: mute follows main. Associate it"),
    ("DisassociateRouteTable", {"subnet": "mute"}, "InvalidAssociationID.NotFound: mute follows main"),
    ("DeleteSecurityGroup", {"security_group": "shop/default"}, "CannotDelete: default is the default group of shop"),
    ("DeleteSecurityGroup", {"security_group": "shy"}, "DependencyViolation: shy has the group shy. Give it another first"),
    ("RevokeSecurityGroupIngress", {"security_group": "shy", "ingress": "icmp from shy"}, "InvalidPermission.NotFound: shy has no rule 'icmp from shy'; it has icmp from web, udp 9 from web"),
    ("AuthorizeSecurityGroupIngress", {"security_group": "shy", "ingress": "icmp from web"}, "InvalidPermission.Duplicate: shy has the rule 'icmp from web' already"),
    ("AuthorizeSecurityGroupIngress", {"security_group": "shy", "ingress": "icmp from wbe"}, "InvalidGroup.NotFound: no security group 'wbe'. Did you mean web?"),
    ("DeleteNetworkAcl", {"network_acl": "shop/default"}, "InvalidParameterValue: default is the default network ACL of shop"),
    ("CreateNetworkAclEntry", {"network_acl": "shop/default", "ingress": "100 deny all from 0.0.0.0/0"}, "NetworkAclEntryAlreadyExists: default has an entry 100 already"),
    ("ReplaceNetworkAclEntry", {"network_acl": "shop/default", "egress": "90 deny all to 0.0.0.0/0"}, "InvalidNetworkAclEntry.NotFound: default has no egress entry 90; it has 100"),
    ("DeleteNetworkAclEntry", {"network_acl": "shop/default", "ingress": 90}, "InvalidNetworkAclEntry.NotFound: default has no ingress entry 90; it has 100"),
    ("DetachInternetGateway", {"vpc": "shop"}, "DependencyViolation: given has the public address 198.18.0.1; igw goes when nobody has one"),
    ("DetachInternetGateway", {"vpc": "data"}, "Gateway.NotAttached: data has no internet gateway"),
    ("CreateInternetGateway", {"vpc": "shop", "name": "other"}, "Resource.AlreadyAssociated: shop has the internet gateway igw already; one VPC has one"),
    ("AssociateAddress", {"instance": "db"}, "Gateway.NotAttached: data has no internet gateway, so db cannot have a public address; write internet_gateway: NAME"),
    ("AssociateAddress", {"instance": "bare", "public_ip": "198.18.0.10", "allow_reassociation": False}, "Resource.AlreadyAssociated: 198.18.0.10 is web-a's; use another, or true"),
    ("AssociateAddress", {"instance": "bare", "public_ip": "198.18.0.1"}, "Resource.AlreadyAssociated: 198.18.0.1 is given's; use another, or true"),
    ("DisassociateAddress", {"public_ip": "198.18.0.1"}, "InvalidAddress.NotFound: 198.18.0.1 is none of your Elastic IPs; there are 198.18.0.10, 198.18.0.11, 198.18.0.12"),
    ("ReleaseAddress", {"public_ip": "198.18.0.10"}, "InvalidIPAddress.InUse: 198.18.0.10 is web-a's. Disassociate it first"),
    ("CreateVpcPeeringConnection", {"name": "again", "vpc": "data", "peer_vpc": "shop"}, "VpcPeeringConnectionAlreadyExists: data and shop are peered already; route to shop-data"),
    ("DeleteVpcPeeringConnection", {"vpc_peering_connection": "shop-dat"}, "InvalidVpcPeeringConnectionID.NotFound: no peering connection 'shop-dat'. Did you mean shop-data?"),
]  # fmt: skip


@pytest.mark.parametrize("verb, properties, said", REFUSED, ids=[f"{verb} {said[:30]}" for verb, _, said in REFUSED])
def test_what_ec2_refuses(desk: Desk, verb: str, properties: dict[str, str], said: str) -> None:
    before = [desk.world.control.view(name) for name in ("shop", "data")]
    told = desk.refusal(verb, **properties)
    assert told == said
    assert [desk.world.control.view(name) for name in ("shop", "data")] == before, "nothing has changed"
