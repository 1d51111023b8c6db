"""Guests that break every rule. Each loses itself, says so in words, and an honest neighbour does not notice."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from machine_lab import (
    AVAIL,
    BUFFER,
    DESC,
    FOREVER,
    HLT,
    MS,
    SLEEP,
    ZERO_COST,
    Lab,
    Node,
    S,
    again,
    available,
    cable,
    deadline,
    descriptor,
    go,
    load,
    notify,
    open_device,
    open_queue,
    print_text,
    program,
    slow_line,
    store,
)

from hypervisor.devices.memory import CONSOLE_BASE, NET_BASE, PLATFORM_BASE, RAM_BASE, RAM_BYTES
from hypervisor.machine.exits import Exit

NEXT, WRITE, INDIRECT = 1, 2, 4
READY = open_device(NET_BASE) + open_queue(NET_BASE, 1) + go(NET_BASE)
"""A card with a transmit queue."""


def suffer(*code: bytes, span: int = 10 * S, **settings: Any) -> Node:
    """Run the code beside two agents that ping each other; they must not notice."""
    lab = Lab()
    left, right = lab.pair(slow_line)
    hostile = lab.node(program(*code), **{**ZERO_COST, "spin_limit": 2_000_000, **settings})
    cable(hostile, left, slow_line())
    hostile.start()
    left.machine.order("ping a 10.0.0.12 5 1000000 500000 56")
    lab.clock.run(lab.clock.now + span)
    assert [rtt is not None for _, _, rtt in left.results("a")] == [True] * 5
    assert left.faults == right.faults == []
    return hostile


# The CPU.


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (load(0x5000), "read of 0x5000, where there is no memory, at 0x100000"),
        (store(0x5000, 1), "write to 0x5000, where there is no memory, at 0x100000"),
        (load(RAM_BASE + RAM_BYTES), "read of 0x200000, where there is no memory, at 0x100000"),
        (b"\xe9" + (0x5000 - RAM_BASE - 5).to_bytes(4, "little", signed=True), "jump to 0x5000"),
        (b"\xe9" + (NET_BASE - RAM_BASE - 5).to_bytes(4, "little"), "jump to 0xa000000"),
        (b"\x48\xc7\xc0\x00\xf0\xff\xff\xff\xe0", "at 0xfffffffffffff000"),
        (b"\x0f\x0b", "invalid instruction at 0x100000"),
        (b"\xcc", "an exception, and nobody handles exceptions here, at 0x1000"),
        (b"\xcd\x80", "an exception, and nobody handles exceptions here, at 0x1000"),
        (b"\x31\xc9\xf7\xf1", "an exception, and nobody handles exceptions here, at 0x1000"),
        (b"\x0f\x01\xc1", "invalid instruction at 0x100000"),
        (HLT, "halted for good: it set no deadline, and no device of it can wake it"),
        (b"\xfa" + SLEEP, "halted for good"),
        (FOREVER, "no HLT in 2000000 instructions"),
        (again(load(NET_BASE)), "no HLT in 2000000 instructions"),
        (again(b"\x0f\x31"), "no HLT in 2000000 instructions"),
        (again(deadline(1) + HLT), "it sets deadlines in the past and never sleeps"),
        (b"\xc7\x04\x25\x00\x00\x10\x00\xeb\xfe\x90\x90" + b"\xeb\xf3", "no HLT in 2000000 instructions"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_lost_cpu_is_stopped_with_a_reason(code: bytes, reason: str) -> None:
    node = suffer(code)
    assert len(node.faults) == 1
    assert reason in node.faults[0]
    assert not node.machine.running


def test_a_stack_that_runs_out_of_ram() -> None:
    node = suffer(b"\x50\xeb\xfd")  # push rax; jmp back
    assert "where there is no memory" in node.faults[0]


def test_code_that_is_all_of_ram() -> None:
    node = suffer(b"\x90" * RAM_BYTES)
    assert "0x200000" in node.faults[0]


# Rings.


@pytest.mark.parametrize(
    ("ring", "reason"),
    [
        (descriptor(0, 0x5000, 64) + available(0), "64 bytes at 0x5000 are outside RAM"),
        (descriptor(0, (1 << 64) - 1, 64) + available(0), "64 bytes at 0xffffffffffffffff are outside RAM"),
        (descriptor(0, RAM_BASE + RAM_BYTES - 63, 64) + available(0), "64 bytes at 0x1fffc1 are outside RAM"),
        (descriptor(0, BUFFER, 0xFFFFFFFF) + available(0), "4294967295 bytes"),
        (descriptor(0, BUFFER, 0x30000) + available(0), "more than 131072 bytes"),
        (descriptor(0, BUFFER, 0) + available(0), "a descriptor of no bytes"),
        (descriptor(0, BUFFER, 8, NEXT, 0) + available(0), "a loop of descriptors"),
        (descriptor(0, BUFFER, 8, NEXT, 8) + available(0), "descriptor 8 in a queue of size 8"),
        (descriptor(0, BUFFER, 8, NEXT, 0xFFFF) + available(0), "descriptor 65535 in a queue of size 8"),
        (descriptor(0, BUFFER, 16, INDIRECT) + available(0), "indirect"),
        (descriptor(0, BUFFER, 8, WRITE | NEXT, 1) + descriptor(1, BUFFER, 8) + available(0), "after a writable"),
        (available(9), "descriptor 9 in a queue of size 8"),
        (available(index=9), "available index jumped ahead by 9"),
        (available(index=0xFFFF), "available index jumped ahead by 65535"),
        (store(BUFFER, 0x101) + descriptor(0, BUFFER, 80) + available(0), "offload"),
        (
            descriptor(0, BUFFER, 40, NEXT, 1) + descriptor(1, BUFFER, 40) + available(*[0] * 8),
            "buffers share descriptors",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_wild_ring_costs_the_device(ring: bytes, reason: str) -> None:
    node = suffer(READY, ring, notify(NET_BASE, 1), deadline(1 << 62), SLEEP)
    assert len(node.faults) == 1
    assert node.faults[0].startswith("net device needs a reset: transmit queue: ")
    assert reason in node.faults[0]
    assert node.machine.running


def test_needs_reset_is_seen_and_a_reset_heals() -> None:
    bad = READY + available(9) + notify(NET_BASE, 1)
    good = READY + store(BUFFER, 0) + descriptor(0, BUFFER, 80) + available(0) + notify(NET_BASE, 1)
    node = suffer(bad, good, deadline(1 << 62), SLEEP)
    assert len(node.faults) == 1
    assert [len(frame) for _, frame in node.frames] == [68]


@pytest.mark.parametrize("ring", [available(9), descriptor(0, 0x5000, 64) + available(0)])
def test_its_owner_may_stop_it_at_once(ring: bytes) -> None:
    lab = Lab()
    node = lab.node(program(READY, ring, notify(NET_BASE, 1), SLEEP), **ZERO_COST)
    node.fault = lambda reason: node.machine.stop()  # type: ignore[method-assign]
    node.start()
    lab.run(1 * MS)
    assert not node.machine.running


def test_its_owner_may_stop_it_for_what_it_says() -> None:
    lab = Lab()
    node = lab.node(program(print_text("one\ntwo\n"), SLEEP), **ZERO_COST)
    node.console = lambda line: node.machine.stop()  # type: ignore[method-assign]
    node.start()
    lab.run(1 * MS)
    assert not node.machine.running


def test_a_driver_that_never_learns_is_stopped() -> None:
    node = suffer(again(READY + available(9) + notify(NET_BASE, 1)))
    assert len(node.faults) == 17
    assert node.faults[-1] == "its devices needed a reset 16 times"
    assert not node.machine.running


@pytest.mark.parametrize(
    ("queue", "reason"),
    [
        (open_queue(NET_BASE, 0, size=0), "a queue of size 0"),
        (open_queue(NET_BASE, 0, size=7), "a queue of size 7"),
        (open_queue(NET_BASE, 0, size=512), "a queue of size 512"),
        (open_queue(NET_BASE, 0, desc=DESC + 8), "not aligned to 16"),
        (open_queue(NET_BASE, 0, avail=AVAIL + 1), "not aligned to 2"),
        (open_queue(NET_BASE, 0, used=AVAIL + 2), "not aligned to 4"),
        (open_queue(NET_BASE, 0, desc=0), "descriptor table: 128 bytes at 0x0 are outside RAM"),
        (open_queue(NET_BASE, 0, used=RAM_BASE + RAM_BYTES - 64), "used ring: 70 bytes"),
        (open_queue(NET_BASE, 0, avail=1 << 63), "available ring: 22 bytes"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_queue_that_cannot_be_costs_the_device(queue: bytes, reason: str) -> None:
    node = suffer(open_device(NET_BASE), queue, go(NET_BASE), deadline(1 << 62), SLEEP)
    assert len(node.faults) == 1
    assert node.faults[0].startswith("net device needs a reset: queue 0: ")
    assert reason in node.faults[0]


def test_rings_over_the_running_code() -> None:
    """The used ring is written over the program; what it becomes is its own affair."""
    queue = open_queue(NET_BASE, 1, used=RAM_BASE)
    suffer(
        open_device(NET_BASE), queue, go(NET_BASE), descriptor(0, BUFFER, 80), available(0), again(notify(NET_BASE, 1))
    )


def test_kicking_forever() -> None:
    node = suffer(READY, again(notify(NET_BASE, 1)))
    assert "no HLT in 2000000 instructions" in node.faults[0]
    assert node.machine.exits[Exit.KICK] < 1000


def test_sending_forever() -> None:
    """It reaches its neighbour, which drops what is not for it; the sender is stopped for never sleeping."""
    count = b"\x66\xff\x04\x25" + (AVAIL + 2).to_bytes(4, "little")  # inc word [AVAIL + 2]
    code = READY + b"".join(descriptor(i, BUFFER, 80) for i in range(8)) + available(*range(8), index=0)
    node = suffer(code, again(count + notify(NET_BASE, 1)), spin_limit=20_000)
    assert len(node.frames) > 1000
    assert node.faults == ["no HLT in 20000 instructions; it is taken to be stuck"]


def test_frames_of_no_valid_size_are_dropped() -> None:
    sizes = (12, 25, 12 + 14 + 9001 + 1)
    ring = b"".join(descriptor(i, BUFFER, size) for i, size in enumerate(sizes)) + available(0, 1, 2)
    node = suffer(READY, ring, notify(NET_BASE, 1), deadline(1 << 62), SLEEP)
    assert (node.frames, node.faults) == ([], [])
    assert node.machine.dropped == 3


def test_a_receive_buffer_that_is_too_small_takes_nothing() -> None:
    lab = Lab()
    ring = open_queue(NET_BASE, 0) + go(NET_BASE) + descriptor(0, BUFFER, 40, WRITE) + available(0)
    node = lab.node(program(open_device(NET_BASE), ring, SLEEP), **ZERO_COST)
    node.start()
    lab.run(1 * MS)
    node.machine.receive(bytes(60))
    assert node.machine.dropped == 1
    node.machine.receive(bytes(20))
    assert node.machine.dropped == 1
    assert node.faults == []


def test_a_receive_ring_gone_wild() -> None:
    lab = Lab()
    ring = open_queue(NET_BASE, 0) + go(NET_BASE) + descriptor(0, 0x5000, 4096, WRITE) + available(0)
    node = lab.node(program(open_device(NET_BASE), ring, SLEEP), **ZERO_COST)
    node.start()
    lab.run(1 * MS)
    node.machine.receive(bytes(60))
    assert node.faults == ["net device needs a reset: receive queue: descriptor: 4096 bytes at 0x5000 are outside RAM"]
    assert node.machine.running


def test_a_console_that_never_reads() -> None:
    lab = Lab()
    node = lab.node(program(print_text("x\n"), SLEEP), **ZERO_COST)
    node.start()
    lab.run(1 * MS)
    for _ in range(200):
        node.machine.order("y" * 999)
    assert len(node.faults) == 200 - (1 << 16) // 1000
    assert "its console is full" in node.faults[0]


def test_endless_talk_is_cut_into_lines() -> None:
    """A line without an end."""
    setup = open_device(CONSOLE_BASE) + open_queue(CONSOLE_BASE, 1) + go(CONSOLE_BASE)
    words = b"".join(store(BUFFER + 4 * i, 0x41414141) for i in range(16))
    count = b"\x66\xff\x04\x25" + (AVAIL + 2).to_bytes(4, "little")
    code = setup + words + b"".join(descriptor(i, BUFFER, 60_000) for i in range(8)) + available(*range(8), index=0)
    node = suffer(code, again(count + notify(CONSOLE_BASE, 1)), spin_limit=300)
    assert max(map(len, node.said())) <= 4096 * 4


# Anything.


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(min_size=1, max_size=300))
def test_any_bytes_may_be_run(code: bytes) -> None:
    run_anything(code)


REGISTERS = st.sampled_from(
    [base + offset for base in (NET_BASE, CONSOLE_BASE) for offset in range(0, 0x110, 4)]
    + [PLATFORM_BASE + offset for offset in range(0, 0x18, 4)]
    + [DESC + 4 * i for i in range(8)]
    + [AVAIL, AVAIL + 4]
)
VALUES = st.one_of(st.integers(0, 16), st.sampled_from([DESC, AVAIL, BUFFER, 0xFFFFFFFF]), st.integers(0, 0xFFFFFFFF))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(REGISTERS, VALUES), max_size=60), st.booleans())
def test_any_register_may_be_written(writes: list[tuple[int, int]], begin_well: bool) -> None:
    start = READY + available(0) if begin_well else b""
    run_anything(start + b"".join(store(address, value) for address, value in writes) + SLEEP)


def run_anything(code: bytes) -> None:
    runs = []
    for native in (True, False):
        lab = Lab()
        node = lab.node(program(code), **ZERO_COST, spin_limit=3_000, quantum=500, native=native)
        node.start()
        lab.clock.run(1 * MS)
        node.machine.receive(bytes(100))
        node.machine.order("hello")
        lab.clock.run(2 * MS)
        runs.append((node.frames, node.lines, node.faults, node.machine.exits, node.machine.instructions))
        node.machine.stop()
    assert runs[0] == runs[1]
