"""DHCPv6 from a guest's side, in scapy's words: what the host gives, and what it leaves alone."""

from typing import Any

import pytest
from scapy.layers.dhcp6 import (
    DUID_LL,
    DHCP6_Advertise,
    DHCP6_Confirm,
    DHCP6_InfoRequest,
    DHCP6_Rebind,
    DHCP6_Release,
    DHCP6_Renew,
    DHCP6_Reply,
    DHCP6_Request,
    DHCP6_Solicit,
    DHCP6OptClientId,
    DHCP6OptIA_NA,
    DHCP6OptIAAddress,
    DHCP6OptRapidCommit,
    DHCP6OptServerId,
    DHCP6OptStatusCode,
)
from scapy.layers.inet import UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Ether
from scapy.packet import Packet, Raw

from netvirt.address import format_mac
from netvirt.journey import Outcome
from netvirt.wire.dhcpv6 import Dhcpv6
from netvirt.wire.malformed import Malformed

from .lab import REGION, World

TWO = REGION.replace("twin: {subnet: web-a, security_groups: web}", "twin: {subnet: web-a, ipv6_address_count: 2}")


@pytest.fixture(scope="module")
def world() -> World:
    return World(TWO)


def asked(world: World, name: str, message: Packet, *options: Packet, client: bool = True) -> Any:
    mac = format_mac(world[name].mac)
    frame = Ether(src=mac, dst="33:33:00:01:00:02") / IPv6(src=world.link_local(name), dst="ff02::1:2")
    frame = frame / UDP(sport=546, dport=547) / message
    if client:
        frame = frame / DHCP6OptClientId(duid=DUID_LL(lladdr=mac))
    for option in options:
        frame = frame / option
    return frame


def given(told: Any) -> list[str]:
    return [each.addr for each in told[DHCP6OptIA_NA].ianaopts]


def test_offered_and_taken(world: World) -> None:
    (offer,) = world.answers("twin", asked(world, "twin", DHCP6_Solicit(trid=7), DHCP6OptIA_NA(iaid=9)))
    own = ["2001:db8:0:100::5", "2001:db8:0:100::6"]
    assert (offer[DHCP6_Advertise].trid, offer[DHCP6OptIA_NA].iaid, given(offer)) == (7, 9, own)
    server = offer[DHCP6OptServerId].duid
    assert offer[DHCP6OptClientId].duid.lladdr == format_mac(world["twin"].mac)
    request = asked(world, "twin", DHCP6_Request(trid=8), DHCP6OptServerId(duid=server), DHCP6OptIA_NA(iaid=9))
    (leased,) = world.answers("twin", request)
    assert (leased[DHCP6_Reply].trid, given(leased)) == (8, own)
    assert leased[DHCP6OptIA_NA].ianaopts[0].validlft == 3600


def test_at_once_and_again(world: World) -> None:
    (fast,) = world.answers(
        "web-b", asked(world, "web-b", DHCP6_Solicit(), DHCP6OptRapidCommit(), DHCP6OptIA_NA(iaid=1))
    )
    assert DHCP6OptRapidCommit in fast and given(fast) == ["2001:db8:0:101::4"]
    for message in (DHCP6_Renew(), DHCP6_Rebind()):
        (again,) = world.answers("web-b", asked(world, "web-b", message, DHCP6OptIA_NA(iaid=1)))
        assert DHCP6_Reply in again and given(again) == ["2001:db8:0:101::4"]


@pytest.mark.parametrize(("address", "code"), [("2001:db8:0:101::4", 0), ("2001:db8:0:101::5", 4)])
def test_is_it_still_mine(world: World, address: str, code: int) -> None:
    held = DHCP6OptIA_NA(iaid=1, ianaopts=[DHCP6OptIAAddress(addr=address)])
    (told,) = world.answers("web-b", asked(world, "web-b", DHCP6_Confirm(), held))
    assert told[DHCP6OptStatusCode].statuscode == code


def test_settings_without_an_address_and_giving_back(world: World) -> None:
    (told,) = world.answers("web-b", asked(world, "web-b", DHCP6_InfoRequest(trid=5), client=False))
    assert told[DHCP6_Reply].trid == 5 and DHCP6OptIA_NA not in told
    (told,) = world.answers("web-b", asked(world, "web-b", DHCP6_Release(), DHCP6OptIA_NA(iaid=1)))
    assert told[DHCP6OptStatusCode].statuscode == 0


def test_whoever_has_no_ipv6_address_gets_none(world: World) -> None:
    (told,) = world.answers("plain", asked(world, "plain", DHCP6_Solicit(), DHCP6OptIA_NA(iaid=1)))
    assert given(told) == []


def test_what_is_for_another_server_or_from_nobody(world: World) -> None:
    other = DHCP6OptServerId(duid=DUID_LL(lladdr="02:00:00:00:00:09"))
    assert world.answers("web-b", asked(world, "web-b", DHCP6_Request(), other, DHCP6OptIA_NA())) == []
    assert world.answers("web-b", asked(world, "web-b", DHCP6_Solicit(), DHCP6OptIA_NA(), client=False)) == []


def test_lies_are_malformed(world: World) -> None:
    frame = bytes(asked(world, "web-b", DHCP6_Solicit(), DHCP6OptIA_NA(iaid=1)))
    assert world.fate("web-b", Ether(frame[:-1] + b"\x07"))[1] is Outcome.MALFORMED
    short = Ether(frame)[IPv6].copy()
    short[UDP].remove_payload()
    del short.plen, short[UDP].len, short[UDP].chksum
    head = Ether(src=format_mac(world["web-b"].mac), dst="33:33:00:01:00:02")
    assert world.fate("web-b", Ether(bytes(head / short / Raw(b"\x01\0"))))[1] is Outcome.MALFORMED


def test_any_cut_of_a_message_is_one_or_malformed() -> None:
    whole = bytes(DHCP6_Solicit() / DHCP6OptClientId(duid=DUID_LL(lladdr="02:00:00:00:00:09")) / DHCP6OptIA_NA())
    assert Dhcpv6.parse(whole).emit() == whole
    for end in range(len(whole)):
        try:
            assert Dhcpv6.parse(whole[:end]).emit() == whole[:end]
        except Malformed:
            continue
