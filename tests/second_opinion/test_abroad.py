"""The second opinion on peerings and internet gateways, pinned by what AWS's documents say."""

from dataclasses import replace
from ipaddress import IPv4Address

from dcsim.request import (
    AssociateAddress,
    AuthorizeSecurityGroupIngress,
    CreateRoute,
    CreateSubnet,
    Request,
    RunInstances,
)
from netvirt.address import parse_cidr, parse_ip

from .by_hand import (
    CRAWLER,
    CUSTOMER,
    DELIVERED,
    EVERYBODY,
    EVERYWHERE,
    OPEN,
    PING,
    PONG,
    Story,
    acl,
    address,
    entry,
    gateway,
    group,
    lets_in,
    lets_out,
    peer,
    run,
    tcp,
    udp,
)
from .packet import ICMP, TCP, UDP, Ending, Packet, Place, Quote, Verdict
from .random_vpcs import MARK

PEER = "10.7.0.4"
LEFT, NEAR = "198.18.0.1", "198.18.0.2"


def peers_let_in(protocol: int, block: str) -> list[Request]:
    return [AuthorizeSecurityGroupIngress("p", "default", protocol, None, -1, -1, parse_cidr(block), "", mark=MARK)]


# Section 6: peering


def test_a_peering_leads_both_ways_where_routes_lead() -> None:
    story = Story(*OPEN, *peer(*peers_let_in(-1, "10.0.0.0/16")))
    assert story.send("left", PEER, PING) == Verdict(DELIVERED, Place.RECEIVER, "peer")
    assert story.ending("p/peer", "left", PONG) is DELIVERED
    assert story.send("right", PEER, PING) == Verdict(Ending.NO_ROUTE, Place.ROUTE)


def test_without_a_route_back_the_reply_is_lost() -> None:
    story = Story(*OPEN, *peer(*peers_let_in(-1, "10.0.0.0/16"), back=False))
    assert story.ending("left", PEER, PING) is DELIVERED
    assert story.send("p/peer", "left", PONG) == Verdict(Ending.NO_ROUTE, Place.ROUTE)


def test_peering_is_not_transitive() -> None:
    story = Story(*OPEN, *peer())
    assert story.send("left", "8.8.8.8", PING) == Verdict(Ending.NOT_TRANSITIVE, Place.PEERING)
    for nobody in ("10.7.0.2", "10.7.0.1", "10.7.0.255", "10.7.9.9"):
        assert story.send("left", nobody, PING) == Verdict(Ending.NO_MAPPING, Place.MAPPING)


def test_both_subnets_network_acls_apply() -> None:
    story = Story(*OPEN, *peer(*peers_let_in(-1, EVERYWHERE)), *acl("shut", "x"))
    assert story.send("left", PEER, PING).place is Place.EGRESS_ACL
    assert story.send("p/peer", "left", PING) == Verdict(Ending.NETWORK_ACL, Place.INGRESS_ACL, "left")


def test_a_peers_group_means_its_members_private_addresses() -> None:
    web = [*peer(), *group("web", lets_in("web", TCP, (80, 80), "p/default"))]
    story = Story(*OPEN, *web, instances=(run("left", "web"), run("right", "open")))
    assert story.ending("p/peer", "left", tcp(80)) is DELIVERED
    assert story.ending("right", "left", tcp(80)) is Ending.SECURITY_GROUP
    assert story.ending("p/peer", "left", Packet(TCP, 1, 80, flags="S", source=address("10.7.0.9"))) is (
        Ending.SECURITY_GROUP
    )


def test_group_names_are_each_vpcs_own() -> None:
    ours = group("web", lets_in("web", TCP, None, "default"))
    story = Story(*OPEN, *peer(), *ours, instances=(run("left", "web"), run("near")))
    assert story.ending("near", "left", tcp(80)) is DELIVERED
    assert story.ending("p/peer", "left", tcp(80)) is Ending.SECURITY_GROUP


# Section 5: internet gateways


def test_the_way_out_carries_the_public_address() -> None:
    story = Story(*OPEN, *gateway("left"))
    verdict = story.send("left", CUSTOMER, PING)
    assert verdict == Verdict(DELIVERED, Place.RECEIVER, "customer")
    assert verdict.arrived is not None and str(verdict.arrived.src) == LEFT
    assert story.send("left", "1.2.3.4", PING) == Verdict(Ending.NO_MAPPING, Place.BORDER)


def test_who_has_no_public_address_or_means_a_private_one_is_refused() -> None:
    story = Story(*OPEN, *gateway("left"))
    refused = Verdict(Ending.GATEWAY, Place.GATEWAY)
    assert story.send("near", CUSTOMER, PING) == refused
    for private in ("10.9.9.9", "172.31.255.255", "192.168.0.1", "100.64.0.1", "100.127.255.255"):
        assert story.send("left", private, PING) == refused
    assert story.send("left", "172.32.0.1", PING).place is Place.BORDER
    assert story.send("right", CUSTOMER, PING).ending is Ending.NO_ROUTE


def test_the_way_in_needs_no_route_and_the_way_back_does() -> None:
    story = Story(*OPEN, *gateway("left", "right"))
    verdict = story.send("customer", NEAR, PING)
    assert verdict == Verdict(DELIVERED, Place.RECEIVER, "right")
    assert verdict.arrived is not None and verdict.arrived.dst == address("right")
    assert story.ending("right", CUSTOMER, PONG) is Ending.NO_ROUTE
    assert story.send("customer", "198.18.0.3", PING) == Verdict(Ending.NO_MAPPING, Place.BORDER)
    assert story.send("customer", CRAWLER, PING) == Verdict(DELIVERED, Place.RECEIVER, "crawler")


def test_rules_see_the_private_address_of_the_instance_and_the_public_one_of_the_other() -> None:
    asking = group("asking", lets_out("asking", UDP, None, f"{CUSTOMER}/32"), revoked=True)
    rules = (
        entry("a", "out", 1, True, UDP, None, f"{CUSTOMER}/32"),
        entry("a", "in", 1, True, UDP, None, f"{CUSTOMER}/32"),
    )
    story = Story(*asking, *gateway("left"), *acl("a", "x", *rules), instances=(run("left", "asking"),))
    assert story.ending("left", CUSTOMER, udp(53)) is DELIVERED
    assert story.send("left", CRAWLER, udp(53)).place is Place.EGRESS_SG
    assert story.send("crawler", LEFT, udp(40000, 53)).place is Place.INGRESS_ACL
    assert story.ending("customer", LEFT, udp(40000, 53)) is DELIVERED
    assert story.send("customer", LEFT, udp(40000, 54)).place is Place.INGRESS_SG


def test_by_public_addresses_neighbours_are_strangers() -> None:
    """Section 5, hairpin: groups do not match, network ACLs apply even inside a subnet."""
    members = group("members", lets_in("members", TCP, None, "members"))
    both = (run("left", "members"), run("near", "members"))
    story = Story(*members, *gateway("left", "near"), instances=both)
    assert story.ending("left", "near", tcp(80)) is DELIVERED
    assert story.send("left", NEAR, tcp(80)) == Verdict(Ending.SECURITY_GROUP, Place.INGRESS_SG, "near")
    by_block = group("members", lets_in("members", TCP, None, f"{LEFT}/32"))
    shut = entry("a", "out", 1, True, -1, None, EVERYWHERE), entry("a", "in", 1, True, TCP, (80, 80), f"{LEFT}/32")
    story = Story(*by_block, *gateway("left", "near"), *acl("a", "x", *shut), instances=both)
    assert story.ending("left", NEAR, tcp(80)) is DELIVERED
    assert story.send("left", NEAR, tcp(81)) == Verdict(Ending.NETWORK_ACL, Place.INGRESS_ACL, "near")


def test_errors_quote_addresses_as_their_reader_knows_them() -> None:
    asking = group("asking", lets_out("asking", UDP, None, EVERYWHERE), revoked=True)
    story = Story(*asking, *gateway("left"), instances=(run("left", "asking"),))
    assert story.ending("left", CUSTOMER, udp(53)) is DELIVERED
    quote = Quote(IPv4Address(LEFT), IPv4Address(CUSTOMER), udp(53))
    verdict = story.send("customer", LEFT, Packet(ICMP, icmp_type=3, icmp_code=3, quote=quote))
    assert verdict.delivered and verdict.arrived is not None and verdict.arrived.packet.quote is not None
    assert verdict.arrived.packet.quote.src == address("left")


def test_public_addresses_come_in_order() -> None:
    subnet = CreateSubnet("v", "m", parse_cidr("10.0.3.0/24"), "a", True, mark=MARK)
    mapped = RunInstances("v", "m", "m", (), None, parse_ip("10.0.3.4"), True, "m7i.large", None, None, mark=MARK)
    own = AssociateAddress("v", "near", parse_ip("198.18.0.3"), mark=MARK)
    story = Story(*OPEN, *gateway("left"), subnet, own, instances=(*EVERYBODY, mapped))
    story.evaluator.apply(AssociateAddress("v", "right", None, mark=MARK))
    known = {name: str(each.public) for name, each in story.evaluator.vpcs["v"].instances.items() if each.public}
    assert known == {"m": "198.18.0.1", "left": "198.18.0.2", "near": "198.18.0.3", "right": "198.18.0.4"}
    # An Elastic IP takes the place of the other one, which nobody else gets.
    story.evaluator.apply(AssociateAddress("v", "m", None, mark=MARK))
    assert str(story.evaluator.vpcs["v"].instances["m"].public) == "198.18.0.5"


def test_nobody_reaches_the_internet_through_a_peers_gateway() -> None:
    edge = CreateRoute("p", "main", parse_cidr(EVERYWHERE), "v-p", "vpc_peering_connection", mark=MARK)
    story = Story(*OPEN, *peer(edge), *gateway("left", subnet="y"))
    assert story.send("p/peer", CUSTOMER, PING) == Verdict(Ending.NOT_TRANSITIVE, Place.PEERING)


def test_what_is_too_large_for_the_internet_ends_and_its_sender_hears_of_it_or_not() -> None:
    """Of a tracked conversation always; else a rule is needed."""
    large = replace(udp(53), octets=1501)
    story = Story(*group("shy", revoked=False), *gateway("left"), instances=(run("left", "shy"),))
    verdict = story.send("left", CUSTOMER, large)
    assert (verdict, verdict.told) == (Verdict(Ending.OVERSIZE, Place.GATEWAY), True)
    assert story.ending("left", CUSTOMER, replace(large, octets=1500)) is DELIVERED
    back = lets_in("open", UDP, None, EVERYWHERE)
    story = Story(*group("open", back), *gateway("left"), instances=(run("left", "open"),))
    assert not story.send("left", CUSTOMER, large).told, "untracked, and no rule"
    ruled = group("open", back, lets_in("open", ICMP, None, "10.0.1.1/32"))
    story = Story(*ruled, *gateway("left"), instances=(run("left", "open"),))
    assert story.send("left", CUSTOMER, large).told
    assert story.send("customer", LEFT, large).told, "there, nobody filters"
    error = Packet(ICMP, icmp_type=3, icmp_code=3, octets=1501)
    assert not story.send("left", CUSTOMER, error).told
