"""DNS messages: RFC 1035 section 4, AAAA from RFC 3596, SRV from RFC 2782, EDNS's OPT from RFC 6891."""

from dataclasses import dataclass
from struct import Struct

from netvirt.address import Ip
from netvirt.wire.malformed import Malformed

PORT = 53

# Record types.
A, NS, CNAME, SOA, PTR, MX, TXT, AAAA, SRV, OPT, ANY = 1, 2, 5, 6, 12, 15, 16, 28, 33, 41, 255
IN = 1

# Response codes (RFC 1035 section 4.1.1).
NOERROR, FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED = range(6)

LONGEST_LABEL = 63
LONGEST_NAME = 255
PLAIN_BYTES = 512
"""What a client without EDNS takes over UDP (RFC 1035 section 4.2.1)."""

Name = tuple[bytes, ...]
"""Labels, leftmost first; the root is empty. Compare names by `folded`."""

_HEADER = Struct("!HHHHHH")
_QUESTION = Struct("!HH")
_RECORD = Struct("!HHIH")
_POINTER = 0xC0
_FARTHEST = 0x3FFF
"""What a pointer can reach."""

_NAMES_AT = {NS: 0, CNAME: 0, PTR: 0, MX: 2, SRV: 6}
"""Octets before the one name that a record's data ends with."""
_SOA_NUMBERS = Struct("!IIIII")

_QR, _AA, _TC, _RD, _RA = 1 << 15, 1 << 10, 1 << 9, 1 << 8, 1 << 7


@dataclass(frozen=True, slots=True)
class Question:
    """What somebody asks."""

    name: Name
    type: int = A
    class_: int = IN


@dataclass(frozen=True, slots=True)
class Record:
    """One answer. `data` is as on the wire, with names in it written out; `ttl` in seconds."""

    name: Name
    type: int
    ttl: int
    data: bytes
    class_: int = IN


@dataclass(frozen=True, slots=True)
class Dns:
    """One message."""

    id: int
    questions: tuple[Question, ...] = ()
    answers: tuple[Record, ...] = ()
    authorities: tuple[Record, ...] = ()
    additionals: tuple[Record, ...] = ()
    response: bool = False
    opcode: int = 0
    authoritative: bool = False
    truncated: bool = False
    recursion_desired: bool = True
    recursion_available: bool = False
    rcode: int = NOERROR

    @classmethod
    def parse(cls, data: bytes) -> "Dns":
        """A whole message; what follows its last record is dropped."""
        if len(data) < _HEADER.size:
            raise Malformed("DNS header cut short")
        number, flags, *counts = _HEADER.unpack_from(data)
        at = _HEADER.size
        questions = []
        for _ in range(counts[0]):
            question, at = _parse_question(data, at)
            questions.append(question)
        answers, at = _parse_records(data, at, counts[1])
        authorities, at = _parse_records(data, at, counts[2])
        additionals, at = _parse_records(data, at, counts[3])
        return cls(
            number,
            tuple(questions),
            answers,
            authorities,
            additionals,
            response=bool(flags & _QR),
            opcode=flags >> 11 & 15,
            authoritative=bool(flags & _AA),
            truncated=bool(flags & _TC),
            recursion_desired=bool(flags & _RD),
            recursion_available=bool(flags & _RA),
            rcode=flags & 15,
        )

    def emit(self) -> bytes:
        """On the wire, the names of questions and records compressed (RFC 1035 section 4.1.4)."""
        set_flags = (
            (self.response, _QR),
            (self.authoritative, _AA),
            (self.truncated, _TC),
            (self.recursion_desired, _RD),
            (self.recursion_available, _RA),
        )
        flags = sum(bit for is_set, bit in set_flags if is_set) | self.opcode << 11 | self.rcode
        sections = (self.answers, self.authorities, self.additionals)
        out = bytearray(_HEADER.pack(self.id, flags, len(self.questions), *map(len, sections)))
        seen: dict[Name, int] = {}
        for question in self.questions:
            _emit_compressed(question.name, out, seen)
            out += _QUESTION.pack(question.type, question.class_)
        for record in (record for section in sections for record in section):
            _emit_compressed(record.name, out, seen)
            out += _RECORD.pack(record.type, record.class_, record.ttl, len(record.data)) + record.data
        return bytes(out)


def name_of(text: str) -> Name:
    """`right.main.internal`, with or without the last dot; ValueError says what is wrong."""
    labels = tuple(label.encode("ascii") for label in text.removesuffix(".").split(".")) if text != "." else ()
    if any(not 0 < len(label) <= LONGEST_LABEL for label in labels):
        raise ValueError(f"'{text}' is not a domain name: each part has 1 to {LONGEST_LABEL} characters")
    if len(emit_name(labels)) > LONGEST_NAME:
        raise ValueError(f"'{text}' is not a domain name: it is longer than {LONGEST_NAME} octets")
    return labels


def text_of(name: Name) -> str:
    """For people; octets that are no letters come as RFC 1035's `\\ddd` (section 5.1)."""
    return ".".join("".join(map(_shown, label)) for label in name) or "."


def _shown(octet: int) -> str:
    character = chr(octet)
    if character in ".\\":
        return "\\" + character
    return character if "!" <= character <= "~" else f"\\{octet:03}"


def folded(name: Name) -> Name:
    """The name as it is compared: letters' case means nothing (RFC 1035 section 2.3.3)."""
    return tuple(label.lower() for label in name)


def emit_name(name: Name) -> bytes:
    """Not compressed."""
    return b"".join(bytes([len(label)]) + label for label in name) + b"\0"


def read_name(data: bytes) -> Name:
    """A name that is not compressed, as records' data holds it here."""
    return _parse_name(data, 0)[0]


def address_data(address: Ip) -> bytes:
    """The data of an A record."""
    return address.to_bytes(4)


def _emit_compressed(name: Name, out: bytearray, seen: dict[Name, int]) -> None:
    for position in range(len(name)):
        rest = name[position:]
        if rest in seen:
            out += (_POINTER << 8 | seen[rest]).to_bytes(2)
            return
        if len(out) <= _FARTHEST:
            seen[rest] = len(out)
        out += bytes([len(name[position])]) + name[position]
    out.append(0)


def _parse_question(data: bytes, at: int) -> tuple[Question, int]:
    name, at = _parse_name(data, at)
    if at + _QUESTION.size > len(data):
        raise Malformed("DNS question cut short")
    return Question(name, *_QUESTION.unpack_from(data, at)), at + _QUESTION.size


def _parse_records(data: bytes, at: int, count: int) -> tuple[tuple[Record, ...], int]:
    records = []
    for _ in range(count):
        record, at = _parse_record(data, at)
        records.append(record)
    return tuple(records), at


def _parse_record(data: bytes, at: int) -> tuple[Record, int]:
    name, at = _parse_name(data, at)
    if at + _RECORD.size > len(data):
        raise Malformed("DNS record cut short")
    kind, class_, ttl, length = _RECORD.unpack_from(data, at)
    at += _RECORD.size
    if at + length > len(data):
        raise Malformed("DNS record data cut short")
    return Record(name, kind, ttl, _expanded(kind, data, at, at + length), class_), at + length


def _expanded(kind: int, data: bytes, start: int, end: int) -> bytes:
    """A record's data without pointers into the message, which mean nothing outside it."""
    if kind == SOA:
        primary, at = _parse_name(data[:end], start)
        mailbox, at = _parse_name(data[:end], at)
        if end - at != _SOA_NUMBERS.size:
            raise Malformed("DNS SOA record cut short")
        return emit_name(primary) + emit_name(mailbox) + data[at:end]
    before = _NAMES_AT.get(kind)
    if before is None:
        return data[start:end]
    if start + before > end:
        raise Malformed("DNS record data cut short")
    name, _ = _parse_name(data[:end], start + before)
    return data[start : start + before] + emit_name(name)


def _parse_name(data: bytes, at: int) -> tuple[Name, int]:
    """The name at an offset, and the offset behind it. Pointers lead backwards only, so that they end."""
    labels: list[bytes] = []
    after = -1
    octets = 1
    bound = at
    while True:
        if at >= len(data):
            raise Malformed("DNS name cut short")
        length = data[at]
        if length & _POINTER == _POINTER:
            if at + 1 >= len(data):
                raise Malformed("DNS name cut short")
            after = at + 2 if after < 0 else after
            at = (length & ~_POINTER) << 8 | data[at + 1]
            if at >= bound:
                raise Malformed("DNS name points forward")
            bound = at
        elif length > LONGEST_LABEL:
            raise Malformed("DNS label of an unknown kind")
        elif length == 0:
            return tuple(labels), at + 1 if after < 0 else after
        else:
            if at + 1 + length > len(data):
                raise Malformed("DNS name cut short")
            octets += length + 1
            if octets > LONGEST_NAME:
                raise Malformed("DNS name is too long")
            labels.append(data[at + 1 : at + 1 + length])
            at += 1 + length
