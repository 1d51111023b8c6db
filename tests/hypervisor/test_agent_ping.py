"""Pings on order: when probes leave, what comes back, and what a round trip takes."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from machine_lab import GHZ, MS, SERVER_IP, SERVER_MAC, US, ZERO_COST, Lab, Node, S, bound_agent, slow_line
from scapy.layers.inet import ICMP, IP
from scapy.layers.l2 import ARP, Ether

from hypervisor.machine.exits import FREE, ExitCosts
from netvirt.line import OVERHEAD_BYTES, Line

Echo = Any


def neighbour(node: Node, answer: bool = True) -> list[Echo]:
    """Play the server at the other end: ARP is answered, echo requests too if wanted. They are collected."""
    seen: list[Echo] = []

    def route(frame: bytes) -> None:
        packet = Ether(frame)
        if ARP in packet and packet[ARP].op == 1:
            asked = packet[ARP]
            reply = ARP(op=2, hwsrc=SERVER_MAC, psrc=asked.pdst, hwdst=asked.hwsrc, pdst=asked.psrc)
            node.machine.receive(bytes(Ether(src=SERVER_MAC, dst=packet.src) / reply))
        elif ICMP in packet:
            seen.append(packet)
            if answer:
                node.machine.receive(reply_to(packet))

    node.route = route
    return seen


def reply_to(request: Echo, **changes: Any) -> bytes:
    icmp = request[ICMP].copy()
    icmp.type = 0
    del icmp.chksum
    for field, value in changes.items():
        setattr(icmp, field, value)
    return bytes(Ether(src=SERVER_MAC, dst=request.src) / IP(src=request[IP].dst, dst=request[IP].src) / icmp)


def test_round_trip_between_two_machines() -> None:
    lab = Lab()
    left, right = lab.pair(slow_line)
    left.machine.order("ping web 10.0.0.12 5 1000000 5000000 56")
    lab.run(10 * MS)
    results = left.results("web")
    assert [seq for seq, _, _ in results] == [1, 2, 3, 4, 5]
    assert all(rtt is not None and 10 * US < rtt < 100 * US for _, _, rtt in results)
    assert left.faults == right.faults == []


def wire_time(frame_bytes: int) -> int:
    """There and back on two `slow_line`s."""
    return 2 * ((frame_bytes + OVERHEAD_BYTES) * 8 + 5 * US)


@pytest.mark.parametrize("size", [56, 1472])
def test_round_trip_is_instructions_over_frequency_and_the_wire(size: int) -> None:
    """Without exit costs, half the frequency doubles the computing part, to the nanosecond."""
    trips = []
    for frequency in (GHZ, GHZ // 2, GHZ // 4):
        lab = Lab()
        left, _ = lab.pair(slow_line, **{**ZERO_COST, "frequency_hz": frequency})
        left.machine.order(f"ping a 10.0.0.12 2 1000000 5000000 {size}")
        lab.run(10 * MS)
        rtt = left.results("a")[1][2]
        assert rtt is not None
        trips.append(rtt - wire_time(14 + 20 + 8 + size))
    instructions = trips[0]
    assert 300 < instructions < 6000
    assert trips == [instructions, 2 * instructions, 4 * instructions]


def test_a_round_trip_pays_for_its_exits() -> None:
    """Between the two clock readings: the first one, and a KICK and a wake on either side."""
    costs = ExitCosts(halt_ns=400, wake_ns=3_000, kick_ns=1_100, mmio_r_ns=9, mmio_w_ns=9, tsc_ns=5)
    trips = []
    for case in (FREE, costs):
        lab = Lab()
        left, _ = lab.pair(slow_line, costs=case, frequency_hz=GHZ)
        left.machine.order("ping a 10.0.0.12 2 1000000 5000000 56")
        lab.run(10 * MS)
        trips.append(left.results("a")[1][2] or 0)
    assert trips[1] - trips[0] == costs.tsc_ns + 2 * (costs.kick_ns + costs.wake_ns)


def test_jumbo_payload() -> None:
    lab = Lab()
    left, _ = lab.pair(slow_line)
    left.machine.order("ping a 10.0.0.12 1 1000000 5000000 8973")
    lab.run(10 * MS)
    assert left.results("a")[0][2] is not None
    assert max(len(frame) for _, frame in left.frames) == 9001 + 14


def test_the_grid_never_drifts() -> None:
    lab = Lab()
    node = bound_agent(lab)
    seen = neighbour(node)
    node.machine.order("ping a 10.0.0.1 1000 1000000 500000 56")
    lab.run(1100 * MS)
    results = node.results("a")
    assert len(results) == len(seen) == 1000
    first = results[1][1]
    assert all(abs(sent - first - (seq - 2) * MS) < 2 * US for seq, sent, _ in results[1:])


def test_the_first_probe_leaves_at_once() -> None:
    lab = Lab()
    node = bound_agent(lab)
    seen = neighbour(node)
    ordered = lab.clock.now
    node.machine.order("ping a 10.0.0.1 1 1000000000 1000000000 56")
    lab.run(1 * MS)
    assert len(seen) == 1
    assert node.results("a")[0][1] - ordered < 20 * US


def test_probe_carries_what_was_asked() -> None:
    lab = Lab()
    node = bound_agent(lab)
    seen = neighbour(node)
    node.machine.order("ping a 10.0.0.1 2 1000000 1000000 300")
    lab.run(5 * MS)
    first, second = seen
    assert (first[ICMP].seq, second[ICMP].seq) == (1, 2)
    assert first[ICMP].id == second[ICMP].id
    assert bytes(first[ICMP].payload) == bytes(i & 255 for i in range(300))
    assert (first[IP].ttl, first[IP].dst) == (64, SERVER_IP)


def test_silence_is_reported_after_the_timeout() -> None:
    lab = Lab()
    node = bound_agent(lab)
    neighbour(node, answer=False)
    node.machine.order("ping a 10.0.0.1 3 1000000000 250000000 56")
    lab.run(5 * S)
    assert [(seq, rtt) for seq, _, rtt in node.results("a")] == [(1, None), (2, None), (3, None)]
    for (told, _), (_, sent, _) in zip(node.lines[-3:], node.results("a")):
        assert 0 <= told - (sent + 250 * MS) < 20 * US


def test_a_target_that_is_not_there_costs_no_more_than_the_timeout() -> None:
    lab = Lab()
    node = bound_agent(lab)
    node.machine.order("ping a 10.0.0.99 2 1000000000 100000000 56")
    lab.run(3 * S)
    assert [rtt for _, _, rtt in node.results("a")] == [None, None]


def test_late_and_repeated_replies_do_not_count() -> None:
    lab = Lab()
    node = bound_agent(lab)
    seen = neighbour(node, answer=False)
    node.machine.order("ping a 10.0.0.1 2 10000000 5000000 56")
    lab.run(6 * MS)
    node.machine.receive(reply_to(seen[0]))  # late
    lab.run(5 * MS)
    for _ in range(3):
        node.machine.receive(reply_to(seen[1]))
    lab.run(20 * MS)
    assert [(seq, rtt is None) for seq, _, rtt in node.results("a")] == [(1, True), (2, False)]


@pytest.mark.parametrize(
    "changes",
    [{"id": 1}, {"seq": 99}, {"chksum": 1}, {"type": 8}, {"code": 1}, {"payload": b"x" * 56}, {"payload": b"short"}],
    ids=str,
)
def test_a_wrong_reply_does_not_count(changes: dict[str, Any]) -> None:
    lab = Lab()
    node = bound_agent(lab)
    seen = neighbour(node, answer=False)
    node.machine.order("ping a 10.0.0.1 1 10000000 5000000 56")
    lab.run(1 * MS)
    payload = changes.pop("payload", None)
    request = seen[0]
    if payload is not None:
        request[ICMP].remove_payload()
        request = request / payload
    node.machine.receive(reply_to(request, **changes))
    other = reply_to(seen[0])
    node.machine.receive(other[:26] + bytes([10, 0, 0, 2]) + other[30:])  # from elsewhere, IP checksum wrong too
    lab.run(10 * MS)
    assert [rtt for _, _, rtt in node.results("a")] == [None]


def test_many_unanswered_at_once_arrive_in_any_order() -> None:
    lab = Lab()
    node = bound_agent(lab)
    seen = neighbour(node, answer=False)
    node.machine.order("ping a 10.0.0.1 20 1000000 400000000 56")
    lab.run(25 * MS)
    for request in reversed(seen):
        node.machine.receive(reply_to(request))
        lab.run(100 * US)
    assert [seq for seq, _, rtt in node.results("a") if rtt] == list(range(20, 0, -1))


def test_sixteen_pings_at_once() -> None:
    lab = Lab()
    node = bound_agent(lab)
    neighbour(node)
    for i in range(17):
        node.machine.order(f"ping p{i} 10.0.0.1 10 {(i + 1) * MS} 500000 {i * 50}")
    lab.run(1 * S)
    for i in range(16):
        results = node.results(f"p{i}")
        assert [seq for seq, _, _ in results] == list(range(1, 11))
        assert all(rtt is not None for _, _, rtt in results)
    assert node.said()[-1] != node.said()[0]
    assert [line for line in node.said() if line.startswith("error")] == ["error no more than 16 pings at once"]


def test_endless_until_stopped() -> None:
    lab = Lab()
    node = bound_agent(lab)
    neighbour(node)
    node.machine.order("ping a 10.0.0.1 0 1000000 500000 56")
    lab.run(100 * MS)
    node.machine.order("stop a")
    lab.run(100 * MS)
    assert 99 <= len(node.results("a")) <= 101
    node.machine.order("ping a 10.0.0.1 1 1000000 500000 56")
    lab.run(10 * MS)
    assert node.results("a")[-1][0] == 1


@pytest.mark.parametrize(
    ("order", "problem"),
    [
        ("", "no such order; there are ping, stop"),
        ("pign a", "no such order; there are ping, stop"),
        ("ping", "write ping ID IP COUNT EVERY_NS TIMEOUT_NS SIZE"),
        ("ping a 10.0.0 1 1 1 1", "write ping ID IP COUNT EVERY_NS TIMEOUT_NS SIZE"),
        ("ping a 10.0.0.256 1 1 1 1", "write ping ID IP COUNT EVERY_NS TIMEOUT_NS SIZE"),
        ("ping a 10.0.0.1 x 1 1 1", "write ping ID IP COUNT EVERY_NS TIMEOUT_NS SIZE"),
        ("ping a 10.0.0.1 1 1 1 1 1", "write ping ID IP COUNT EVERY_NS TIMEOUT_NS SIZE"),
        ("ping a 10.0.0.1 1 99999999999999999999 1 1", "write ping ID IP COUNT EVERY_NS TIMEOUT_NS SIZE"),
        (f"ping {'a' * 24} 10.0.0.1 1 1 1 1", "write ping ID IP COUNT EVERY_NS TIMEOUT_NS SIZE"),
        ("ping a 10.0.0.1 1 0 1 1", "EVERY_NS and TIMEOUT_NS are at least 1"),
        ("ping a 10.0.0.1 1 1 1 8974", "SIZE exceeds the MTU"),
        ("ping a 10.0.0.1 1 1 2000 1", "more than 1024 probes would wait at once; raise EVERY_NS or lower TIMEOUT_NS"),
        ("stop", "write stop ID"),
        ("stop nobody", "no such ID"),
        ("x" * 1000, "no such order; there are ping, stop"),
    ],
)
def test_a_wrong_order_is_answered_with_what_is_wrong(order: str, problem: str) -> None:
    lab = Lab()
    node = bound_agent(lab)
    node.machine.order(order)
    lab.run(1 * MS)
    assert node.said()[-1] == f"error {problem}"


def test_an_id_is_taken_until_it_is_done() -> None:
    lab = Lab()
    node = bound_agent(lab)
    neighbour(node)
    node.machine.order("ping a 10.0.0.1 2 1000000 500000 56")
    node.machine.order("ping a 10.0.0.1 2 1000000 500000 56")
    lab.run(10 * MS)
    assert "error this ID is taken" in node.said()
    assert len(node.results("a")) == 2


def test_orders_typed_before_the_guest_is_up_wait_for_it() -> None:
    lab = Lab()
    node = lab.node()
    node.start()
    node.machine.order("ping a 10.0.0.1 2 1000000 500000 56")
    lab.run(10 * MS)
    assert [rtt for _, _, rtt in node.results("a")] == [None, None], "without an address nothing is answered"


def test_the_mtu_of_the_lease_bounds_the_size() -> None:
    lab = Lab()
    node = bound_agent(lab, mtu=1500)
    node.machine.order("ping a 10.0.0.1 1 1 1 1473")
    lab.run(1 * MS)
    assert node.said()[-1] == "error SIZE exceeds the MTU"


def test_faster_than_it_can_is_as_fast_as_it_can() -> None:
    lab = Lab()
    left, right = lab.pair(lambda: Line(10 * GHZ, 5 * US, 1 << 20))
    left.machine.order("ping a 10.0.0.12 2000 100 40000 56")
    lab.run(50 * MS)
    assert [seq for seq, _, _ in sorted(left.results("a"))] == list(range(1, 2001))
    assert left.faults == right.faults == []


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(st.characters(codec="ascii", exclude_characters="\n")), max_size=20))
def test_any_order_may_be_typed(orders: list[str]) -> None:
    lab = Lab()
    node = bound_agent(lab)
    for order in orders:
        node.machine.order(order)
        lab.run(10 * US)
    node.machine.order("stop nobody")
    lab.run(10 * MS)
    assert node.said()[-1] == "error no such ID"
    assert node.faults == []
