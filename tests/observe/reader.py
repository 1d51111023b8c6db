"""A second reading of pcapng, from the draft alone: it knows nothing of the writer."""

from dataclasses import dataclass, field
from struct import unpack_from


@dataclass(frozen=True)
class Interface:
    link_type: int
    snap_length: int
    options: dict[int, list[bytes]]

    @property
    def name(self) -> str:
        return self.options[2][0].decode()


@dataclass(frozen=True)
class Packet:
    interface: Interface
    unix_ns: int
    data: bytes
    options: dict[int, list[bytes]]

    @property
    def place(self) -> str:
        return self.interface.name

    @property
    def comments(self) -> list[str]:
        return [comment.decode() for comment in self.options.get(1, [])]

    @property
    def way(self) -> int:
        """0 unknown, 1 inbound, 2 outbound."""
        flags = self.options.get(2)
        return 0 if flags is None else int.from_bytes(flags[0], "little") & 3


@dataclass
class Section:
    options: dict[int, list[bytes]]
    interfaces: list[Interface] = field(default_factory=list)
    packets: list[Packet] = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        return [interface.name for interface in self.interfaces]

    def at(self, place: str) -> list[Packet]:
        return [packet for packet in self.packets if packet.place == place]


def read(data: bytes) -> Section:
    section: Section | None = None
    offset = 0
    while offset < len(data):
        kind, length = unpack_from("<II", data, offset)
        assert length % 4 == 0 and length >= 12
        assert unpack_from("<I", data, offset + length - 4) == (length,), "both lengths are equal"
        body = data[offset + 8 : offset + length - 4]
        if kind == 0x0A0D0D0A:
            assert section is None, "one section"
            assert unpack_from("<IHHq", body) == (0x1A2B3C4D, 1, 0, -1)
            section = Section(options(body[16:]))
        elif kind == 1:
            assert section is not None
            link_type, reserved, snap_length = unpack_from("<HHI", body)
            assert reserved == 0
            section.interfaces.append(Interface(link_type, snap_length, options(body[8:])))
        else:
            assert kind == 6 and section is not None
            section.packets.append(packet(section, body))
        offset += length
    assert offset == len(data) and section is not None
    return section


def packet(section: Section, body: bytes) -> Packet:
    number, high, low, captured, original = unpack_from("<IIIII", body)
    assert captured == original, "nothing is cut off"
    end = 20 + captured
    padding = -captured % 4
    assert body[end : end + padding] == bytes(padding)
    return Packet(section.interfaces[number], high << 32 | low, body[20:end], options(body[end + padding :]))


def options(data: bytes) -> dict[int, list[bytes]]:
    found: dict[int, list[bytes]] = {}
    offset = 0
    while offset < len(data):
        code, length = unpack_from("<HH", data, offset)
        offset += 4
        if code == 0:
            assert offset == len(data), "nothing follows the end of options"
            return found
        found.setdefault(code, []).append(data[offset : offset + length])
        offset += length + -length % 4
    assert not data, "options end with opt_endofopt"
    return found
