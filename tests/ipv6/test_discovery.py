"""Neighbor discovery: what the host answers, and that no guest can speak for another."""

import pytest
from scapy.layers.inet6 import (
    ICMPv6MLReport2,
    ICMPv6ND_NA,
    ICMPv6ND_RA,
    ICMPv6ND_Redirect,
    ICMPv6ND_RS,
    ICMPv6NDOptDstLLAddr,
    ICMPv6NDOptMTU,
    ICMPv6NDOptPrefixInfo,
    ICMPv6NDOptSrcLLAddr,
    IPv6,
    IPv6ExtHdrFragment,
)
from scapy.layers.l2 import Ether
from scapy.packet import Raw

from netvirt.address import format_mac
from netvirt.journey import Outcome

from .lab import World


@pytest.fixture(scope="module")
def world() -> World:
    return World()


def test_the_router_and_neighbours_are_answered_for(world: World) -> None:
    router = format_mac(world["web-a"].router_mac)
    for target, mac, is_router in (
        ("fe80:ec2::1", router, 1),
        ("2001:db8:0:100::1", router, 1),
        (world.ipv6("twin"), format_mac(world["twin"].mac), 0),
    ):
        (told,) = world.answers("web-a", world.solicit("web-a", target))
        assert (told.src, told[IPv6].src, told[IPv6].dst, told.hlim) == (mac, target, world.ipv6("web-a"), 255)
        advertisement = told[ICMPv6ND_NA]
        assert (advertisement.tgt, advertisement.R, advertisement.S, advertisement.O) == (target, is_router, 1, 1)
        assert told[ICMPv6NDOptDstLLAddr].lladdr == mac


@pytest.mark.parametrize("who", ["nobody", "another subnet's", "another's link-local"])
def test_nobody_else_is(world: World, who: str) -> None:
    targets = {
        "nobody": "2001:db8:0:100::99",
        "another subnet's": world.ipv6("web-b"),
        "another's link-local": world.link_local("twin"),
    }
    assert world.fate("web-a", world.solicit("web-a", targets[who]))[1] is Outcome.UNANSWERED


def test_who_probes_an_address_hears_only_of_a_duplicate(world: World) -> None:
    """RFC 4862 section 5.4: the question comes from nobody; who has the address tells everybody."""
    probe = world.solicit("web-a", world.ipv6("twin"), src="::", option=False)
    (told,) = world.answers("web-a", probe)
    assert (told.dst, told[IPv6].dst, told[ICMPv6ND_NA].S) == ("33:33:00:00:00:01", "ff02::1", 0)
    for own in (world.ipv6("web-a"), world.link_local("web-a")):
        assert world.answers("web-a", world.solicit("web-a", own, src="::", option=False)) == []


def test_a_router_tells_of_itself(world: World) -> None:
    mac = format_mac(world["web-a"].mac)
    asked = Ether(src=mac, dst="33:33:00:00:00:02") / IPv6(src=world.link_local("web-a"), dst="ff02::2", hlim=255)
    (told,) = world.answers("web-a", asked / ICMPv6ND_RS() / ICMPv6NDOptSrcLLAddr(lladdr=mac))
    advertisement, prefix = told[ICMPv6ND_RA], told[ICMPv6NDOptPrefixInfo]
    assert told[IPv6].src.startswith("fe80::800:ff:fe00:")
    assert (advertisement.M, advertisement.O, advertisement.routerlifetime) == (1, 1, 1800)
    assert (prefix.prefix, prefix.prefixlen, prefix.L, prefix.A) == ("2001:db8:0:100::", 64, 1, 0)
    assert told[ICMPv6NDOptMTU].mtu == 9001


def forged(world: World, name: str) -> Ether:
    twin = world.ipv6("twin")
    mac = format_mac(world["web-a"].mac)
    to_all = Ether(src=mac, dst="33:33:00:00:00:01")
    return {
        "announcement": to_all / IPv6(src=twin, dst="ff02::1", hlim=255) / ICMPv6ND_NA(tgt=twin, O=1),
        "answer": Ether(src=mac, dst=format_mac(world["twin"].mac))
        / IPv6(src=world.ipv6("web-a"), dst=twin, hlim=255)
        / ICMPv6ND_NA(tgt=world.ipv6("web-a"), S=1),
        "router": to_all / IPv6(src=world.link_local("web-a"), dst="ff02::1", hlim=255) / ICMPv6ND_RA(),
        "redirect": to_all / IPv6(src="fe80::1", dst=twin, hlim=255) / ICMPv6ND_Redirect(tgt="fe80::2", dst=twin),
        "listener": to_all / IPv6(src=world.link_local("web-a"), dst="ff02::16", hlim=1) / ICMPv6MLReport2(),
    }[name]


@pytest.mark.parametrize("name", ["announcement", "answer", "router", "redirect", "listener"])
def test_no_guest_speaks_for_another(world: World, name: str) -> None:
    """It is swallowed: neither the neighbour nor the router hears of it."""
    assert world.fate("web-a", forged(world, name)) == ("web-a", "consumed")


@pytest.mark.parametrize("lie", ["hop limit", "checksum", "cut short", "no option's length", "fragment"])
def test_what_is_not_of_this_link_is_malformed(world: World, lie: str) -> None:
    asked = world.solicit("web-a", world.ipv6("twin"), hlim=64 if lie == "hop limit" else 255)
    if lie == "checksum":
        asked = Ether(bytes(asked)[:-1] + b"\xee")
    if lie == "cut short":
        asked = asked[Ether].copy()
        asked[IPv6].remove_payload()
        asked = asked / Raw(b"\x87\0\0\0\0\0\0\0")
        asked[IPv6].nh = 58
    if lie == "no option's length":
        asked[ICMPv6NDOptSrcLLAddr].len = 0
    if lie == "fragment":
        inner = bytes(asked[IPv6].payload)
        asked = Ether(src=asked.src, dst=asked.dst) / IPv6(src=asked[IPv6].src, dst=asked[IPv6].dst, hlim=255)
        asked = asked / IPv6ExtHdrFragment(nh=58, m=1, id=1) / Raw(inner)
    assert world.fate("web-a", Ether(bytes(asked)))[1] is Outcome.MALFORMED


def test_the_link_reaches_nobody_else(world: World) -> None:
    """What is for another's link-local address, or for a group, stays."""
    assert world.fate("web-a", world.datagram("web-a", "ff02::1"))[1] is Outcome.BROADCAST
    assert world.fate("web-a", world.datagram("web-a", world.link_local("twin")))[1] is Outcome.UNKNOWN
    assert world.fate("web-a", world.datagram("web-a", "fd00:ec2::254", dport=80))[1] is Outcome.UNKNOWN
