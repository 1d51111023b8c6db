"""The second opinion itself, pinned by journeys taken straight from AWS's documents."""

from ipaddress import IPv4Address, IPv4Network

import pytest

from dcsim.request import CreateSubnet, CreateVpc, Request, RevokeSecurityGroupEgress, RunInstances
from netvirt.address import parse_cidr, parse_ip

from .by_hand import (
    ADDRESSES,
    DELIVERED,
    EVERYWHERE,
    GRE,
    OPEN,
    PING,
    PONG,
    Story,
    acl,
    entry,
    group,
    lets_in,
    lets_out,
    routes_of,
    run,
    tcp,
    udp,
)
from .packet import ICMP, TCP, UDP, Ending, Fragment, Packet, Place, Quote, Verdict
from .random_vpcs import MARK

# Section 18.1, section 4: network ACLs


def test_network_acls_do_not_apply_inside_a_subnet() -> None:
    story = Story(*OPEN, *acl("shut", "x"))
    assert story.send("left", "near", PING) == Verdict(DELIVERED, Place.RECEIVER, "near")
    assert story.send("left", "right", PING) == Verdict(Ending.NETWORK_ACL, Place.EGRESS_ACL)
    assert story.send("right", "left", PING) == Verdict(Ending.NETWORK_ACL, Place.INGRESS_ACL, "left")


def test_the_lowest_number_decides_and_nothing_matching_is_denied() -> None:
    rules = (
        entry("a", "out", 200, True, TCP, (0, 1000), EVERYWHERE),
        entry("a", "out", 100, False, TCP, (80, 80), "10.0.2.0/24"),
    )
    story = Story(*OPEN, *acl("a", "x", *rules))
    assert story.ending("left", "right", tcp(79)) is DELIVERED
    assert story.ending("left", "right", tcp(80)) is Ending.NETWORK_ACL
    assert story.ending("left", "right", tcp(1001)) is Ending.NETWORK_ACL
    assert story.ending("left", "right", udp(81)) is Ending.NETWORK_ACL


def test_network_acls_remember_nothing() -> None:
    rules = (entry("a", "out", 1, True, -1, None, EVERYWHERE), entry("a", "in", 1, True, TCP, (80, 80), EVERYWHERE))
    story = Story(*OPEN, *acl("a", "x", *rules))
    assert story.ending("left", "right", tcp(22)) is DELIVERED
    assert story.send("right", "left", tcp(40000, 22, "SA")).place is Place.INGRESS_ACL


def test_a_later_fragment_has_no_ports() -> None:
    """Section 4: it matches only rules for every port of its protocol, or for every protocol."""
    fragment = Packet(TCP, fragment=Fragment.LATER)
    by_port = Story(*OPEN, *acl("a", "y", entry("a", "in", 1, True, TCP, (0, 65534), EVERYWHERE)))
    assert by_port.send("left", "right", fragment).place is Place.INGRESS_ACL
    whole = Story(*OPEN, *acl("a", "y", entry("a", "in", 1, True, TCP, None, EVERYWHERE)))
    assert whole.ending("left", "right", fragment) is DELIVERED


# Section 20: the worked network ACL of a web server's subnet


def course_acl() -> list[Request]:
    home = "192.0.2.0/24"
    inward = [
        (100, (80, 80), EVERYWHERE),
        (110, (443, 443), EVERYWHERE),
        (120, (22, 22), home),
        (130, (3389, 3389), home),
    ]
    outward = [(100, (80, 80)), (110, (443, 443)), (120, (32768, 65535))]
    replies = entry("web", "in", 140, True, TCP, (32768, 65535), EVERYWHERE)
    return acl(
        "web",
        "y",
        *(entry("web", "in", number, True, TCP, ports, block) for number, ports, block in inward),
        replies,
        *(entry("web", "out", number, True, TCP, ports, EVERYWHERE) for number, ports in outward),
    )


def test_a_visitor_with_a_low_ephemeral_port_never_sees_the_reply() -> None:
    story = Story(*OPEN, *course_acl())
    for port, ending in ((32767, Ending.NETWORK_ACL), (32768, DELIVERED)):
        assert story.ending("left", "right", tcp(443, port)) is DELIVERED
        assert story.ending("right", "left", tcp(port, 443, "SA")) is ending


def test_databases_are_out_of_reach_whatever_the_group_says_and_dns_works() -> None:
    story = Story(*OPEN, *course_acl())
    assert story.send("right", "left", tcp(1433)).place is Place.EGRESS_ACL
    assert story.send("left", "right", tcp(3306)).place is Place.INGRESS_ACL
    assert story.ending("right", "10.0.0.2", udp(53)) is Ending.UNKNOWN


# Section 18.2, section 3: security groups


def test_a_new_group_lets_nothing_in_and_everything_out() -> None:
    story = Story(*OPEN, *group("new"), instances=(run("left", "new"), run("right", "open")))
    assert story.ending("left", "right", PING) is DELIVERED
    assert story.ending("right", "left", tcp(80)) is Ending.SECURITY_GROUP


def test_the_default_group_lets_in_its_members_only() -> None:
    story = Story(*OPEN, instances=(run("left"), run("near"), run("right", "open")))
    assert story.ending("left", "near", tcp(80)) is DELIVERED
    assert story.send("right", "left", tcp(80)) == Verdict(Ending.SECURITY_GROUP, Place.INGRESS_SG, "left")


def test_a_group_as_peer_means_its_members_addresses_not_their_rules() -> None:
    db = group("db", lets_in("db", TCP, (5432, 5432), "app"))
    story = Story(*OPEN, *group("app"), *db, instances=(run("left", "app"), run("near", "open"), run("right", "db")))
    assert story.ending("left", "right", tcp(5432)) is DELIVERED
    assert story.ending("near", "right", tcp(5432)) is Ending.SECURITY_GROUP
    assert story.ending("left", "right", tcp(5433)) is Ending.SECURITY_GROUP


def test_open_to_all_with_all_open_back_is_untracked() -> None:
    """Section 3: inbound tcp/80 from everywhere and outbound all: the reply is judged by the outbound rule."""
    web = group("web", lets_in("web", TCP, (80, 80), EVERYWHERE), lets_in("web", TCP, (22, 22), "10.0.1.0/24"))
    story = Story(*OPEN, *web, instances=(run("left", "open"), run("right", "web")))
    for port in (80, 22):
        assert story.ending("left", "right", tcp(port)) is DELIVERED
    story.evaluator.apply(RevokeSecurityGroupEgress("v", "web", mark=MARK))
    assert story.send("right", "left", tcp(40000, 80, "SA")).place is Place.EGRESS_SG
    assert story.ending("right", "left", tcp(40000, 22, "SA")) is DELIVERED


def test_without_the_open_way_back_everything_is_tracked() -> None:
    web = group("web", lets_in("web", TCP, (80, 80), EVERYWHERE), revoked=True)
    story = Story(*OPEN, *web, instances=(run("left", "open"), run("right", "web")))
    assert story.ending("left", "right", tcp(80)) is DELIVERED
    assert story.ending("right", "left", tcp(40000, 80, "SA")) is DELIVERED
    assert story.ending("right", "left", tcp(40001, 80, "SA")) is Ending.SECURITY_GROUP


def closed_pair(*rules: Request) -> Story:
    """`right` says nothing of its own; `left` only what `rules` let out, and hears only replies."""
    left = group("left", *rules, revoked=True)
    right = group("right", lets_in("right", -1, None, "10.0.1.0/24"), revoked=True)
    return Story(*left, *right, instances=(run("left", "left"), run("right", "right")))


@pytest.mark.parametrize(("seconds", "passes"), [(29, True), (31, False)])
def test_pings_are_remembered_for_30_s_by_their_identifier(seconds: float, passes: bool) -> None:
    story = closed_pair(lets_out("left", ICMP, None, EVERYWHERE))
    assert story.ending("left", "right", PING) is DELIVERED
    assert story.ending("right", "left", Packet(ICMP, icmp_type=0, icmp_id=2)) is Ending.SECURITY_GROUP
    assert story.ending("right", "left", PING) is Ending.SECURITY_GROUP
    story.wait(seconds)
    assert (story.ending("right", "left", PONG) is DELIVERED) == passes


def test_udp_is_remembered_for_30_s_then_180_s_once_it_is_a_stream() -> None:
    story = closed_pair(lets_out("left", UDP, None, EVERYWHERE))
    there, back = udp(53), udp(40000, 53)
    assert story.ending("left", "right", there) is DELIVERED
    story.wait(29)
    assert story.ending("right", "left", back) is DELIVERED
    story.wait(31)
    assert story.ending("right", "left", back) is Ending.SECURITY_GROUP
    for packet, src, dst in ((there, "left", "right"), (back, "right", "left"), (there, "left", "right")):
        assert story.ending(src, dst, packet) is DELIVERED
    story.wait(179)
    assert story.ending("right", "left", back) is DELIVERED
    story.wait(181)
    assert story.ending("right", "left", back) is Ending.SECURITY_GROUP


def test_tcp_is_remembered_for_five_days_once_answered() -> None:
    story = closed_pair(lets_out("left", TCP, None, EVERYWHERE))
    assert story.ending("left", "right", tcp(80)) is DELIVERED
    story.wait(121)
    assert story.ending("right", "left", tcp(40000, 80, "SA")) is Ending.SECURITY_GROUP
    assert story.ending("left", "right", tcp(80)) is DELIVERED
    assert story.ending("right", "left", tcp(40000, 80, "SA")) is DELIVERED
    assert story.ending("left", "right", tcp(80, flags="A")) is DELIVERED
    story.wait(431_999)
    assert story.ending("right", "left", tcp(40000, 80, "A")) is DELIVERED
    assert story.ending("right", "left", tcp(40000, 80, "FA")) is DELIVERED
    story.wait(61)
    assert story.ending("right", "left", tcp(40000, 80, "A")) is Ending.SECURITY_GROUP


def test_other_protocols_are_remembered_by_address_for_600_s() -> None:
    story = closed_pair(lets_out("left", GRE, None, EVERYWHERE))
    assert story.ending("right", "left", Packet(GRE)) is Ending.SECURITY_GROUP
    assert story.ending("left", "right", Packet(GRE)) is DELIVERED
    story.wait(599)
    assert story.ending("right", "left", Packet(GRE)) is DELIVERED
    story.wait(601)
    assert story.ending("right", "left", Packet(GRE)) is Ending.SECURITY_GROUP


def test_an_icmp_error_passes_when_it_quotes_what_is_tracked() -> None:
    story = closed_pair(lets_out("left", UDP, None, EVERYWHERE))
    left, right = IPv4Address(ADDRESSES["left"]), IPv4Address(ADDRESSES["right"])
    assert story.ending("left", "right", udp(53)) is DELIVERED
    unreachable = Packet(ICMP, icmp_type=3, icmp_code=3, quote=Quote(left, right, udp(53)))
    assert story.ending("right", "left", unreachable) is DELIVERED
    other = Packet(ICMP, icmp_type=3, icmp_code=3, quote=Quote(left, right, udp(54)))
    assert story.ending("right", "left", other) is Ending.SECURITY_GROUP


@pytest.mark.parametrize(
    ("refused_by", "refused_at", "reply"),
    [("x", Place.EGRESS_ACL, Ending.SECURITY_GROUP), ("y", Place.INGRESS_ACL, DELIVERED)],
)
def test_the_sender_remembers_only_what_has_left_its_subnet(refused_by: str, refused_at: Place, reply: Ending) -> None:
    asking = group("asking", lets_out("asking", UDP, (9, 9), EVERYWHERE), revoked=True)
    other_way = entry("one-way", "in" if refused_by == "x" else "out", 1, True, -1, None, EVERYWHERE)
    instances = (run("left", "asking"), run("right", "open"))
    story = Story(*asking, *OPEN, *acl("one-way", refused_by, other_way), instances=instances)
    assert story.send("left", "right", udp(9)).place is refused_at
    assert story.ending("right", "left", udp(40000, 9)) is reply


# Section 18.5, section 1.5: routes and appliances


def routed(*routes: tuple[str, str], box_checks: bool = False) -> Story:
    table = routes_of("x", *routes)
    instances = (
        run("left", "open"),
        run("near", "open", check=False),
        run("right", "open"),
        run("box", "open", check=box_checks),
    )
    return Story(*OPEN, *table, instances=instances)


def test_the_longest_prefix_wins_and_a_whole_subnet_beats_local() -> None:
    story = routed(("0.0.0.0/0", "box"), ("8.8.8.0/24", "near"), ("10.0.2.0/24", "box"))
    assert story.send("left", "8.8.9.1", PING).receiver == "box"
    assert story.send("left", "8.8.8.8", PING).receiver == "near"
    assert story.send("left", "right", PING).receiver == "box"
    assert story.send("left", "near", PING).receiver == "near"
    assert story.send("right", "8.8.8.8", PING) == Verdict(Ending.NO_ROUTE, Place.ROUTE)


def test_an_appliance_that_checks_refuses_what_is_not_its_own() -> None:
    story = routed(("0.0.0.0/0", "box"), box_checks=True)
    assert story.send("left", "8.8.8.8", PING) == Verdict(Ending.SOURCE_DEST_CHECK, Place.INGRESS_CHECK, "box")


def test_only_who_does_not_check_may_send_with_another_address() -> None:
    story = routed()
    forged = Packet(UDP, 1, 2, source=IPv4Address("10.0.1.99"))
    assert story.send("left", "right", forged) == Verdict(Ending.SOURCE_DEST_CHECK, Place.EGRESS_CHECK)
    assert story.ending("box", "right", forged) is DELIVERED


# Section 1.1: reserved addresses; section 18.9: the resolver


def test_reserved_addresses() -> None:
    story = Story(*OPEN)
    endings = {
        "10.0.1.0": Ending.NO_MAPPING,
        "10.0.1.1": Ending.UNKNOWN,
        "10.0.1.2": Ending.NO_MAPPING,
        "10.0.1.3": Ending.NO_MAPPING,
        "10.0.1.255": Ending.BROADCAST,
        "10.0.0.2": Ending.UNKNOWN,
        "10.0.2.1": Ending.NO_MAPPING,
        "10.0.2.255": Ending.NO_MAPPING,
        "169.254.169.254": Ending.UNKNOWN,
        "224.0.0.5": Ending.BROADCAST,
        "255.255.255.255": Ending.BROADCAST,
    }
    assert {address: story.ending("left", address, PING) for address in endings} == endings


def test_vpcs_are_worlds_of_their_own() -> None:
    """The same block twice: addresses and groups mean those of the sender's VPC."""
    block = parse_cidr("10.0.0.0/16")
    other: list[Request] = [
        CreateVpc("w", block, mark=MARK),
        CreateSubnet("w", "x", parse_cidr("10.0.1.0/24"), "a", mark=MARK),
        RunInstances("w", "left", "x", (), None, parse_ip("10.0.1.4"), True, "m7i.large", None, None, mark=MARK),
    ]
    story = Story(*OPEN)
    for request in other:
        story.evaluator.apply(request)
    assert story.evaluator.send(("w", "left"), IPv4Address("10.0.1.5"), PING, 0).ending is Ending.NO_MAPPING
    assert story.evaluator.vpcs["w"].block == IPv4Network(block)
