"""Faults of the product that the comparison once found."""

from dcsim.request import AssociateAddress, Request

from .by_hand import (
    CRAWLER,
    DELIVERED,
    EVERYWHERE,
    OPEN,
    PING,
    PONG,
    address,
    gateway,
    group,
    key,
    lets_out,
    peer,
    routes_of,
    run,
    tcp,
    udp,
    world,
)
from .lab import ROOMY, Lab
from .packet import ICMP, TCP, Ending, Packet, Quote
from .random_vpcs import MARK


class Product:
    """A lab, by names."""

    def __init__(self, *requests: Request, instances: tuple[Request, ...] = ()) -> None:
        self.lab = Lab(world(*requests, instances=instances), 1, ROOMY)

    def ending(self, src: str, dst: str, packet: Packet) -> Ending:
        return self.lab.send(key(src), address(dst), packet).ending


def asking(*rules: Request) -> Product:
    """`left` may send what `rules` say and hears replies; `right` and `near` may send and hear anything."""
    instances = (run("left", "asking"), run("near", "open"), run("right", "open"))
    return Product(*OPEN, *group("asking", *rules, revoked=True), instances=instances)


def test_the_resolver_is_not_modelled_also_for_its_own_subnet() -> None:
    product = Product(*OPEN, instances=(run("low", "open"), run("left", "open")))
    assert product.ending("left", "10.0.0.2", udp(53)) is Ending.UNKNOWN
    assert product.ending("low", "10.0.0.2", udp(53)) is Ending.UNKNOWN


def test_a_ping_is_no_answer_to_a_ping() -> None:
    product = asking(lets_out("asking", ICMP, None, EVERYWHERE))
    assert product.ending("left", "right", PING) is DELIVERED
    assert product.ending("right", "left", PONG) is DELIVERED
    assert product.ending("right", "left", PING) is Ending.SECURITY_GROUP


def test_an_answer_that_nobody_asked_for_lets_nothing_in() -> None:
    product = asking(lets_out("asking", ICMP, None, EVERYWHERE))
    assert product.ending("left", "right", PONG) is DELIVERED
    assert product.ending("right", "left", PING) is Ending.SECURITY_GROUP


def test_an_error_goes_to_who_sent_what_it_quotes() -> None:
    product = asking(lets_out("asking", TCP, None, EVERYWHERE))
    assert product.ending("left", "right", tcp(80)) is DELIVERED
    about = Quote(address("left"), address("right"), tcp(80))
    assert product.ending("left", "near", Packet(ICMP, icmp_type=3, quote=about)) is Ending.SECURITY_GROUP


def test_an_error_that_a_rule_lets_out_lets_nothing_in() -> None:
    product = asking(lets_out("asking", ICMP, None, EVERYWHERE))
    about = Quote(address("right"), address("left"), udp(9))
    assert product.ending("left", "right", Packet(ICMP, icmp_type=3, icmp_code=3, quote=about)) is DELIVERED
    about = Quote(address("left"), address("right"), udp(9))
    forged = Packet(ICMP, icmp_type=3, icmp_code=3, quote=about)
    assert product.ending("right", "left", forged) is Ending.SECURITY_GROUP


def test_a_reset_connection_is_no_door_for_the_other_side() -> None:
    product = asking(lets_out("asking", TCP, None, EVERYWHERE))
    assert product.ending("left", "right", tcp(80)) is DELIVERED
    assert product.ending("left", "right", tcp(80, flags="R")) is DELIVERED
    assert product.ending("right", "left", tcp(40000, 80, "S")) is Ending.SECURITY_GROUP


def test_a_stray_reset_is_not_remembered_for_days() -> None:
    product = asking(lets_out("asking", TCP, None, EVERYWHERE))
    assert product.ending("left", "right", tcp(80, flags="R")) is DELIVERED
    assert product.ending("right", "left", tcp(40000, 80, "A")) is DELIVERED
    product.lab.wait(3600)
    assert product.ending("right", "left", tcp(40000, 80, "A")) is Ending.SECURITY_GROUP


def test_a_trace_knows_that_there_is_no_multicast() -> None:
    product = Product(*OPEN)
    trace = product.lab.trace(("v", "left"), address("224.0.0.5"), udp(5))
    assert product.ending("left", "224.0.0.5", udp(5)) is Ending.BROADCAST
    assert trace.forward.outcome.value == "broadcast and multicast are not supported"


def test_a_reply_that_ends_at_an_appliance_does_not_come_home() -> None:
    product = Product(*OPEN, *routes_of("y", ("10.0.1.0/24", "box")))
    assert not product.lab.trace(("v", "left"), address("right"), PING).reachable


def test_one_missing_route_is_one_blocker() -> None:
    product = Product(*OPEN)
    trace = product.lab.trace(("v", "left"), address("8.8.8.8"), PING)
    assert [hop.kind for hop in trace.forward.blockers] == ["rt"]


def test_dhcp_is_what_goes_to_the_server() -> None:
    product = Product(*OPEN)
    relay = udp(67, 68)
    assert product.lab.trace(("v", "left"), address("right"), relay).forward.delivered
    assert product.ending("left", "right", relay) is DELIVERED


def test_a_peering_that_leads_elsewhere_is_one_blocker() -> None:
    product = Product(*OPEN, *peer())
    trace = product.lab.trace(key("left"), address("8.8.8.8"), PING)
    assert [hop.kind for hop in trace.forward.blockers] == ["peering"]


def test_a_gateway_that_refuses_is_one_blocker() -> None:
    product = Product(*OPEN, *gateway("left"))
    trace = product.lab.trace(key("left"), address("192.168.1.1"), PING)
    assert [hop.kind for hop in trace.forward.blockers] == ["igw"]


def test_outsiders_of_one_network_can_be_traced() -> None:
    product = Product(*OPEN)
    assert product.ending("customer", CRAWLER, PING) is DELIVERED
    assert product.lab.trace(key("customer"), address(CRAWLER), PING).reachable


def test_an_address_that_was_given_back_is_not_given_again() -> None:
    product = Product(*OPEN, *gateway("left", "near"))
    for _ in range(2):
        product.lab.change(AssociateAddress("v", "near", None, mark=MARK))
    assert product.ending("customer", "198.18.0.2", PING) is Ending.NO_MAPPING
    assert product.ending("customer", "198.18.0.3", PING) is Ending.NO_MAPPING
    assert product.ending("customer", "198.18.0.4", PING) is DELIVERED
