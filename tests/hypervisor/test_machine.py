"""A machine: slices, clocks, sleep and waking, power cycles; and that the two ways of counting agree."""

import gc
import platform
from dataclasses import astuple
from random import Random
from typing import Any

import pytest
from machine_lab import (
    FOREVER,
    GHZ,
    HLT,
    MS,
    RDTSC,
    SLEEP,
    US,
    ZERO_COST,
    Lab,
    Node,
    S,
    again,
    bound_agent,
    deadline,
    load,
    print_text,
    program,
    save_eax,
    slow_line,
    store,
)

from hypervisor.clock import HostClock
from hypervisor.devices.memory import CONSOLE_BASE, PLATFORM_BASE, RAM_BASE
from hypervisor.images import load_image
from hypervisor.machine.exits import COSTS, FREE, Exit, ExitCosts
from hypervisor.machine.hook import has_native_hook
from hypervisor.machine.pace import Pace
from netvirt.address import parse_ip

NOP = b"\x90"


def powered(lab: Lab, image: Any, **settings: Any) -> Node:
    node = lab.node(image, **{**ZERO_COST, **settings})
    node.start()
    return node


# Time.


def test_a_line_leaves_after_the_instructions_before_it() -> None:
    lab = Lab()
    node = powered(lab, program(print_text("hello\n"), SLEEP), frequency_hz=GHZ)
    lab.run(1 * MS)
    ((time, line),) = node.lines
    assert line == "hello"
    assert time == node.machine.instructions - 1, "all but the HLT"


@pytest.mark.parametrize("quantum", [1, 2, 7, 997, 100_000])
def test_slices_of_any_length_take_the_same_time(quantum: int) -> None:
    lab = Lab()
    node = powered(lab, program(NOP * 500, print_text("x\n"), SLEEP), quantum=quantum, frequency_hz=3 * GHZ)
    lab.run(1 * MS)
    ((time, _),) = node.lines
    assert time == (node.machine.instructions - 1) // 3
    assert node.machine.exits[Exit.HALT] == 1


def test_parts_of_a_nanosecond_are_kept() -> None:
    pace = Pace(3 * GHZ, 1)
    assert sum(pace.take(1) for _ in range(3000)) == 1000
    assert Pace(GHZ, 4).take(5) == 20


def test_the_tsc_counts_simulated_nanoseconds_within_the_slice() -> None:
    """Read after 100 and after 200 more instructions; the machine was powered on at 5 ms."""
    lab = Lab()
    lab.run(5 * MS)
    code = program(
        NOP * 99, RDTSC, save_eax(RAM_BASE + 0x8000), NOP * 198, RDTSC, save_eax(RAM_BASE + 0x8004),
        deadline(1 << 62), SLEEP,
    )  # fmt: skip
    node = powered(lab, code, costs=ExitCosts(0, 0, 0, 0, 0, tsc_ns=50))
    seen = watch(node, RAM_BASE + 0x8000, RAM_BASE + 0x8004)
    lab.run(1 * MS)
    assert seen() == [5 * MS + 100, 5 * MS + 100 + 200 + 50]


def watch(node: Node, *addresses: int) -> Any:
    """Look into the guest's memory."""
    loop = node.machine._loop
    assert loop is not None
    view = loop._view

    def look() -> list[int]:
        return [int.from_bytes(view[a - RAM_BASE : a - RAM_BASE + 4], "little") for a in addresses]

    return look


def test_the_deadline_wakes_once_and_exactly() -> None:
    lab = Lab()
    node = powered(lab, program(deadline(3 * MS), HLT, print_text("awake\n"), SLEEP))
    lab.run(10 * MS)
    ((time, line),) = node.lines
    assert line == "awake"
    assert 3 * MS < time < 3 * MS + 200
    assert node.machine.exits[Exit.HALT] == 2


def test_a_deadline_in_the_past_wakes_at_once() -> None:
    lab = Lab()
    node = powered(lab, program(NOP * 50, deadline(1), HLT, print_text("awake\n"), SLEEP))
    lab.run(10 * MS)
    assert node.said() == ["awake"]
    assert node.lines[0][0] < 1 * US


@pytest.mark.parametrize("never", [0, (1 << 64) - 1])
def test_no_deadline(never: int) -> None:
    lab = Lab()
    node = powered(lab, program(print_text("x\n"), deadline(5 * MS), deadline(never), SLEEP))
    lab.run(1 * S)
    assert node.machine.exits[Exit.HALT] == 1
    assert node.machine.running


def test_a_later_deadline_replaces_an_earlier_one() -> None:
    lab = Lab()
    node = powered(lab, program(deadline(2 * MS), deadline(4 * MS), HLT, print_text("x\n"), SLEEP))
    lab.run(10 * MS)
    assert 4 * MS < node.lines[0][0] < 4 * MS + 200


def test_waking_and_exits_cost_what_they_are_said_to() -> None:
    costs = ExitCosts(halt_ns=1_000, wake_ns=20_000, kick_ns=300_000, mmio_r_ns=0, mmio_w_ns=0, tsc_ns=0)
    times = []
    for case in (FREE, costs):
        lab = Lab()
        node = powered(lab, program(deadline(1 * MS), HLT, print_text("x\n"), SLEEP), costs=case)
        lab.run(10 * MS)
        times.append(node.lines[0][0])
        spent = node.machine.cpu_ns - node.machine.instructions
        assert spent == 2 * case.halt_ns + case.wake_ns + case.kick_ns
    assert times[1] - times[0] == costs.wake_ns + costs.kick_ns


def test_costs_are_named_and_have_a_sign() -> None:
    assert [constant.value for constant in COSTS] == list(astuple(ExitCosts()))
    with pytest.raises(ValueError, match="kick_ns is -1"):
        ExitCosts(kick_ns=-1)


# Counting.


def journey(**settings: Any) -> tuple[Any, ...]:
    """Two agents, pings of several sizes and orders gone wrong; everything that can be observed."""
    lab = Lab()
    left, right = lab.pair(slow_line, **settings)
    left.machine.order("ping a 10.0.0.12 20 100000 50000 56")
    right.machine.order("ping b 10.0.0.11 10 130000 50000 1472")
    right.machine.order("ping c 10.0.0.99 2 130000 50000 8")
    left.machine.order("nonsense")
    lab.run(4 * MS)
    nodes = (left, right)
    return tuple(
        (node.frames, node.lines, node.faults, node.machine.exits, node.machine.instructions, node.machine.cpu_ns)
        for node in nodes
    )


@pytest.mark.skipif(not has_native_hook(), reason="this host has no native hook")
def test_counting_in_python_is_the_same_to_the_last_frame() -> None:
    assert journey(native=True) == journey(native=False)


def test_the_same_seed_gives_the_same_run() -> None:
    assert journey() == journey()


def test_native_hook_where_it_should_be() -> None:
    if platform.machine() == "x86_64" and platform.system() == "Linux":
        assert has_native_hook()


@pytest.mark.parametrize("native", [True, False])
@pytest.mark.parametrize("quantum", [1, 3, 1000])
def test_a_repeated_instruction_counts_each_time(native: bool, quantum: int) -> None:
    """rep stosb: mov edi, address; mov ecx, 5000; rep stosb."""
    fill = b"\xbf\x00\x80\x10\x00" + b"\xb9\x88\x13\x00\x00" + b"\xf3\xaa"
    lab = Lab()
    node = powered(lab, program(fill, print_text("x\n"), SLEEP), native=native, quantum=quantum)
    lab.run(1 * MS)
    assert node.said() == ["x"]
    assert 5000 < node.machine.instructions < 5100


# Power.


def test_power_off_is_silent_and_power_on_starts_afresh() -> None:
    lab = Lab()
    left, right = lab.pair(slow_line)
    right.machine.order("ping b 10.0.0.11 0 100000 50000 56")
    lab.run(1 * MS + 30 * US)
    right.machine.stop()
    sent = len(right.frames)
    assert right.machine.address is None
    right.machine.receive(b"\0" * 60)
    right.machine.order("ping b 10.0.0.11 0 100000 50000 56")
    lab.run(10 * MS)
    assert len(right.frames) == sent
    before = right.machine.instructions
    right.start()
    lab.run(1 * MS)
    assert right.machine.boots == 2
    assert right.machine.instructions > before
    assert b"\x63\x82\x53\x63" in right.frames[sent][1], "it asks for an address again"
    assert left.faults == right.faults == []


def test_stop_may_come_at_any_event() -> None:
    """Also from inside the wire, while the machine carries out a kick."""
    lab = Lab()
    node = lab.node()
    node.route = lambda frame: node.machine.stop()
    node.start()
    lab.run(1 * MS)
    assert len(node.frames) == 1
    assert not node.machine.running
    node.machine.stop()


def test_a_dead_host_clock_leaves_the_machine_alone() -> None:
    lab = Lab()
    node = lab.node()
    clock = HostClock(lab.clock)
    node.machine.start(clock, node, node)
    lab.run(20 * US)
    clock.kill()
    node.machine.stop()
    lab.run(1 * S)
    assert node.frames == []


def test_the_address_is_what_the_guest_says_it_is() -> None:
    lab = Lab()
    node = powered(lab, program(print_text("ready 10.9.8.7\n"), SLEEP))
    lab.run(1 * MS)
    assert node.machine.address == parse_ip("10.9.8.7")
    liar = powered(lab, program(print_text("ready or not\n"), SLEEP))
    lab.run(1 * MS)
    assert liar.machine.address is None
    assert liar.said() == ["ready or not"]


def test_entropy_comes_from_the_seed() -> None:
    values = []
    for seed in (1, 1, 2):
        lab = Lab()
        code = program(load(PLATFORM_BASE + 8), save_eax(RAM_BASE + 0x8000), print_text("x\n"), SLEEP)
        node = lab.node(code, seed=seed)
        node.start()
        look = watch(node, RAM_BASE + 0x8000)
        lab.run(1 * MS)
        values += look()
    assert values[0] == values[1] == Random("1/1").getrandbits(32)
    assert values[0] != values[2]


def test_cpu_has_no_rdrand() -> None:
    """It would let the host's entropy in."""
    lab = Lab()
    node = powered(lab, program(b"\x0f\xc7\xf0", SLEEP))
    lab.run(1 * MS)
    assert "invalid instruction" in node.faults[0].lower()


def test_rdtscp_is_trapped_or_absent() -> None:
    lab = Lab()
    node = powered(lab, program(NOP * 20, b"\x0f\x01\xf9", save_eax(RAM_BASE + 0x8000), print_text("x\n"), SLEEP))
    look = watch(node, RAM_BASE + 0x8000)
    lab.run(1 * MS)
    assert node.faults or look() == [21]


def resident_kib() -> int:
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * 4


@pytest.mark.skipif(platform.system() != "Linux", reason="reads /proc")
def test_a_thousand_power_cycles_leave_nothing_behind() -> None:
    lab = Lab()
    gc.disable()  # cycles must not be what keeps memory flat
    try:
        for turn in range(1000):
            node = lab.node()
            node.start()
            lab.clock.run(lab.clock.now + 200 * US)  # scapy, which `lab.run` asks, makes cycles
            node.machine.stop()
            lab.clock.run(lab.clock.now + 10 * S)  # what was on the clock goes by
            lab.nodes.clear()
            if turn == 200:
                before = resident_kib()
    finally:
        gc.enable()
    assert resident_kib() - before < 8 * 1024


def test_a_machine_that_was_forgotten_is_collected() -> None:
    lab = Lab()
    bound_agent(lab)
    del lab
    gc.collect()


def test_many_machines_share_a_process() -> None:
    lab = Lab()
    image = load_image("agent")
    for _ in range(50):
        lab.node(image).start()
    lab.run(1 * MS)
    assert [len(node.frames) for node in lab.nodes] == [1] * 50


def test_settings_that_cannot_be() -> None:
    for wrong in ({"quantum": 0}, {"spin_limit": 0}, {"frequency_hz": 0}, {"cycles_per_instruction": 0}):
        with pytest.raises(ValueError):
            Lab().node(program(FOREVER), **wrong)


def test_console_lines_are_cut_at_newlines() -> None:
    lab = Lab()
    text = print_text("one\ntwo\n\nthree") + store(CONSOLE_BASE + 0xFFC, 0)
    node = powered(lab, program(text, SLEEP))
    lab.run(1 * MS)
    assert node.said() == ["one", "two", ""]


def test_an_endless_loop_is_stopped_in_time() -> None:
    lab = Lab()
    node = powered(lab, program(again(NOP * 10)), spin_limit=1_000_000)
    lab.run(10 * S)
    assert node.faults == ["no HLT in 1000000 instructions; it is taken to be stuck"]
    assert 1_000_000 < node.machine.instructions <= 1_100_001
