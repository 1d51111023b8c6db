"""The engine of a NAT gateway alone: what it writes against scapy, what it remembers, and whatever is thrown at it."""

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from scapy.layers.inet import ICMP, IP, TCP, UDP, IPerror, fragment
from scapy.layers.l2 import ARP, Ether
from scapy.packet import Raw

from netvirt.address import Mac, Ns, format_ip, format_mac, parse_ip
from netvirt.appliance.contract import Told
from netvirt.appliance.fragments import FRAGMENT_NS
from netvirt.appliance.nat import Nat, Ways
from netvirt.appliance.nat_metrics import Metrics
from netvirt.appliance.translations import NAT_CLOSING_NS, NAT_CONNECTIONS, NAT_IDLE_NS, PORTS, Translations
from netvirt.frame import Flow, flow_of
from netvirt.journey import Outcome
from netvirt.wire.checksum import internet_checksum

Packet = Any
"""scapy's."""

OWN, SPARE = parse_ip("10.0.0.5"), parse_ip("10.0.0.6")
NAT_MAC, ROUTER_MAC = Mac(0x0A_01_00_00_00_05), Mac(0x0A_00_00_00_00_01)
APP, SERVER, ROUTER = "10.0.10.4", "198.51.100.7", "192.0.2.1"
HEADER = Ether(src=format_mac(ROUTER_MAC), dst=format_mac(NAT_MAC))
S = 1_000_000_000
T0 = Ns(5 * S)


def an_engine(**table: Any) -> Nat:
    ways = Ways("nat", NAT_MAC, ROUTER_MAC, (OWN,))
    return Nat(ways, Metrics(), Translations((OWN,), **table) if table else None)


def through(nat: Nat, packet: Packet, now: int = T0) -> Any:
    """What comes out for an IPv4 packet: a packet, or why none does."""
    answer = nat.forward(bytes(HEADER / packet), Ns(now))
    assert not isinstance(answer, Told)
    if isinstance(answer, Outcome):
        return answer
    (frame,) = answer
    made = Ether(frame)
    assert (made.dst, made.src) == (format_mac(ROUTER_MAC), format_mac(NAT_MAC))
    return made[IP]


def out(transport: Any, **fields: Any) -> Packet:
    return IP(**{"src": APP, "dst": SERVER, **fields}) / transport


def again(packet: Packet) -> bytes:
    """With every checksum made by scapy."""
    copy = packet.copy()
    for layer in (copy, copy.payload):
        if hasattr(layer, "chksum"):
            del layer.chksum
    return bytes(copy)


# What it writes


def a_udp(random: Random) -> tuple[Packet, str]:
    return UDP(sport=random.randrange(65536), dport=random.randrange(65536)), "sport"


def a_syn(random: Random) -> tuple[Packet, str]:
    sport, dport = random.randrange(65536), random.randrange(65536)
    return TCP(sport=sport, dport=dport, flags="S", seq=random.getrandbits(32), options=[("MSS", 1460)]), "sport"


def an_echo(random: Random) -> tuple[Packet, str]:
    return ICMP(type=8, id=random.randrange(65536), seq=random.randrange(65536)), "id"


def answer_to(seen: Packet, payload: bytes) -> Packet:
    """What its receiver sends back."""
    ends = IP(src=seen.dst, dst=seen.src, ttl=50)
    if ICMP in seen:
        return ends / ICMP(type=0, id=seen[ICMP].id, seq=seen[ICMP].seq) / Raw(payload)
    if TCP in seen:
        return ends / TCP(sport=seen.dport, dport=seen.sport, flags="SA") / Raw(payload)
    return ends / UDP(sport=seen.dport, dport=seen.sport) / Raw(payload)


@pytest.mark.parametrize("kind", [a_udp, a_syn, an_echo])
def test_both_ways_are_as_scapy_writes_them(kind: Callable[[Random], tuple[Packet, str]]) -> None:
    random, nat = Random(f"nat/{kind.__name__}"), an_engine()
    for number in range(100):
        transport, port = kind(random)
        options = [b"\x07\x04\x04\0"] * random.randrange(3)
        sent = IP(
            src=APP, dst=SERVER, ttl=random.randrange(2, 256), id=number, tos=random.randrange(256), options=options
        )
        sent = IP(bytes(sent / transport / Raw(random.randbytes(random.randrange(60)))))
        came = through(nat, sent)
        chosen = getattr(came.payload, port)
        assert chosen in PORTS
        expected = sent.copy()
        expected.src, expected.ttl = format_ip(OWN), sent.ttl - 1
        setattr(expected.payload, port, chosen)
        assert bytes(came) == again(expected)
        answer = IP(bytes(answer_to(came, random.randbytes(20))))
        back = through(nat, answer)
        expected = answer.copy()
        expected.dst, expected.ttl = APP, answer.ttl - 1
        setattr(expected.payload, port.replace("sport", "dport"), getattr(sent.payload, port))
        assert bytes(back) == again(expected)


def test_udp_without_a_checksum_stays_without() -> None:
    came = through(an_engine(), out(UDP(sport=5, dport=53, chksum=0) / b"?"))
    assert (came[UDP].chksum, came[UDP].sport != 5) == (0, True)


@pytest.mark.parametrize("kind", [a_udp, a_syn, an_echo])
@pytest.mark.parametrize("error", [(3, 1), (3, 4), (4, 0), (5, 1), (11, 0), (12, 0)])
@pytest.mark.parametrize("quoted_bytes", [8, 64])
def test_an_error_is_about_what_its_receiver_sent(
    kind: Callable[[Random], tuple[Packet, str]], error: tuple[int, int], quoted_bytes: int
) -> None:
    random, nat = Random(f"error/{kind.__name__}"), an_engine()
    transport, port = kind(random)
    sent = IP(bytes(out(transport / Raw(b"x" * 40), ttl=9)))
    came = through(nat, sent)
    what = ICMP(type=error[0], code=error[1]) / Raw(bytes(came)[: 20 + quoted_bytes])
    back = through(nat, IP(bytes(IP(src=ROUTER, dst=format_ip(OWN)) / what)))
    assert (back.src, back.dst, back.ttl) == (ROUTER, APP, 63)
    quote = back[IPerror]
    assert (quote.src, quote.dst, quote.ttl) == (APP, SERVER, 8)
    # The quote is as the packet was sent, but for its time to live: so its header's checksum differs, no other.
    assert bytes(quote)[20 : 20 + quoted_bytes] == bytes(sent)[20 : 20 + quoted_bytes]
    assert getattr(quote.payload, port) == getattr(sent.payload, port)
    assert bytes(back) == again(back)


def test_an_error_from_inside_is_about_what_was_answered() -> None:
    nat = an_engine()
    came = through(nat, out(UDP(sport=4000, dport=9)))
    answer = through(nat, IP(bytes(answer_to(came, b"late"))))
    closed = IP(src=APP, dst=SERVER) / ICMP(type=3, code=3) / Raw(bytes(answer))
    told = through(nat, IP(bytes(closed)))
    assert (told.src, told.dst) == (format_ip(OWN), SERVER)
    assert (told[IPerror].dst, told[IPerror].src) == (format_ip(OWN), SERVER)
    assert told[IPerror].payload.dport == came.sport
    assert bytes(told) == again(told)


# What it takes


def test_of_icmp_it_knows_echo_and_errors() -> None:
    for kind in range(256):
        message = ICMP(type=kind) / Raw(bytes(40))
        outward = through(an_engine(), out(message))
        assert through(an_engine(), IP(src=SERVER, dst=format_ip(OWN)) / message) is Outcome.NO_TRANSLATION
        if kind == 8:
            assert outward.src == format_ip(OWN)
        else:
            about_a_connection = kind in (0, 3, 4, 5, 11, 12)
            assert outward is (Outcome.NO_TRANSLATION if about_a_connection else Outcome.UNKNOWN), kind


@pytest.mark.parametrize("protocol", [0, 2, 4, 41, 47, 50, 51, 89, 132, 255])
def test_no_other_protocol(protocol: int) -> None:
    assert through(an_engine(), out(Raw(bytes(20)), proto=protocol)) is Outcome.GATEWAY


def test_what_has_no_time_to_live_ends_here() -> None:
    assert through(an_engine(), out(UDP(sport=1, dport=1), ttl=1)) is Outcome.TTL_EXPIRED
    assert through(an_engine(), out(UDP(sport=1, dport=1), ttl=2)).ttl == 1


def test_an_echo_request_from_outside_never_passes_for_an_answer() -> None:
    nat = an_engine()
    came = through(nat, out(ICMP(type=8, id=7)))
    asked = IP(src=SERVER, dst=format_ip(OWN)) / ICMP(type=8, id=came[ICMP].id)
    assert through(nat, asked) is Outcome.NO_TRANSLATION


def test_an_error_about_somebody_else_is_not_for_anybody_here() -> None:
    nat = an_engine()
    came = through(nat, out(UDP(sport=4000, dport=9)))
    other = came.copy()
    other.dport = 10
    for quote in (bytes(other), bytes(came)[:24], b"", bytes(28)):
        error = IP(src=ROUTER, dst=format_ip(OWN)) / ICMP(type=3, code=1) / Raw(quote)
        assert through(nat, IP(bytes(error))) is Outcome.NO_TRANSLATION


@pytest.mark.parametrize("flags", ["A", "SA", "F", "FA", "PA", "", "SF", "U"])
def test_a_segment_of_no_connection_is_told_so(flags: str) -> None:
    """RFC 9293 section 3.10.7.1, for a connection that does not exist."""
    told = through(an_engine(), out(TCP(sport=4000, dport=80, flags=flags, seq=1000, ack=77) / Raw(b"data!")))
    assert (told.src, told.dst, told.sport, told.dport) == (SERVER, APP, 80, 4000)
    if "A" in flags:
        assert (told[TCP].flags, told[TCP].seq) == ("R", 77)
    else:
        after = 1005 + ("S" in flags) + ("F" in flags)
        assert (told[TCP].flags, told[TCP].seq, told[TCP].ack) == ("RA", 0, after)
    assert bytes(told) == again(told)


@pytest.mark.parametrize("flags", ["R", "RA", "SR"])
def test_a_reset_is_never_answered(flags: str) -> None:
    assert through(an_engine(), out(TCP(flags=flags))) is Outcome.NO_TRANSLATION


# What it remembers


def test_any_packet_of_a_connection_keeps_it_for_350_seconds_more() -> None:
    nat = an_engine()
    came = through(nat, out(UDP(sport=4000, dport=9)))
    idle, now = NAT_IDLE_NS.value, int(T0)
    for _ in range(3):
        now += idle - 1
        assert through(nat, answer_to(came, b""), now).dst == APP
    assert through(nat, answer_to(came, b""), now + idle) is Outcome.NO_TRANSLATION
    assert nat.metrics.idle_timeout_count == 0, "only TCP connections are counted"


def test_errors_keep_nothing_alive() -> None:
    nat = an_engine()
    came = through(nat, out(UDP(sport=4000, dport=9)))
    error = IP(bytes(IP(src=ROUTER, dst=format_ip(OWN)) / ICMP(type=11) / Raw(bytes(came))))
    assert through(nat, error, T0 + NAT_IDLE_NS.value - 1).dst == APP
    assert through(nat, error, T0 + NAT_IDLE_NS.value) is Outcome.NO_TRANSLATION


@pytest.mark.parametrize("ending", ["fins", "reset"])
def test_a_connection_that_has_ended_gives_its_port_back_sooner(ending: str) -> None:
    nat = an_engine()
    came = through(nat, out(TCP(sport=4000, dport=80, flags="S")))
    through(nat, answer_to(came, b""))
    if ending == "fins":
        through(nat, out(TCP(sport=4000, dport=80, flags="FA")))
        assert nat.active_connection_count(T0) == 1
        last = answer_to(came, b"")
        last[TCP].flags = "FA"
    else:
        last = answer_to(came, b"")
        last[TCP].flags = "R"
    assert through(nat, last).dst == APP
    assert nat.active_connection_count(T0) == 0
    assert through(nat, answer_to(came, b""), T0 + NAT_CLOSING_NS.value - 1).dst == APP
    later = T0 + 2 * NAT_CLOSING_NS.value
    assert through(nat, answer_to(came, b""), later) is Outcome.NO_TRANSLATION
    assert nat.metrics.idle_timeout_count == 0


def test_the_same_ends_may_begin_anew_while_the_port_is_kept() -> None:
    nat = an_engine()
    syn = out(TCP(sport=4000, dport=80, flags="S"))
    came = through(nat, syn)
    through(nat, out(TCP(sport=4000, dport=80, flags="R")))
    assert through(nat, syn).sport == came.sport
    assert (nat.active_connection_count(T0), nat.metrics.connection_attempt_count) == (1, 2)
    assert through(nat, answer_to(came, b""), T0 + NAT_IDLE_NS.value - 1).dst == APP


def test_a_syn_that_is_sent_again_is_the_same_attempt() -> None:
    nat = an_engine()
    for _ in range(3):
        came = through(nat, out(TCP(sport=4000, dport=80, flags="S")))
    for _ in range(2):
        through(nat, answer_to(came, b""))
    assert (nat.metrics.connection_attempt_count, nat.metrics.connection_established_count) == (1, 1)


# Ports


def asking(port: int, dport: int = 53, src: str = APP, dst: str = SERVER) -> Packet:
    return IP(src=src, dst=dst) / UDP(sport=port, dport=dport)


def test_every_connection_to_one_destination_has_its_own_port() -> None:
    nat = an_engine()
    ports = {through(nat, asking(port)).sport for port in range(500)}
    assert len(ports) == 500 and ports <= set(PORTS)


def test_a_destination_takes_so_many_connections_and_others_still_find_ports() -> None:
    """AWS's number is 55,000; the table is told a smaller one here."""
    nat = an_engine(limit=100)
    for port in range(100):
        assert through(nat, asking(port)).src == format_ip(OWN)
    assert through(nat, asking(100)) is Outcome.NO_PORT
    assert (nat.metrics.error_port_allocation, nat.metrics.packets_drop_count) == (1, 1)
    assert through(nat, asking(0)).src == format_ip(OWN), "those that have one keep it"
    for other in (asking(100, dport=54), asking(100, dst=ROUTER), out(TCP(sport=100, dport=53, flags="S"))):
        assert through(nat, other).src == format_ip(OWN)
    assert through(nat, asking(100), T0 + NAT_IDLE_NS.value).src == format_ip(OWN), "and in the end ports come free"


def test_another_address_has_as_many_again() -> None:
    nat = Nat(Ways("nat", NAT_MAC, ROUTER_MAC, (OWN, SPARE)), Metrics(), Translations((OWN, SPARE), limit=100))
    sources = [through(nat, asking(port)) for port in range(201)]
    assert sources.pop() is Outcome.NO_PORT
    assert [each.src for each in sources] == [format_ip(OWN)] * 100 + [format_ip(SPARE)] * 100
    assert through(nat, answer_to(sources[-1], b"")).dport == 199


def test_an_error_must_be_about_what_its_sender_and_receiver_had_to_do_with_it() -> None:
    """Whoever quotes a packet of somebody else's, or one to another address, is not believed."""
    nat = Nat(Ways("nat", NAT_MAC, ROUTER_MAC, (OWN, SPARE)), Metrics())
    came = through(nat, asking(4000))
    wrong = IP(src=ROUTER, dst=format_ip(SPARE)) / ICMP(type=3, code=1) / Raw(bytes(came))
    assert through(nat, IP(bytes(wrong))) is Outcome.NO_TRANSLATION
    answer = through(nat, IP(bytes(answer_to(came, b"late"))))
    for host, outcome in (("10.0.10.9", Outcome.NO_TRANSLATION), (APP, None)):
        told = through(nat, IP(bytes(IP(src=host, dst=SERVER) / ICMP(type=3, code=3) / Raw(bytes(answer)))))
        assert (told if isinstance(told, Outcome) else None) is outcome


def test_the_numbers_are_awss() -> None:
    assert (PORTS.start, PORTS.stop) == (1024, 65536)
    assert Translations((OWN,)).limit == NAT_CONNECTIONS.value == 55_000


@pytest.mark.slow
def test_55000_connections_to_one_destination_and_not_one_more() -> None:
    table = Translations((OWN,))
    flow = flow_of(bytes(HEADER / asking(0)))
    for number in range(55_000):
        session = table.choose(replace(flow, src_port=number), T0)
        assert session is not None
        table.keep(session, T0)
    assert table.choose(replace(flow, src_port=55_000), T0) is None
    assert len({session.port for session in table}) == 55_000


# Fragments


def in_pieces(packet: Packet) -> list[Packet]:
    pieces: Any = fragment
    return [IP(bytes(piece)) for piece in pieces(packet, fragsize=400)]


def test_fragments_of_udp_follow_their_first() -> None:
    nat = an_engine()
    whole = IP(bytes(out(UDP(sport=4000, dport=9) / Raw(bytes(range(250)) * 4), id=77)))
    came = [through(nat, piece) for piece in in_pieces(whole)]
    assert len(came) == 3 and {each.src for each in came} == {format_ip(OWN)}
    datagram = UDP(b"".join(bytes(each.payload) for each in came))
    expected = whole.copy()
    expected.src, expected.sport = format_ip(OWN), datagram.sport
    assert bytes(datagram) == again(expected)[20:]
    answer = IP(src=SERVER, dst=format_ip(OWN), id=78) / UDP(sport=9, dport=datagram.sport) / Raw(bytes(1000))
    assert [through(nat, piece).dst for piece in in_pieces(answer)] == [APP] * 3


def test_a_fragment_that_comes_before_its_first_or_too_late_is_lost() -> None:
    nat = an_engine()
    first, second, third = in_pieces(IP(bytes(out(UDP(sport=4000, dport=9) / Raw(bytes(1000)), id=77))))
    assert through(nat, second) is Outcome.FRAGMENT
    assert through(nat, first).src == through(nat, second).src == format_ip(OWN)
    assert through(nat, third, T0 + FRAGMENT_NS.value) is Outcome.FRAGMENT


def test_fragments_of_two_datagrams_are_told_apart() -> None:
    nat = an_engine()
    one, other = (in_pieces(IP(bytes(out(UDP(sport=4000, dport=9) / Raw(bytes(1000)), id=id)))) for id in (77, 78))
    assert through(nat, one[0]).src == format_ip(OWN)
    assert through(nat, other[1]) is Outcome.FRAGMENT
    assert through(nat, one[1]).src == format_ip(OWN)


@pytest.mark.parametrize("transport", [TCP(sport=4000, dport=80, flags="S"), ICMP(type=8)])
def test_no_fragments_of_tcp_and_icmp(transport: Packet) -> None:
    nat = an_engine()
    pieces = in_pieces(IP(bytes(out(transport / Raw(bytes(1000))))))
    assert {through(nat, piece) for piece in pieces} == {Outcome.FRAGMENT}
    assert list(nat.table) == []


# Asked without being sent, and whatever is thrown at it


def a_flow(random: Random) -> Flow:
    protocol = random.choice((1, 6, 17, 17, 47))
    src = parse_ip(f"10.0.10.{random.randrange(4, 8)}")
    dst = random.choice((parse_ip(SERVER), parse_ip(ROUTER), OWN))
    if protocol == 1:
        return Flow(1, src, dst, icmp_type=random.choice((0, 8, 13)), icmp_code=0, icmp_id=random.randrange(4))
    if protocol == 47:
        return Flow(47, src, dst)
    return Flow(protocol, src, dst, random.randrange(3), random.randrange(3), tcp_flags=2 if protocol == 6 else 0)


def as_packet(flow: Flow) -> Packet:
    ends = IP(src=format_ip(flow.src), dst=format_ip(flow.dst), proto=flow.protocol)
    match flow.protocol:
        case 1:
            return ends / ICMP(type=flow.icmp_type, id=flow.icmp_id)
        case 6:
            return ends / TCP(sport=flow.src_port, dport=flow.dst_port, flags="S")
        case 17:
            return ends / UDP(sport=flow.src_port, dport=flow.dst_port)
        case _:
            return ends / Raw(b"?" * 8)


def test_a_rehearsal_says_what_will_happen_and_makes_nothing_happen() -> None:
    random, nat, now = Random("rehearsal"), an_engine(limit=8), int(T0)
    for _ in range(400):
        now += random.choice((0, S, 100 * S))
        flow = a_flow(random)
        before = len(list(nat.table))
        rehearsal = nat.rehearse()
        said, twice = rehearsal.forward(flow, Ns(now)), rehearsal.forward(flow, Ns(now))
        assert (said, before) == (twice, len(list(nat.table)))
        done = through(nat, IP(bytes(as_packet(flow))), now)
        assert said.hop is not None
        assert said.hop.outcome is (done if isinstance(done, Outcome) else None)
        if said.flow is not None:
            assert said.flow.key == flow_of(bytes(HEADER / done)).key
            home = rehearsal.forward(said.flow.reply(), Ns(now)).flow
            assert home is not None and home.key == flow.reply().key


def test_a_rehearsal_knows_when_a_connection_has_ended() -> None:
    nat = an_engine()
    came = through(nat, asking(4000))
    back = flow_of(bytes(HEADER / answer_to(came, b"")))
    for after, passes in ((NAT_IDLE_NS.value - 1, True), (NAT_IDLE_NS.value, False)):
        assert (nat.rehearse().forward(back, Ns(T0 + after)).flow is not None) is passes


def damaged(random: Random, data: bytes) -> bytes:
    match random.randrange(4):
        case 0:
            return data[: random.randrange(len(data))]
        case 1:
            at = random.randrange(len(data))
            return data[:at] + random.randbytes(random.randrange(5)) + data[at + random.randrange(5) :]
        case 2:
            return data[:14] + random.randbytes(random.randrange(80))
        case _:
            flips = bytearray(data)
            for _ in range(random.randrange(1, 6)):
                flips[random.randrange(len(flips))] ^= 1 << random.randrange(8)
            # Else nearly all of it would end at the header's checksum.
            flips[24:26] = bytes(2)
            flips[24:26] = internet_checksum(bytes(flips[14:34])).to_bytes(2)
            return bytes(flips)


def test_whatever_comes_is_sent_on_whole_or_dropped() -> None:
    random, nat, passed = Random("fuzz"), an_engine(limit=50), 0
    came = through(nat, out(UDP(sport=4000, dport=9)))
    good = [
        out(UDP(sport=4000, dport=9) / Raw(b"x" * 30)),
        out(TCP(sport=1, dport=2, flags="S")),
        out(ICMP(type=8) / Raw(b"ping")),
        answer_to(came, b"back"),
        IP(src=ROUTER, dst=format_ip(OWN)) / ICMP(type=3, code=1) / Raw(bytes(came)),
        *in_pieces(out(UDP(sport=4000, dport=9) / Raw(bytes(1000)))),
        ARP(pdst=format_ip(OWN)),
    ]
    for number in range(2000):
        answer = nat.forward(damaged(random, bytes(HEADER / random.choice(good))), Ns(T0 + number * S))
        if isinstance(answer, Outcome | Told):
            continue
        (frame,) = answer
        assert flow_of(frame).src == OWN or flow_of(frame).dst != OWN
        passed += 1
    assert passed > 200
