"""The device side of a split virtqueue (VIRTIO 1.2 section 2.7). Every address and index from the guest is checked."""

from collections.abc import Iterator
from struct import Struct
from typing import NamedTuple

from hypervisor.devices.memory import OutsideRam, Ram

QUEUE_SIZE_MAX = 256

DESC_F_NEXT = 1
DESC_F_WRITE = 2
DESC_F_INDIRECT = 4
USED_F_NO_NOTIFY = 1

CHAIN_BYTES_MAX = 1 << 17
"""More than any frame or line needs; a device copies no more than this for one buffer."""

DESCRIPTOR = Struct("<QIHH")
INDEX = Struct("<H")
USED_ELEMENT = Struct("<II")


class QueueError(Exception):
    """The driver broke a rule of the virtqueue; the sentence is for its owner."""


class Chain(NamedTuple):
    """One buffer: `reads` and `writes` are (offset in RAM, size) of what the device may read and write."""

    head: int
    reads: list[tuple[int, int]]
    writes: list[tuple[int, int]]


class Queue:
    """Set the five attributes from the registers, then `enable`; until then the queue is not `ready`."""

    __slots__ = (
        "_available",
        "_descriptors",
        "_next_available",
        "_next_used",
        "_ram",
        "_used",
        "_view",
        "descriptor_address",
        "device_address",
        "driver_address",
        "ready",
        "size",
    )

    def __init__(self, ram: Ram) -> None:
        self._ram = ram
        self._view = ram.view
        self.reset()

    def reset(self) -> None:
        self.size = 0
        self.descriptor_address = self.driver_address = self.device_address = 0
        self.ready = False
        self._next_available = self._next_used = 0
        self._descriptors = self._available = self._used = 0

    def enable(self, suppress_notifications: bool) -> None:
        """Check where the three areas lie (sections 2.7, 2.7.5, 2.7.6, 2.7.8) and begin at index 0."""
        size = self.size
        if not 0 < size <= QUEUE_SIZE_MAX or size & size - 1:
            raise QueueError(f"a queue of size {size}; it must be a power of two up to {QUEUE_SIZE_MAX}")
        self._descriptors = self._area("descriptor table", self.descriptor_address, 16 * size, 16)
        self._available = self._area("available ring", self.driver_address, 6 + 2 * size, 2)
        self._used = self._area("used ring", self.device_address, 6 + 8 * size, 4)
        self._next_available = self._next_used = 0
        INDEX.pack_into(self._view, self._used, USED_F_NO_NOTIFY if suppress_notifications else 0)
        self.ready = True

    def _area(self, name: str, address: int, size: int, alignment: int) -> int:
        if address % alignment:
            raise QueueError(f"{name} at {address:#x}, which is not aligned to {alignment}")
        try:
            return self._ram.offset(address, size)
        except OutsideRam as error:
            raise QueueError(f"{name}: {error}") from None

    def pop(self) -> Chain | None:
        """The next buffer that the driver has made available."""
        view = self._view
        (index,) = INDEX.unpack_from(view, self._available + 2)
        waiting = index - self._next_available & 0xFFFF
        if not waiting:
            return None
        if waiting > self.size:
            raise QueueError(f"available index jumped ahead by {waiting} in a queue of size {self.size}")
        slot = self._next_available & self.size - 1
        (head,) = INDEX.unpack_from(view, self._available + 4 + 2 * slot)
        chain = self._walk(head)
        self._next_available = self._next_available + 1 & 0xFFFF
        return chain

    def unpop(self) -> None:
        """The last buffer did not fit; leave it where it was."""
        self._next_available = self._next_available - 1 & 0xFFFF

    def drain(self) -> Iterator[Chain]:
        """What is available now, and no more: a driver cannot hold the device by adding while it works.

        A descriptor belongs to one buffer at a time, so all buffers together have at most `size` of them.
        """
        descriptors = 0
        for _ in range(self.size):
            chain = self.pop()
            if chain is None:
                return
            descriptors += len(chain.reads) + len(chain.writes)
            if descriptors > self.size:
                raise QueueError("buffers share descriptors")
            yield chain

    def _walk(self, head: int) -> Chain:
        view, size, table = self._view, self.size, self._descriptors
        chain = Chain(head, [], [])
        index, total = head, 0
        for _ in range(size):
            if index >= size:
                raise QueueError(f"descriptor {index} in a queue of size {size}")
            address, length, flags, following = DESCRIPTOR.unpack_from(view, table + 16 * index)
            total += length
            self._add(chain, address, length, flags)
            if total > CHAIN_BYTES_MAX:
                raise QueueError(f"a buffer of more than {CHAIN_BYTES_MAX} bytes")
            if not flags & DESC_F_NEXT:
                return chain
            index = following
        raise QueueError("a loop of descriptors")

    def _add(self, chain: Chain, address: int, length: int, flags: int) -> None:
        if flags & DESC_F_INDIRECT:
            raise QueueError("an indirect descriptor, which was not negotiated")
        if not length:
            raise QueueError("a descriptor of no bytes")
        offset = address - self._ram.base
        if offset < 0 or offset + length > self._ram.size:
            raise QueueError(f"descriptor: {length} bytes at {address:#x} are outside RAM")
        if flags & DESC_F_WRITE:
            chain.writes.append((offset, length))
        elif chain.writes:
            raise QueueError("a readable descriptor after a writable one")
        else:
            chain.reads.append((offset, length))

    def push(self, head: int, written: int) -> None:
        """Give a buffer back with the number of bytes written to it (section 2.7.8)."""
        view, used = self._view, self._used
        USED_ELEMENT.pack_into(view, used + 4 + 8 * (self._next_used & self.size - 1), head, written)
        self._next_used = self._next_used + 1 & 0xFFFF
        INDEX.pack_into(view, used + 2, self._next_used)

    def gather(self, chain: Chain) -> bytes:
        """The bytes that the driver put into a buffer."""
        view = self._view
        if len(chain.reads) == 1:
            offset, size = chain.reads[0]
            return bytes(view[offset : offset + size])
        return b"".join(view[offset : offset + size] for offset, size in chain.reads)

    def fill(self, data: bytes) -> bool:
        """Put all of `data` into the next buffer and give it back; False when none is there or it is too small."""
        chain = self.pop()
        if chain is None:
            return False
        if self._scatter(chain, data) < len(data):
            self.unpop()
            return False
        self.push(chain.head, len(data))
        return True

    def feed(self, data: bytes) -> int:
        """Put as much of a byte stream as fits into the next buffer; how much that was, 0 without a buffer."""
        chain = self.pop()
        if chain is None:
            return 0
        written = self._scatter(chain, data)
        self.push(chain.head, written)
        return written

    def _scatter(self, chain: Chain, data: bytes) -> int:
        written = 0
        for offset, size in chain.writes:
            part = data[written : written + size]
            self._view[offset : offset + len(part)] = part
            written += len(part)
        return written
