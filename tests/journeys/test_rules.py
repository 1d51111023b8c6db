"""The rules of a VPC as frames meet them: who may speak, as whom, to whom, and for how long it is remembered."""

from dataclasses import replace

import pytest
from scapy.layers.dhcp import BOOTP, DHCP
from scapy.layers.inet import ICMP, UDP
from scapy.layers.l2 import ARP, Ether
from scapy.packet import Raw

from dcsim.problem import Refused
from netvirt.address import format_ip, format_mac
from netvirt.journey import Outcome
from netvirt.vpc.conntrack import UDP_NS, UDP_STREAM_NS

from .lab import MS, PAIR, Fate, Region, S, is_dhcp_ack, shaper_ns


def asker_and_answerer(asks: str, answers: str) -> str:
    """PAIR with a group for each."""
    text = PAIR.replace(
        "friends: {ingress: [icmp from friends, udp 9 from friends]}", f"asks: {{{asks}}}\n      answers: {{{answers}}}"
    )
    left = text.replace("net-a, security_groups: friends", "net-a, security_groups: asks")
    return left.replace("net-b, security_groups: friends", "net-b, security_groups: answers")


ANSWERER_FORGETS = asker_and_answerer(
    "ingress: all from answers", "ingress: udp 9 from asks, egress: tcp 1 to 10.0.0.0/16"
)
"""Only its own tracked flow lets right answer; left would take anything from it."""
ASKER_FORGETS = asker_and_answerer("egress: udp 9 to 10.0.0.0/16", "ingress: udp 9 from asks")
"""right may say anything; only its own tracked flow lets left hear it."""


# Connection tracking, by the clock of live traffic.


def ask(region: Region) -> int:
    """left asks; when right's switch let it in."""
    question = region.udp("left", "right", "question")
    fate = region.post("left", question)
    assert fate[:2] == ("right", Outcome.DELIVERED)
    return region.switched(fate, question)


def answer_at(region: Region, moment: int, dport: int = 4000) -> Fate:
    """right answers so that its own switch sees the frame at `moment`."""
    answer = region.udp("right", "left", "answers.", sport=9, dport=dport)
    region.run(moment - shaper_ns(region["right"], len(answer)))
    return region.post("right", answer)


@pytest.mark.parametrize("idle", [UDP_NS.value - 1, UDP_NS.value, UDP_NS.value + 1])
def test_who_was_asked_by_udp_may_answer_for_30_s_to_the_nanosecond(idle: int) -> None:
    region = Region(ANSWERER_FORGETS)
    fate = answer_at(region, ask(region) + idle)
    assert UDP_NS.value == 30 * S
    assert fate[:2] == (("left", Outcome.DELIVERED) if idle <= 30 * S else ("b/r1/h1", Outcome.SECURITY_GROUP))


@pytest.mark.parametrize("idle", [UDP_NS.value - 1, UDP_NS.value, UDP_NS.value + 1])
def test_who_asked_by_udp_hears_the_answer_for_30_s_to_the_nanosecond(idle: int) -> None:
    region = Region(ASKER_FORGETS)
    left_at = region.now + shaper_ns(region["left"], len(region.udp("left", "right", "question")))
    flight = ask(region) - left_at
    fate = answer_at(region, left_at + idle - flight)
    assert fate[:2] == (("left", Outcome.DELIVERED) if idle <= 30 * S else ("a/r1/h1", Outcome.SECURITY_GROUP))


@pytest.mark.parametrize("late", [-1, 1])
def test_a_udp_stream_is_remembered_for_180_s(late: int) -> None:
    region = Region(ANSWERER_FORGETS)
    assert answer_at(region, ask(region) + 10 * MS).outcome is Outcome.DELIVERED
    fate = answer_at(region, ask(region) + UDP_STREAM_NS.value + late)
    assert UDP_STREAM_NS.value == 180 * S
    assert fate.outcome is (Outcome.DELIVERED if late < 0 else Outcome.SECURITY_GROUP)


@pytest.mark.parametrize("late", [-1, 1])
def test_one_question_and_one_answer_are_no_stream(late: int) -> None:
    region = Region(ANSWERER_FORGETS)
    answered = ask(region) + 10 * MS
    assert answer_at(region, answered).outcome is Outcome.DELIVERED
    fate = answer_at(region, answered + 30 * S + late)
    assert fate.outcome is (Outcome.DELIVERED if late < 0 else Outcome.SECURITY_GROUP)


def test_each_packet_grants_the_flow_its_time_again() -> None:
    region = Region(ANSWERER_FORGETS)
    moment = ask(region)
    for _ in range(4):
        moment += 29 * S
        assert answer_at(region, moment).outcome is Outcome.DELIVERED


def test_other_ports_are_another_flow() -> None:
    region = Region(ANSWERER_FORGETS)
    asked = ask(region)
    assert answer_at(region, asked + 10 * MS, dport=4001)[:2] == ("b/r1/h1", Outcome.SECURITY_GROUP)


# Who one is.


def test_the_source_must_be_ones_own_address() -> None:
    region = Region(PAIR)
    stolen = region.packet("left", "right", UDP(sport=1, dport=9), src="10.0.1.77")
    assert region.post("left", stolen)[:2] == ("a/r1/h1", Outcome.SOURCE_DEST_CHECK)


def test_nobody_sends_with_anothers_mac() -> None:
    region = Region(PAIR)
    frame = region.packet("left", "right", UDP(sport=1, dport=9))
    frame.src = format_mac(region["right"].mac)
    assert region.post("left", frame)[:2] == ("a/r1/h1", Outcome.SPOOFED)
    frame.src = format_mac(region["left"].mac)
    assert region.post("left", frame)[:2] == ("right", Outcome.DELIVERED)


MIDDLEBOX = """
vpcs:
  main:
    cidr_block: 10.0.0.0/16
    subnets:
      inside: {availability_zone: a, cidr_block: 10.0.1.0/24, route_table: through}
      outside: {availability_zone: b, cidr_block: 10.0.2.0/24}
    route_tables:
      through: {routes: {192.0.2.0/24: box}}
    security_groups:
      open: {ingress: all from 0.0.0.0/0}
    instances:
      app: {subnet: inside, security_groups: open}
      box: {subnet: outside, security_groups: open, source_dest_check: CHECK}
      server: {subnet: outside, security_groups: open}
"""


def test_a_middlebox_gets_what_is_for_others_only_without_the_check() -> None:
    for check, end in (("true", ("b/r1/h1", Outcome.SOURCE_DEST_CHECK)), ("false", ("box", Outcome.DELIVERED))):
        region = Region(MIDDLEBOX.replace("CHECK", check))
        assert region["box"].host.name == "b/r1/h1"
        onward = region.packet("app", "server", UDP(sport=1, dport=53), dst="192.0.2.1")
        assert region.post("app", onward)[:2] == end


def test_a_middlebox_passes_on_what_others_sent_only_without_the_check() -> None:
    for check, end in (("true", ("b/r1/h1", Outcome.SOURCE_DEST_CHECK)), ("false", ("server", Outcome.DELIVERED))):
        region = Region(MIDDLEBOX.replace("CHECK", check))
        passed_on = region.packet("box", "server", UDP(sport=1, dport=53), src=region["app"].ip)
        assert region.post("box", passed_on)[:2] == end


TRIO = PAIR + "      evil: {subnet: net-a, security_groups: friends}\n"


@pytest.mark.parametrize("lie", ["another's number and address", "another's address alone"])
def test_a_host_cannot_speak_for_a_guest_of_another_host(lie: str) -> None:
    """evil's host is corrupt: the view it decides by says that its guest has left's address, or is left."""
    region = Region(TRIO)
    evil, left = region["evil"], region["left"]
    assert evil.host is not left.host
    mine, theirs = evil.placed.interface, left.placed.interface
    forged = replace(mine, address=theirs.address, number=theirs.number if "number" in lie else mine.number)
    vni = evil.placed.vpc.vni
    honest = evil.host.vswitch.views[vni]
    evil.host.vswitch.views[vni] = replace(honest, interfaces={**honest.interfaces, mine.id: forged})
    frame = region.packet("evil", "right", UDP(sport=1, dport=9), src=left.ip)
    assert region.post("evil", frame)[:2] == (region["right"].host.name, Outcome.UNVERIFIED_SENDER)
    evil.host.vswitch.views[vni] = honest
    assert region.post("evil", region.udp("evil", "right", "as myself"))[:2] == ("right", Outcome.DELIVERED)


def test_two_vpcs_with_the_same_addresses_never_meet() -> None:
    twins = PAIR + PAIR.partition("main:")[2].join(["  other:", ""])
    region = Region(twins)
    frame = Ether(
        src=format_mac(region["main/left"].mac), dst=format_mac(region["main/left"].router_mac)
    ) / region.packet("main/left", "main/right", UDP(sport=1, dport=9) / Raw(b"for main")).getlayer("IP")
    watched = region["other/right"].watch()
    assert region.post("main/left", frame).outcome is Outcome.DELIVERED
    assert watched == []
    neighbour = frame.copy()
    neighbour.dst = format_mac(region["other/right"].mac)
    assert region.post("main/left", neighbour).outcome is Outcome.UNKNOWN_MAC


# What the host itself answers.

MANY = """
vpcs:
  one:
    cidr_block: 10.0.0.0/16
    subnets:
      small: {per_zone: true, cidr_block: 10.0.1.0/28}
      large: {availability_zone: a, cidr_block: 10.0.128.0/17}
    instances:
      small: {per_zone: true, count: 2, subnet: small, image: agent}
      large: {subnet: large, image: agent, private_ip_address: 10.0.200.9}
  two:
    cidr_block: 10.0.0.0/16
    subnets:
      small: {availability_zone: b, cidr_block: 10.0.1.0/28}
    instances:
      same: {subnet: small, image: agent}
"""


def test_every_guest_gets_its_own_address_by_dhcp() -> None:
    region = Region(MANY)
    addresses = {guest.name: format_ip(guest.running.address or 0) for guest in region.world if guest.running}
    assert addresses == {guest.name: guest.ip for guest in region.world}
    assert addresses == {
        "small-a-1": "10.0.1.4",
        "small-a-2": "10.0.1.5",
        "small-b-1": "10.0.1.20",
        "small-b-2": "10.0.1.21",
        "large": "10.0.200.9",
        "same": "10.0.1.4",
    }


def test_dhcp_tells_mask_router_resolver_and_mtu() -> None:
    region = Region(MANY)
    acks = {each.guest: Ether(each.data)[DHCP].options for each in region.seen if is_dhcp_ack(each.data)}
    assert len(acks) == 6
    told = {name: {option[0]: option[1] for option in options if len(option) == 2} for name, options in acks.items()}
    asked = ("subnet_mask", "router", "name_server", "interface-mtu")
    assert [told["small-b-1"][key] for key in asked] == ["255.255.255.240", "10.0.1.17", "10.0.0.2", 9001]
    assert [told["large"][key] for key in asked] == ["255.255.128.0", "10.0.128.1", "10.0.0.2", 9001]


def test_dhcp_refuses_anothers_address() -> None:
    region = Region(PAIR)
    left = region["left"]
    request = (
        Ether(src=format_mac(left.mac), dst="ff:ff:ff:ff:ff:ff")
        / region.packet("left", "right", UDP(sport=68, dport=67), src="0.0.0.0", dst="255.255.255.255").getlayer("IP")
        / BOOTP(chaddr=left.mac.to_bytes(6), xid=9)
        / DHCP(options=[("message-type", "request"), ("requested_addr", "10.0.1.9"), "end"])
    )
    assert region.post("left", request).outcome is Outcome.CONSUMED
    answer = Ether(region.seen[-1].data)
    assert (answer[BOOTP].xid, answer[DHCP].options[0]) == (9, ("message-type", 6))


@pytest.mark.parametrize("address", ["10.0.1.77", "10.0.1.0", "10.0.2.4", "10.0.1.4"])
def test_nobody_answers_for_an_address_that_is_not_in_the_subnet(address: str) -> None:
    """Free, the network's, another subnet's, and one's own."""
    region = Region(PAIR)
    before = len(region.seen)
    question = ARP(op=1, hwsrc=format_mac(region["left"].mac), psrc="10.0.1.4", pdst=address)
    frame = Ether(src=format_mac(region["left"].mac), dst="ff:ff:ff:ff:ff:ff") / question
    if address == "10.0.1.4":
        assert region.post("left", frame).outcome is Outcome.CONSUMED, "an announcement"
    else:
        assert region.post("left", frame)[:2] == ("a/r1/h1", Outcome.UNANSWERED)
    assert [each.leaving for each in region.seen[before:]] == [True]


def test_the_host_answers_for_router_and_neighbour() -> None:
    region = Region(TRIO)
    left = region["left"]
    for address, mac in (("10.0.1.1", left.router_mac), (region["evil"].ip, region["evil"].mac)):
        question = ARP(op=1, hwsrc=format_mac(left.mac), psrc=left.ip, pdst=address)
        assert region.post("left", Ether(src=format_mac(left.mac), dst="ff:ff:ff:ff:ff:ff") / question)
        answer = Ether(region.seen[-1].data)[ARP]
        assert (region.seen[-1].guest, answer.op, answer.psrc, answer.hwsrc) == ("left", 2, address, format_mac(mac))


# Subnets.

DENIED = """
vpcs:
  main:
    cidr_block: 10.0.0.0/16
    subnets:
      closed: {availability_zone: a, cidr_block: 10.0.1.0/24, network_acl: nobody}
      open: {availability_zone: a, cidr_block: 10.0.2.0/24}
    network_acls:
      nobody:
        ingress: [10 deny all from 10.0.1.0/24, 20 deny all from 0.0.0.0/0]
        egress: [10 deny all to 10.0.1.0/24, 20 deny all to 0.0.0.0/0]
    security_groups:
      all: {ingress: all from 0.0.0.0/0}
    instances:
      one: {subnet: closed, security_groups: all}
      two: {subnet: closed, security_groups: all}
      three: {subnet: open, security_groups: all}
"""


def test_inside_a_subnet_no_network_acl_is_met() -> None:
    region = Region(DENIED)
    assert region["one"].host is not region["two"].host
    assert region.post("one", region.udp("one", "two"))[:2] == ("two", Outcome.DELIVERED)
    out, back = region.udp("one", "three"), region.udp("three", "one")
    assert region.post("one", out)[:2] == (region["one"].host.name, Outcome.NETWORK_ACL)
    assert region.post("three", back)[:2] == (region["one"].host.name, Outcome.NETWORK_ACL)


def full_subnet(count: int, **first: str) -> str:
    own = "".join(f", {key}: {value}" for key, value in first.items())
    return f"""
    vpcs:
      main:
        cidr_block: 10.0.0.0/16
        subnets:
          net: {{availability_zone: a, cidr_block: 10.0.1.16/28}}
        instances:
          guest: {{count: {count}, subnet: net{own}}}
    """


def test_a_subnet_of_16_addresses_has_room_for_11_guests() -> None:
    region = Region(full_subnet(11))
    assert [guest.ip for guest in region.world] == [f"10.0.1.{last}" for last in range(20, 31)]
    with pytest.raises(Refused) as refused:
        Region(full_subnet(12))
    assert [problem.code for problem in refused.value.problems] == ["InsufficientFreeAddressesInSubnet"]


@pytest.mark.parametrize("last", [16, 17, 18, 19, 31])
def test_five_addresses_of_a_subnet_are_reserved(last: int) -> None:
    with pytest.raises(Refused, match="reserved"):
        Region(full_subnet(1, private_ip_address=f"10.0.1.{last}"))


@pytest.mark.parametrize("last", [20, 30])
def test_the_others_are_not(last: int) -> None:
    region = Region(full_subnet(1, private_ip_address=f"10.0.1.{last}"))
    assert region["guest-1"].ip == f"10.0.1.{last}"


@pytest.mark.parametrize("kind", [4, 47, 132])
def test_protocols_without_ports_need_a_rule_of_their_own(kind: int) -> None:
    region = Region(PAIR)
    frame = region.packet("left", "right", Raw(b"tunnelled"), proto=kind)
    assert region.post("left", frame)[:2] == ("b/r1/h1", Outcome.SECURITY_GROUP)


def test_an_answer_that_nobody_asked_for_is_refused_as_a_question_is() -> None:
    region = Region(PAIR.replace("icmp from friends, ", ""))
    reply = region.packet("left", "right", ICMP(type=0, id=7, seq=1))
    assert region.post("left", reply)[:2] == ("b/r1/h1", Outcome.SECURITY_GROUP)
