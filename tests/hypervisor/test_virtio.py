"""Queues and registers by themselves: a well-behaved driver in Python, and drivers that hypothesis makes up."""

from random import Random
from struct import pack, pack_into, unpack_from
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hypervisor.devices.memory import RAM_BASE, Ram
from hypervisor.devices.platform import PlatformPage
from hypervisor.devices.virtio.console import Console
from hypervisor.devices.virtio.mmio import MAGIC, Status
from hypervisor.devices.virtio.net import Net
from hypervisor.devices.virtio.queue import QUEUE_SIZE_MAX, Queue, QueueError
from netvirt.address import Mac

RAM_BYTES = 1 << 16
DESC, AVAIL, USED, BUFFERS = 0x1000, 0x3000, 0x5000, 0x8000
NEXT, WRITE = 1, 2

Buffer = tuple[int, int, int]  # offset in RAM, size, flags


class Driver:
    """The other side of a split virtqueue, over the same RAM. Descriptors are used once around, in order."""

    def __init__(self, size: int = 8, silent: bool = False) -> None:
        self.ram = Ram(memoryview(bytearray(RAM_BYTES)))
        self.size = size
        self.queue = Queue(self.ram)
        self.place(self.queue)
        self.queue.enable(silent)
        self.offered = 0
        self._descriptor = 0

    def place(self, queue: Any) -> None:
        queue.size = self.size
        queue.descriptor_address, queue.driver_address, queue.device_address = (
            RAM_BASE + DESC,
            RAM_BASE + AVAIL,
            RAM_BASE + USED,
        )

    def offer(self, *buffers: Buffer) -> int:
        """Make one chain available; its head."""
        head = self._descriptor
        for i, (offset, size, flags) in enumerate(buffers):
            at, self._descriptor = self._descriptor, (self._descriptor + 1) % self.size
            more = NEXT if i < len(buffers) - 1 else 0
            pack_into("<QIHH", self.ram.view, DESC + 16 * at, RAM_BASE + offset, size, flags | more, self._descriptor)
        pack_into("<H", self.ram.view, AVAIL + 4 + 2 * (self.offered % self.size), head)
        self.offered = self.offered + 1 & 0xFFFF
        pack_into("<H", self.ram.view, AVAIL + 2, self.offered)
        return head

    def used(self) -> tuple[int, int, int]:
        """The index, and the last entry."""
        (index,) = unpack_from("<H", self.ram.view, USED + 2)
        head, written = unpack_from("<II", self.ram.view, USED + 4 + 8 * ((index - 1) % self.size))
        return index, head, written


def test_a_buffer_goes_there_and_back() -> None:
    driver = Driver()
    driver.ram.view[BUFFERS : BUFFERS + 10] = b"helloworld"
    head = driver.offer((BUFFERS, 5, 0), (BUFFERS + 5, 5, 0), (BUFFERS + 100, 50, WRITE))
    chain = driver.queue.pop()
    assert chain is not None
    assert driver.queue.gather(chain) == b"helloworld"
    assert chain.writes == [(BUFFERS + 100, 50)]
    assert driver.queue.pop() is None
    driver.queue.push(chain.head, 7)
    assert driver.used() == (1, head, 7)


def test_fill_scatters_over_the_writable_parts() -> None:
    driver = Driver()
    head = driver.offer((BUFFERS, 4, WRITE), (BUFFERS + 100, 4, WRITE))
    assert not driver.queue.fill(b"ninebytes"), "too small: nothing happens"
    assert driver.queue.fill(b"seven b")
    assert bytes(driver.ram.view[BUFFERS : BUFFERS + 4]) == b"seve"
    assert bytes(driver.ram.view[BUFFERS + 100 : BUFFERS + 103]) == b"n b"
    assert driver.used() == (1, head, 7)
    assert not driver.queue.fill(b"x"), "nothing is left"


def test_feed_takes_what_fits() -> None:
    driver = Driver()
    driver.offer((BUFFERS, 4, WRITE))
    assert driver.queue.feed(b"a longer line") == 4
    assert driver.queue.feed(b"a longer line") == 0


@pytest.mark.parametrize("size", [1, 2, 8, QUEUE_SIZE_MAX])
def test_indices_wrap(size: int) -> None:
    driver = Driver(size)
    for turn in range(70_000 if size == 8 else 1000):
        head = driver.offer((BUFFERS, 8, WRITE))
        assert driver.queue.fill(b"x")
        assert driver.used() == (turn + 1 & 0xFFFF, head, 1)


def test_notifications_can_be_suppressed() -> None:
    assert unpack_from("<H", Driver(silent=True).ram.view, USED) == (1,)
    assert unpack_from("<H", Driver(silent=False).ram.view, USED) == (0,)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.lists(st.tuples(st.integers(1, 40), st.booleans()), min_size=1, max_size=4), max_size=12), st.data())
def test_what_is_offered_is_what_is_popped(chains: list[list[tuple[int, bool]]], data: Any) -> None:
    driver = Driver(64)
    offset = BUFFERS
    expected = []
    for chain in chains:
        reads = [size for size, writable in chain if not writable]
        writes = [size for size, writable in chain if writable]
        buffers: list[Buffer] = []
        for size, flags in [(size, 0) for size in reads] + [(size, WRITE) for size in writes]:
            buffers.append((offset, size, flags))
            offset += size
        expected.append((driver.offer(*buffers), buffers))
    for head, buffers in expected:
        found = driver.queue.pop()
        assert found is not None
        assert found.head == head
        assert found.reads == [(at, size) for at, size, flags in buffers if not flags]
        assert found.writes == [(at, size) for at, size, flags in buffers if flags]
    assert driver.queue.pop() is None


WORDS = st.one_of(
    st.integers(0, 20), st.integers(0, 0xFFFF), st.sampled_from([RAM_BASE, RAM_BASE + BUFFERS, RAM_BASE + RAM_BYTES])
)


@settings(max_examples=500, deadline=None)
@given(
    st.lists(st.tuples(WORDS, WORDS, st.integers(0, 7), WORDS), min_size=8, max_size=8),
    st.lists(st.integers(0, 9), min_size=8, max_size=8),
    st.integers(0, 10),
    st.binary(max_size=50),
)
def test_a_made_up_ring_is_an_error_or_stays_in_ram(
    table: list[tuple[int, int, int, int]], heads: list[int], index: int, data: bytes
) -> None:
    driver = Driver()
    view = driver.ram.view
    for at, (address, size, flags, following) in enumerate(table):
        pack_into("<QIHH", view, DESC + 16 * at, address, size, flags, following & 0xFFFF)
    view[AVAIL : AVAIL + 20] = pack("<10H", 0, index, *heads)
    for act in (driver.queue.fill, driver.queue.feed):
        try:
            act(data)
            for chain in driver.queue.drain():
                assert len(driver.queue.gather(chain)) <= 1 << 17
                driver.queue.push(chain.head, 0)
        except QueueError as error:
            assert str(error)


def test_memory_next_to_the_buffers_is_not_touched() -> None:
    driver = Driver()
    before = bytes(driver.ram.view[BUFFERS : BUFFERS + 100])
    driver.offer((BUFFERS + 10, 20, WRITE))
    driver.queue.fill(b"\xff" * 20)
    after = bytes(driver.ram.view[BUFFERS : BUFFERS + 100])
    assert after == before[:10] + b"\xff" * 20 + before[30:]


# Registers.


def card(complaints: list[str], mtu: int = 9001) -> Net:
    return Net(Ram(memoryview(bytearray(RAM_BYTES))), Mac(0x02AABBCCDDEE), mtu, complaints.append)


def negotiate(device: Any, features: int = 0, version_1: int = 1) -> None:
    device.write(0x70, 4, 0)
    device.write(0x70, 4, Status.ACKNOWLEDGE | Status.DRIVER)
    for half, value in ((0, features), (1, version_1)):
        device.write(0x24, 4, half)
        device.write(0x20, 4, value)
    device.write(0x70, 4, Status.ACKNOWLEDGE | Status.DRIVER | Status.FEATURES_OK)


def test_who_it_is() -> None:
    net, console = card([]), Console(Ram(memoryview(bytearray(64))), print)
    assert [net.read(offset, 4) for offset in (0, 4, 8)] == [MAGIC, 2, 1]
    assert console.read(8, 4) == 3
    net.write(0x14, 4, 1)
    assert net.read(0x10, 4) == 1, "VERSION_1 and nothing else in the upper half"
    net.write(0x14, 4, 0)
    assert net.read(0x10, 4) == 1 << 5 | 1 << 3, "MAC and MTU"
    net.write(0x14, 4, 2)
    assert net.read(0x10, 4) == 0


def test_configuration_space() -> None:
    net = card([], mtu=1500)
    assert bytes(net.read(0x100 + i, 1) for i in range(6)) == bytes.fromhex("02aabbccddee")
    assert net.read(0x10A, 2) == 1500
    assert net.read(0x108, 4) >> 16 == 1500
    assert net.read(0xF00, 4) == 0


@pytest.mark.parametrize(("features", "version_1"), [(0, 0), (1, 1), (1 << 5, 3)])
def test_features_nobody_offered_are_refused(features: int, version_1: int) -> None:
    net = card([])
    negotiate(net, features, version_1)
    assert not net.read(0x70, 4) & Status.FEATURES_OK
    net.write(0x70, 4, 15)
    assert not net.live


def test_status_grows_until_it_is_reset() -> None:
    net = card([])
    negotiate(net, 1 << 5)
    assert net.read(0x70, 4) == 11
    net.write(0x70, 4, 15)
    assert net.live
    net.write(0x70, 4, 1)
    assert net.read(0x70, 4) == 15, "bits are not cleared one by one"
    net.write(0x70, 4, Status.FAILED)
    assert not net.live
    net.write(0x70, 4, 0)
    assert net.read(0x70, 4) == 0


def test_a_queue_in_use_keeps_its_shape() -> None:
    net = card([])
    negotiate(net)
    for offset, value in ((0x38, 8), (0x80, RAM_BASE), (0x90, RAM_BASE + 0x1000), (0xA0, RAM_BASE + 0x2000), (0x44, 1)):
        net.write(offset, 4, value)
    assert net.read(0x44, 4) == 1
    net.write(0x38, 4, 4)
    net.write(0x80, 4, 0)
    assert (net.queues[0].size, net.queues[0].descriptor_address) == (8, RAM_BASE)
    net.write(0x44, 4, 0)
    assert net.read(0x44, 4) == 0


def test_registers_of_other_sizes_mean_nothing() -> None:
    net = card([])
    for offset, size in ((0x70, 1), (0x70, 2), (0x70, 8), (0x71, 4), (0x72, 4)):
        net.write(offset, size, 1)
        assert net.read(offset, size) == 0
    assert net.status == 0


def test_a_queue_that_is_not_there() -> None:
    net = card([])
    net.write(0x30, 4, 2)
    assert net.read(0x34, 4) == net.read(0x44, 4) == 0
    net.write(0x44, 4, 1)
    assert not net.write(0x50, 4, 2)


def test_needs_reset_is_said_once() -> None:
    complaints: list[str] = []
    net = card(complaints)
    negotiate(net)
    net.write(0x44, 4, 1)
    net.write(0x44, 4, 1)
    assert complaints == ["net device needs a reset: queue 0: a queue of size 0; it must be a power of two up to 256"]
    assert net.read(0x70, 4) & Status.NEEDS_RESET
    assert net.read(0x60, 4) == 2
    net.write(0x64, 4, 2)
    assert net.read(0x60, 4) == 0


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 0xFFF), st.sampled_from([1, 2, 4, 8]), st.integers(0, (1 << 64) - 1))),
    st.binary(max_size=100),
)
def test_any_access_of_any_device(accesses: list[tuple[int, int, int]], data: bytes) -> None:
    complaints: list[str] = []
    ram = Ram(memoryview(bytearray(data.ljust(4096, b"\0"))))
    devices: list[Any] = [Net(ram, Mac(1), 1500, complaints.append), Console(ram, complaints.append)]
    for device in [*devices, PlatformPage(Random(1))]:
        for offset, size, value in accesses:
            device.write(offset, size, value & (1 << 8 * size) - 1)
            assert 0 <= device.read(offset, size) < 1 << 64
    for device in devices:
        device.drain()
    devices[0].receive(data)
    assert all(complaints)


def test_deadline_in_halves_and_at_once() -> None:
    page = PlatformPage(Random(1))
    page.write(0, 4, 0x89ABCDEF)
    page.write(4, 4, 0x01234567)
    assert page.deadline == page.read(0, 8) == 0x0123456789ABCDEF
    page.write(0, 8, 42)
    assert (page.read(0, 4), page.read(4, 4)) == (42, 0)
    page.disarm()
    assert page.deadline is None
    page.write(0, 2, 7)
    assert page.deadline is None
