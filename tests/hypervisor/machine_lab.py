"""A bench for machines: a clock, wires, a DHCP server made of scapy packets, and images made of single stores."""

import struct
from collections.abc import Callable
from heapq import heappop, heappush
from random import Random
from typing import Any

from scapy.layers.dhcp import BOOTP, DHCP
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import ARP, Ether

from hypervisor.clock import Source
from hypervisor.devices.memory import CONSOLE_BASE, PLATFORM_BASE, RAM_BASE
from hypervisor.images import Image, Segment, load_image
from hypervisor.machine.exits import FREE
from hypervisor.machine.machine import Machine
from netvirt.address import Mac, Ns, format_ip, format_mac, parse_ip
from netvirt.line import Line

US, MS, S = 1_000, 1_000_000, 1_000_000_000

SERVER_IP = "10.0.0.1"
SERVER_MAC = "02:00:00:00:00:fe"

GHZ = 1_000_000_000


class FakeClock:
    """The total order of design section 3, without SimPy."""

    def __init__(self) -> None:
        self.now = Ns(0)
        self._queue: list[tuple[int, int, Callable[[Any], object], Any]] = []

    def call_at(self, time: int, source: Source, action: Callable[[Any], object], argument: Any) -> None:
        assert time >= self.now, "the past is closed"
        heappush(self._queue, (time, source.key, action, argument))
        source.key += 1

    def run(self, until: int) -> None:
        while self._queue and self._queue[0][0] <= until:
            time, _, action, argument = heappop(self._queue)
            self.now = Ns(time)
            action(argument)
        self.now = Ns(until)


class Node:
    """A machine with its wire and what it said. Frames go to `route`, by default to nobody."""

    def __init__(self, lab: "Lab", number: int, machine: Machine, mtu: int) -> None:
        self.lab = lab
        self.machine = machine
        self.mac = Mac(0x020000000000 + number)
        self.mtu = mtu
        self.frames: list[tuple[int, bytes]] = []
        self.lines: list[tuple[int, str]] = []
        self.faults: list[str] = []
        self.route: Callable[[bytes], None] = lambda frame: None

    @property
    def mac_text(self) -> str:
        return format_mac(self.mac)

    def start(self) -> None:
        self.machine.start(self.lab.clock, self, self)

    def transmit(self, data: bytes) -> None:
        self.frames.append((self.lab.clock.now, data))
        self.route(data)

    def console(self, line: str) -> None:
        self.lines.append((self.lab.clock.now, line))

    def fault(self, reason: str) -> None:
        self.faults.append(reason)

    def said(self) -> list[str]:
        return [line for _, line in self.lines]

    def results(self, name: str) -> list[tuple[int, int, int | None]]:
        """The lines `r NAME SEQ SENT RTT` so far."""
        words = [line.split() for line in self.said()]
        found = [word[2:] for word in words if word[:2] == ["r", name]]
        return [(int(seq), int(sent), None if rtt == "-" else int(rtt)) for seq, sent, rtt in found]

    def packets(self, kind: Any) -> list[tuple[int, Any]]:
        """What it sent that has a scapy layer, with the times."""
        found = ((time, Ether(data)) for time, data in self.frames)
        return [(time, packet) for time, packet in found if kind in packet]


class Lab:
    """Machines on one bench. `run` checks every frame that left one against scapy."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.nodes: list[Node] = []
        self._world = Source(99)
        self._checked: dict[Node, int] = {}

    def node(self, image: Image | None = None, mtu: int = 9001, seed: int = 7, **settings: Any) -> Node:
        number = len(self.nodes) + 1
        source, random = Source(number), Random(f"{seed}/{number}")
        machine = Machine(image or load_image("agent"), source=source, random=random, **settings)
        node = Node(self, number, machine, mtu)
        self.nodes.append(node)
        return node

    def run(self, span: int) -> None:
        self.clock.run(self.clock.now + span)
        for node in self.nodes:
            for _, frame in node.frames[self._checked.get(node, 0) :]:
                assert recomputed(frame) == frame
            self._checked[node] = len(node.frames)

    def forget(self, node: Node) -> None:
        """Its frames were taken away."""
        self._checked[node] = 0

    def later(self, delay: int, action: Callable[[Any], object], argument: Any) -> None:
        self.clock.call_at(Ns(self.clock.now + delay), self._world, action, argument)

    def pair(self, line: Callable[[], Line], **settings: Any) -> tuple[Node, Node]:
        """Two agents at 10.0.0.11 and 10.0.0.12 that see each other through two lines, bound and quiet."""
        left, right = self.node(**settings), self.node(**settings)
        for node, address in ((left, "10.0.0.11"), (right, "10.0.0.12")):
            serve(node, DhcpServer(address))
            node.start()
        self.run(1 * MS)
        assert left.machine.address == parse_ip("10.0.0.11")
        cable(left, right, line())
        cable(right, left, line())
        return left, right


def cable(sender: Node, receiver: Node, line: Line) -> None:
    clock = sender.lab.clock
    source = Source(1000 + sender.mac)

    def carry(frame: bytes) -> None:
        arrival = line.send(len(frame), clock.now)
        clock.call_at(Ns(arrival), source, receiver.machine.receive, frame)

    sender.route = carry


def recomputed(frame: bytes) -> bytes:
    """The frame as scapy would have built it: lengths and checksums anew."""
    packet: Any = Ether(frame)
    layer = packet
    while layer:
        for field in ("chksum", "len"):
            if field in layer.fields:
                delattr(layer, field)
        layer = layer.payload
    return bytes(packet)


class DhcpServer:
    """Answers as told, and to ARP; `seen` are the requests, `mute` and `answer_request` make it fail."""

    def __init__(self, address: str, lease: int = 3600, mask: str = "255.255.255.0", **options: Any) -> None:
        self.address = address
        self.options = {"subnet_mask": mask, "router": SERVER_IP, "lease_time": lease, **options}
        self.mute = 0
        self.answer_request = "ack"
        self.seen: list[Any] = []

    def answer(self, frame: bytes) -> bytes | None:
        request: Any = Ether(frame)
        if ARP in request and request[ARP].pdst == SERVER_IP:
            return bytes(self._here_i_am(request))
        if DHCP not in request:
            return None
        self.seen.append(request)
        if self.mute:
            self.mute -= 1
            return None
        return self._reply(request, "offer" if message_type(request) == 1 else self.answer_request)

    def _here_i_am(self, request: Any) -> Any:
        arp = request[ARP]
        answer = ARP(op=2, hwsrc=SERVER_MAC, psrc=SERVER_IP, hwdst=arp.hwsrc, pdst=arp.psrc)
        return Ether(src=SERVER_MAC, dst=request.src) / answer

    def _reply(self, request: Any, kind: str) -> bytes:
        options = [("message-type", kind), ("server_id", SERVER_IP), *self.options.items(), "end"]
        bootp = BOOTP(op=2, xid=request[BOOTP].xid, yiaddr=self.address, chaddr=request[BOOTP].chaddr, siaddr=SERVER_IP)
        ether = Ether(src=SERVER_MAC, dst=request.src)
        packet = ether / IP(src=SERVER_IP, dst=self.address) / UDP(sport=67, dport=68) / bootp
        return bytes(packet / DHCP(options=options))


def message_type(packet: Any) -> int:
    options: list[Any] = [option for option in packet[DHCP].options if isinstance(option, tuple)]
    return int(dict(options)["message-type"])


def serve(node: Node, server: DhcpServer) -> None:
    """Let the server answer the node, 10 us later; all else goes where it went."""
    onward = node.route

    def route(frame: bytes) -> None:
        answer = server.answer(frame)
        if answer is not None:
            node.lab.later(10 * US, node.machine.receive, answer)
        elif DHCP not in Ether(frame):
            onward(frame)

    node.route = route


def bound_agent(lab: Lab, address: str = "10.0.0.11", **settings: Any) -> Node:
    """One agent with an address; what it sends from here on goes nowhere but into `frames`."""
    node = lab.node(**settings)
    serve(node, DhcpServer(address))
    node.start()
    lab.run(1 * MS)
    assert node.machine.address is not None and format_ip(node.machine.address) == address
    node.frames.clear()
    lab.forget(node)
    node.route = lambda frame: None
    return node


def slow_line() -> Line:
    """1 Gbit/s and 5 us: serialization and delay are whole nanoseconds for every frame."""
    return Line(1_000_000_000, 5 * US, 1 << 20)


# Images of our own, written as bytes.

HLT = b"\xf4"
FOREVER = b"\xeb\xfe"  # jmp to itself
RDTSC = b"\x0f\x31"
SLEEP = HLT + b"\xeb\xfd"  # hlt; jmp back to it


def program(*parts: bytes, at: int = RAM_BASE) -> Image:
    code = b"".join(parts)
    return Image("test", "x86-64", at, (Segment(at, code, len(code)),), "")


def store(address: int, value: int) -> bytes:
    """mov dword [address], value"""
    return b"\xc7\x04\x25" + struct.pack("<II", address, value & 0xFFFFFFFF)


def load(address: int) -> bytes:
    """mov eax, [address]"""
    return b"\x8b\x04\x25" + struct.pack("<I", address)


def save_eax(address: int) -> bytes:
    """mov [address], eax"""
    return b"\x89\x04\x25" + struct.pack("<I", address)


def store64(address: int, value: int) -> bytes:
    return store(address, value) + store(address + 4, value >> 32)


def again(code: bytes) -> bytes:
    """The code, and a jump back to it."""
    return code + b"\xe9" + struct.pack("<i", -len(code) - 5)


def deadline(time: int) -> bytes:
    return store64(PLATFORM_BASE, time)


DESC, AVAIL, USED = RAM_BASE + 0x10000, RAM_BASE + 0x11000, RAM_BASE + 0x12000
BUFFER = RAM_BASE + 0x20000


def open_device(base: int) -> bytes:
    """Reset and negotiate VERSION_1 alone."""
    return b"".join(
        [
            store(base + 0x70, 0),
            store(base + 0x70, 3),
            store(base + 0x24, 1),
            store(base + 0x20, 1),
            store(base + 0x70, 11),
        ]
    )


def open_queue(base: int, index: int, size: int = 8, desc: int = DESC, avail: int = AVAIL, used: int = USED) -> bytes:
    return b"".join(
        [
            store(base + 0x30, index),
            store(base + 0x38, size),
            store64(base + 0x80, desc),
            store64(base + 0x90, avail),
            store64(base + 0xA0, used),
            store(base + 0x44, 1),
        ]
    )


def go(base: int) -> bytes:
    return store(base + 0x70, 15)


def notify(base: int, index: int) -> bytes:
    return store(base + 0x50, index)


def descriptor(index: int, address: int, size: int, flags: int = 0, following: int = 0) -> bytes:
    at = DESC + 16 * index
    return store64(at, address) + store(at + 8, size) + store(at + 12, flags | following << 16)


def available(*heads: int, index: int | None = None) -> bytes:
    """Fill the ring from its beginning; `index` is how far it claims to be."""
    ring = b"".join(store(AVAIL + 4 + 2 * i, head) for i, head in enumerate(heads))
    return ring + store(AVAIL, (len(heads) if index is None else index) << 16)


def print_text(text: str) -> bytes:
    """Open the console and write the text."""
    data = text.encode().ljust((len(text) + 3) // 4 * 4, b"\0")
    words = struct.unpack(f"<{len(data) // 4}I", data)
    stores = b"".join(store(BUFFER + 4 * i, word) for i, word in enumerate(words))
    setup = open_device(CONSOLE_BASE) + open_queue(CONSOLE_BASE, 1) + go(CONSOLE_BASE)
    return setup + stores + descriptor(0, BUFFER, len(text)) + available(0) + notify(CONSOLE_BASE, 1)


ZERO_COST: dict[str, Any] = {"costs": FREE, "frequency_hz": GHZ}
