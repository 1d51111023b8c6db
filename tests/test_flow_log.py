"""Flow log records, beside the examples of the VPC User Guide ("Flow log record examples")."""

from dataclasses import replace

import pytest
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Ether
from scapy.packet import Packet, Raw

from netvirt.address import HostId, Ns, Vni, parse_cidr, parse_ip
from netvirt.flow_log.meter import Meter
from netvirt.flow_log.record import DEFAULT_FORMAT, FIELDS, Monitored, TrafficType, lines, version_of
from netvirt.frame import Frame, flow_of
from netvirt.overlay import BORDER, INTERNET_VNI, Tunnel

S = 1_000_000_000
HERE, THERE = Vni(4096), Vni(4097)
INSIDE = Tunnel(HostId(1), HostId(2), HERE, 1, b"")
PEER = Tunnel(HostId(1), HostId(2), THERE, 1, b"")
OUTSIDE = Tunnel(HostId(1), BORDER, INTERNET_VNI, 1, b"")

WITH_FLAGS = (
    "version vpc-id subnet-id instance-id interface-id account-id type srcaddr dstaddr srcport dstport "
    "pkt-srcaddr pkt-dstaddr protocol bytes packets start end action tcp-flags log-status"
)


class Watch:
    """An interface at 172.31.16.21, unless told otherwise, and a meter at it; time is Unix time in seconds."""

    def __init__(self, begin: int, address: str = "172.31.16.21", interval_s: int = 600, **site: object) -> None:
        self.begin = begin
        at = Monitored(
            account="123456789010",
            region="ap-southeast-2",
            az_id="apse2-az3",
            vpc="vpc-abcdefab012345678",
            subnet="subnet-aaaaaaaa012345678",
            instance="i-01234567890123456",
            interface="eni-1235b8ca123456789",
            address=parse_ip(address),
            nitro=True,
            public_block=parse_cidr("198.18.0.0/16"),
            start_ns=begin * S,
        )
        self.at = replace(at, **site)  # type: ignore[arg-type]
        self.meter = Meter(interval_s * S, Ns(0), HERE)

    def now(self, unix_s: float) -> Ns:
        return Ns(int((unix_s - self.begin) * S))

    def enter(self, packet: Packet, unix_s: float) -> None:
        frame = frame_of(packet)
        self.meter.entered(frame, flow_of(frame.data) if frame.odd else None, self.now(unix_s))

    def leave(self, packet: Packet, unix_s: float, tunnel: Tunnel = INSIDE) -> None:
        frame = frame_of(packet)
        self.meter.left(frame, flow_of(frame.data) if frame.odd else None, tunnel, self.now(unix_s))

    def refuse(self, packet: Packet, unix_s: float, egress: bool) -> None:
        frame = frame_of(packet)
        self.meter.refused(frame, flow_of(frame.data), egress, self.now(unix_s))

    def lines(self, until: float, names: str = "", traffic_type: TrafficType = "ALL") -> list[str]:
        log_format = tuple(names.split()) or DEFAULT_FORMAT
        closed = self.meter.intervals(self.now(until))
        return [line for interval in closed for line in lines(self.at, interval, log_format, traffic_type)]


def frame_of(packet: Packet) -> Frame:
    return Frame.of(Ether() / packet)


def ip(src: str, dst: str) -> Packet:
    return IP(src=src, dst=dst)


def tcp(src: str, dst: str, flags: str = "A", size: int = 40) -> Packet:
    """`10.0.0.1:80`; `size` is the whole IP packet's."""
    (src, sport), (dst, dport) = src.split(":"), dst.split(":")
    return ip(src, dst) / TCP(sport=int(sport), dport=int(dport), flags=flags) / Raw(bytes(size - 40))


def test_ssh_that_was_let_in_and_a_desktop_that_was_not() -> None:
    watch = Watch(1418530000)
    visitor, own = "172.31.16.139:20641", "172.31.16.21:22"
    watch.enter(tcp(visitor, own, "S"), 1418530010.2)
    for number in range(18):
        watch.enter(tcp(visitor, own, size=200), 1418530011 + number)
    watch.enter(tcp(visitor, own, size=4249 - 40 - 18 * 200), 1418530070.9)
    for number in range(20):
        size = 4249 - 19 * 200 if number == 19 else 200
        watch.refuse(tcp("172.31.9.69:49761", "172.31.16.21:3389", "S", size), 1418530010 + 60 * number / 19, False)
    accepted = (
        "2 123456789010 eni-1235b8ca123456789 172.31.16.139 172.31.16.21 20641 22 6 20 4249 "
        "1418530010 1418530070 ACCEPT OK"
    )
    rejected = (
        "2 123456789010 eni-1235b8ca123456789 172.31.9.69 172.31.16.21 49761 3389 6 20 4249 "
        "1418530010 1418530070 REJECT OK"
    )
    assert watch.lines(1418530071) == [accepted, rejected]
    assert watch.lines(1418530071, traffic_type="ACCEPT") == [accepted]
    assert watch.lines(1418530071, traffic_type="REJECT") == [rejected]


def test_an_interval_without_traffic() -> None:
    watch = Watch(1431280876, interval_s=58)
    assert watch.lines(1431280934) == [
        "2 123456789010 eni-1235b8ca123456789 - - - - - - - 1431280876 1431280934 - NODATA"
    ]
    assert watch.lines(1431280935, "srcaddr tcp-flags traffic-path flow-direction type az-id log-status") == [
        "- - - - - apse2-az3 NODATA"
    ]


def test_an_interval_that_only_the_filter_empties_tells_nothing() -> None:
    watch = Watch(0)
    watch.enter(tcp("10.0.0.1:1", "172.31.16.21:2"), 1)
    assert watch.lines(600, traffic_type="REJECT") == []


def test_groups_let_the_answer_out_and_the_acl_does_not() -> None:
    """One record for the ping, one for its answer."""
    watch = Watch(1432917000, "172.31.16.139")
    home, own = "203.0.113.12", "172.31.16.139"
    for second in (1432917027, 1432917065, 1432917100, 1432917142):
        watch.enter(ip(home, own) / ICMP(type=8, id=9) / Raw(bytes(56)), second)
    for second in (1432917094, 1432917110, 1432917130, 1432917142):
        watch.refuse(ip(own, home) / ICMP(type=0, id=9) / Raw(bytes(56)), second, egress=True)
    assert watch.lines(1432917200) == [
        "2 123456789010 eni-1235b8ca123456789 203.0.113.12 172.31.16.139 0 0 1 4 336 1432917027 1432917142 ACCEPT OK",
        "2 123456789010 eni-1235b8ca123456789 172.31.16.139 203.0.113.12 0 0 1 4 336 1432917094 1432917142 REJECT OK",
    ]


def test_flags_of_a_connection_over_two_intervals() -> None:
    """2 and 18 when it is opened, 1 and 1 when it is closed: ACK counts with SYN only."""
    watch = Watch(1566848875, "10.0.0.62", interval_s=60)
    client, server = "52.213.180.42:43416", "10.0.0.62:5001"
    watch.enter(tcp(client, server, "S"), 1566848875)
    watch.leave(tcp(server, client, "SA"), 1566848875, OUTSIDE)
    watch.enter(tcp(client, server, "A"), 1566848876)
    watch.enter(tcp(client, server, "PA", 488), 1566848933)
    watch.leave(tcp(server, client, "A", 336), 1566848933, OUTSIDE)
    watch.enter(tcp(client, server, "FA"), 1566848940)
    watch.leave(tcp(server, client, "FA"), 1566848941, OUTSIDE)
    site = "vpc-abcdefab012345678 subnet-aaaaaaaa012345678 i-01234567890123456 eni-1235b8ca123456789 123456789010 IPv4"
    there = "52.213.180.42 10.0.0.62 43416 5001 52.213.180.42 10.0.0.62 6"
    back = "10.0.0.62 52.213.180.42 5001 43416 10.0.0.62 52.213.180.42 6"
    assert watch.lines(1566848995, WITH_FLAGS) == [
        f"3 {site} {there} 568 3 1566848875 1566848933 ACCEPT 2 OK",
        f"3 {site} {back} 376 2 1566848875 1566848933 ACCEPT 18 OK",
        f"3 {site} {there} 40 1 1566848940 1566848940 ACCEPT 1 OK",
        f"3 {site} {back} 40 1 1566848941 1566848941 ACCEPT 1 OK",
    ]


def test_flags_of_a_short_connection() -> None:
    """3 from the client, 19 from the server; RST is 4; acknowledgments alone are 0."""
    watch = Watch(0, "10.0.0.62")
    client, server = "52.213.180.42:43638", "10.0.0.62:5001"
    for flags in ("S", "A", "FA", "A"):
        watch.enter(tcp(client, server, flags), 1)
    for flags in ("SA", "A", "PA", "FA"):
        watch.leave(tcp(server, client, flags), 1)
    watch.enter(tcp("52.213.180.42:1", server, "RA"), 2)
    watch.enter(tcp("52.213.180.42:2", server, "PAU"), 2)
    assert watch.lines(3, "tcp-flags") == ["3", "19", "4", "0"]


def test_a_nat_gateway_stands_between() -> None:
    watch = Watch(0, "10.0.0.220", instance="", nitro=False)
    asks, asked = "10.0.1.5:50000", "203.0.113.5:443"
    watch.enter(tcp(asks, asked, "S"), 1)
    watch.leave(tcp("10.0.0.220:1024", asked, "S"), 2, OUTSIDE)
    watch.enter(tcp(asked, "10.0.0.220:1024", "SA"), 3)
    watch.leave(tcp(asked, asks, "SA"), 4)
    wanted = "instance-id interface-id srcaddr dstaddr pkt-srcaddr pkt-dstaddr"
    assert watch.lines(5, wanted) == [
        "- eni-1235b8ca123456789 10.0.1.5 10.0.0.220 10.0.1.5 203.0.113.5",
        "- eni-1235b8ca123456789 10.0.0.220 203.0.113.5 10.0.0.220 203.0.113.5",
        "- eni-1235b8ca123456789 203.0.113.5 10.0.0.220 203.0.113.5 10.0.0.220",
        "- eni-1235b8ca123456789 10.0.0.220 10.0.1.5 203.0.113.5 10.0.1.5",
    ]
    assert watch.lines(5, "traffic-path") == ["-", "2", "-", "1"]


def test_where_it_went() -> None:
    """8 is an internet gateway from a Nitro instance; what comes in has no path, nor has what never left."""
    watch = Watch(0, "10.0.0.71")
    watch.enter(tcp("198.18.0.3:80", "10.0.0.71:34210"), 1)
    watch.leave(tcp("10.0.0.71:34210", "198.18.0.3:80"), 1, OUTSIDE)
    watch.leave(tcp("10.0.0.71:34210", "10.0.0.9:80"), 1, INSIDE)
    watch.leave(tcp("10.0.0.71:34210", "10.1.0.9:80"), 1, PEER)
    watch.refuse(tcp("10.0.0.71:34210", "10.0.0.9:81"), 1, egress=True)
    wanted = "version region az-id sublocation-type pkt-src-aws-service pkt-dst-aws-service traffic-path flow-direction"
    assert watch.lines(2, wanted) == [
        "5 ap-southeast-2 apse2-az3 - EC2 - - ingress",
        "5 ap-southeast-2 apse2-az3 - - EC2 8 egress",
        "5 ap-southeast-2 apse2-az3 - - - 1 egress",
        "5 ap-southeast-2 apse2-az3 - - - 4 egress",
        "5 ap-southeast-2 apse2-az3 - - - - egress",
    ]


def test_a_flow_is_five_numbers_a_direction_and_a_verdict() -> None:
    watch = Watch(0)
    one, other = "10.0.0.1:7", "172.31.16.21:9"
    watch.enter(tcp(one, other), 1)
    watch.enter(tcp(one, other), 2)
    watch.enter(tcp("10.0.0.1:8", other), 3)
    watch.refuse(tcp(one, other), 4, egress=False)
    watch.leave(tcp(one, other), 5)
    watch.enter(ip("10.0.0.1", "172.31.16.21") / UDP(sport=7, dport=9), 6)
    assert watch.lines(7, "srcport protocol packets action flow-direction") == [
        "7 6 2 ACCEPT ingress",
        "8 6 1 ACCEPT ingress",
        "7 6 1 REJECT ingress",
        "7 6 1 ACCEPT egress",
        "7 17 1 ACCEPT ingress",
    ]


def test_what_has_no_ports_has_zeros() -> None:
    """All of ICMP between two, whatever it says; fragments behind the first; protocols of their own."""
    watch = Watch(0)
    way = ip("10.0.0.1", "172.31.16.21")
    watch.enter(way / ICMP(type=8, id=1), 1)
    watch.enter(way / ICMP(type=0, id=2), 1)
    watch.enter(IP(src="10.0.0.1", dst="172.31.16.21", proto=17, frag=10) / Raw(bytes(30)), 1)
    watch.enter(IP(src="10.0.0.1", dst="172.31.16.21", proto=47) / Raw(bytes(4)), 1)
    assert watch.lines(2, "srcport dstport protocol packets bytes") == ["0 0 1 2 56", "0 0 17 1 50", "0 0 47 1 24"]


def test_ssh_over_ipv6() -> None:
    watch = Watch(1477913700)
    visitor, own = "2001:db8:1234:a100:8d6e:3477:df66:f105", "2001:db8:1234:a102:3304:8879:34cf:4071"
    way = IPv6(src=visitor, dst=own) / TCP(sport=34892, dport=22, flags="A")
    for number in range(54):
        size = 8855 - 53 * 160 if number == 53 else 160
        watch.enter(way / Raw(bytes(size - 60)), 1477913708 + 112 * number / 53)
    watch.leave(IPv6(src=own, dst=visitor) / TCP(sport=22, dport=34892, flags="SA"), 1477913820)
    first, second = watch.lines(1477913821)
    assert first == (
        f"2 123456789010 eni-1235b8ca123456789 {visitor} {own} 34892 22 6 54 8855 1477913708 1477913820 ACCEPT OK"
    )
    assert second.split()[3:10] == [own, visitor, "22", "34892", "6", "1", "60"]
    assert watch.lines(1477913821, "type tcp-flags") == ["IPv6 0", "IPv6 18"]


def test_padding_of_the_frame_does_not_count() -> None:
    watch = Watch(0)
    packet = ip("10.0.0.1", "172.31.16.21") / UDP(sport=1, dport=2)
    watch.meter.entered(Frame.of(Ether() / packet / Raw(b"")), None, Ns(0))
    padded = bytes(Ether() / packet) + bytes(18)
    watch.meter.entered(Frame.of(padded), None, Ns(0))
    assert watch.lines(1, "packets bytes") == ["2 56"]


def test_intervals_are_cut_at_their_multiples_and_none_is_left_out() -> None:
    """Whoever asks in between changes nothing."""
    watch = Watch(6000, interval_s=60)
    packet = tcp("10.0.0.1:7", "172.31.16.21:9")
    watch.enter(packet, 6059.999999)
    watch.enter(packet, 6060)
    assert watch.lines(6060.5, "start end packets log-status") == ["6059 6059 1 OK", "6060 6060 1 OK"]
    watch.enter(packet, 6100)
    watch.enter(packet, 6240)
    assert watch.lines(6300, "start end packets log-status") == [
        "6059 6059 1 OK",
        "6060 6100 2 OK",
        "6120 6180 - NODATA",
        "6180 6240 - NODATA",
        "6240 6240 1 OK",
    ]


def test_a_flow_log_that_begins_in_between_has_a_short_first_interval() -> None:
    watch = Watch(0, interval_s=60)
    watch.meter = Meter(60 * S, Ns(90 * S), HERE)
    assert watch.lines(120, "start end") == ["90 120"]


@pytest.mark.parametrize(
    ("names", "version"),
    [("srcaddr", 2), ("srcaddr tcp-flags", 3), ("az-id tcp-flags", 4), ("traffic-path", 5), ("reject-reason", 8)],
)
def test_the_version_is_the_highest_of_the_fields(names: str, version: int) -> None:
    assert version_of(tuple(names.split())) == version


def test_every_field_can_be_asked_for() -> None:
    """What nothing here could fill is `-`; there is no transit gateway's version 6 among an interface's fields."""
    watch = Watch(0)
    watch.enter(tcp("10.0.0.1:7", "172.31.16.21:9", "S"), 1)
    (line,) = watch.lines(2, " ".join(FIELDS))
    values = dict(zip(FIELDS, line.split(" "), strict=True))
    assert len(FIELDS) == 40 and values["version"] == "8"
    empty = [name for name, value in values.items() if value == "-"]
    assert [name for name in empty if not name.startswith("ecs-")] == [
        "sublocation-type",
        "sublocation-id",
        "pkt-src-aws-service",
        "pkt-dst-aws-service",
        "traffic-path",
        "reject-reason",
    ]
