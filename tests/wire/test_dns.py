"""DNS messages against scapy's, and against whatever a guest may send."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.dns import DNS, DNSQR, DNSRR, DNSRRMX, DNSRRSOA, DNSRRSRV

from netvirt.wire import dns
from netvirt.wire.dns import Dns, Question, Record, name_of, text_of
from netvirt.wire.malformed import Malformed

LABEL = st.binary(min_size=1, max_size=12)
NAME = st.lists(LABEL, max_size=5).map(tuple)
PLAIN = st.builds(
    Record,
    name=NAME,
    type=st.sampled_from([dns.A, dns.TXT, dns.AAAA, 99]),
    ttl=st.integers(0, 2**31 - 1),
    data=st.binary(max_size=40),
)
NAMED = st.builds(
    lambda name, kind, ttl, target: Record(name, kind, ttl, dns.emit_name(target)),
    NAME,
    st.sampled_from([dns.CNAME, dns.NS, dns.PTR]),
    st.integers(0, 2**31 - 1),
    NAME,
)
RECORDS = st.lists(PLAIN | NAMED, max_size=4).map(tuple)
MESSAGE = st.builds(
    Dns,
    id=st.integers(0, 65535),
    questions=st.lists(st.builds(Question, name=NAME, type=st.integers(1, 255)), max_size=2).map(tuple),
    answers=RECORDS,
    authorities=RECORDS,
    additionals=RECORDS,
    response=st.booleans(),
    opcode=st.integers(0, 15),
    authoritative=st.booleans(),
    truncated=st.booleans(),
    recursion_desired=st.booleans(),
    recursion_available=st.booleans(),
    rcode=st.integers(0, 15),
)


@given(MESSAGE)
def test_what_is_sent_is_what_arrives(message: Dns) -> None:
    assert Dns.parse(message.emit()) == message


def test_scapy_reads_our_compressed_names() -> None:
    name, target = name_of("www.corp.internal"), name_of("db.corp.internal")
    answers = (
        Record(name, dns.CNAME, 30, dns.emit_name(target)),
        Record(target, dns.A, 60, bytes([10, 0, 1, 4])),
    )
    data = Dns(7, (Question(name),), answers, response=True, recursion_available=True).emit()
    seen = DNS(data)
    assert (seen.id, seen.qr, seen.rd, seen.ra, seen.rcode) == (7, 1, 1, 1, 0)
    assert seen.qd[0].qname == b"www.corp.internal."
    assert [(each.rrname, each.ttl) for each in seen.an] == [(b"www.corp.internal.", 30), (b"db.corp.internal.", 60)]
    assert (seen.an[0].rdata, seen.an[1].rdata) == (b"db.corp.internal.", "10.0.1.4")
    # Both mention corp.internal; the second time it takes two octets.
    assert data.count(b"\4corp\10internal") == 2  # the question's, and the alias's own data


@pytest.mark.parametrize("record, target", [
    (DNSRR(rrname="a.b.example", type="CNAME", rdata="c.b.example"), b"\1c\1b\7example\0"),
    (DNSRRMX(rrname="b.example", preference=10, exchange="mail.b.example"), b"\0\n\4mail\1b\7example\0"),
    (DNSRRSRV(rrname="b.example", priority=1, weight=2, port=3, target="s.b.example"), b"\0\1\0\2\0\3\1s\1b\7example\0"),
    (
        DNSRRSOA(rrname="b.example", mname="n.b.example", rname="h.b.example", serial=1),
        b"\1n\1b\7example\0\1h\1b\7example\0",
    ),
])  # fmt: skip
def test_pointers_in_data_are_followed(record: DNSRR, target: bytes) -> None:
    packet = DNS(bytes(DNS(id=1, qr=1, qd=[DNSQR(qname="b.example")], an=[record])))
    compressed: Any = packet.compress()  # type: ignore[no-untyped-call]
    assert len(bytes(compressed)) < len(bytes(packet))
    parsed = Dns.parse(bytes(compressed))
    assert parsed.answers[0].data.startswith(target)


@given(st.binary(max_size=80))
def test_any_octets_are_read_or_malformed(data: bytes) -> None:
    try:
        message = Dns.parse(b"\0\1\1\0\0\1\0\1\0\0\0\0" + data)
    except Malformed:
        return
    assert Dns.parse(message.emit()) == message


@pytest.mark.parametrize("data, why", [
    (b"\0" * 11, "DNS header cut short"),
    (b"\0\1\1\0\0\1\0\0\0\0\0\0", "DNS name cut short"),
    (b"\0\1\1\0\0\1\0\0\0\0\0\0\1a\0\0\1", "DNS question cut short"),
    (b"\0\1\1\0\0\1\0\0\0\0\0\0\xc0\x0c\0\1\0\1", "DNS name points forward"),
    (b"\0\1\1\0\0\1\0\0\0\0\0\0\xc0", "DNS name cut short"),
    (b"\0\1\1\0\0\1\0\0\0\0\0\0\x80\0\1\0\1", "DNS label of an unknown kind"),
    (b"\0\1\1\0\0\1\0\0\0\0\0\0" + (b"\x3f" + b"a" * 63) * 4 + b"\0\0\1\0\1", "DNS name is too long"),
    (b"\0\1\1\0\0\0\0\1\0\0\0\0\0\0\1\0\1\0\0\0\0\0\4\1\2\3", "DNS record data cut short"),
    (b"\0\1\1\0\0\0\0\1\0\0\0\0\0\0\1\0\1", "DNS record cut short"),
])  # fmt: skip
def test_what_is_wrong_with_it(data: bytes, why: str) -> None:
    with pytest.raises(Malformed, match=why):
        Dns.parse(data)


def test_names_as_text() -> None:
    assert name_of("Right.main.internal.") == (b"Right", b"main", b"internal")
    assert text_of((b"a.b", b"\x07")) == "a\\.b.\\007"
    assert text_of(()) == "."
    for wrong in ("", "a..b", "a" * 64, ".".join(["a" * 60] * 5)):
        with pytest.raises(ValueError, match="is not a domain name"):
            name_of(wrong)
