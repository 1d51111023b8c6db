"""The virtio-mmio transport, version 2: registers, status, negotiation (VIRTIO 1.2 sections 3.1, 4.2)."""

from collections.abc import Callable
from enum import IntEnum

from hypervisor.devices.memory import Ram
from hypervisor.devices.virtio.queue import QUEUE_SIZE_MAX, Queue, QueueError

MAGIC = int.from_bytes(b"virt", "little")
VENDOR = int.from_bytes(b"DCSM", "little")
VERSION_1 = 1 << 32
USED_BUFFER = 1
CONFIG_CHANGED = 2
MASK_32 = (1 << 32) - 1


class Register(IntEnum):
    """Offsets, section 4.2.2."""

    MAGIC_VALUE = 0x00
    VERSION = 0x04
    DEVICE_ID = 0x08
    VENDOR_ID = 0x0C
    DEVICE_FEATURES = 0x10
    DEVICE_FEATURES_SEL = 0x14
    DRIVER_FEATURES = 0x20
    DRIVER_FEATURES_SEL = 0x24
    QUEUE_SEL = 0x30
    QUEUE_SIZE_MAX = 0x34
    QUEUE_SIZE = 0x38
    QUEUE_READY = 0x44
    QUEUE_NOTIFY = 0x50
    INTERRUPT_STATUS = 0x60
    INTERRUPT_ACK = 0x64
    STATUS = 0x70
    QUEUE_DESC_LOW = 0x80
    QUEUE_DESC_HIGH = 0x84
    QUEUE_DRIVER_LOW = 0x90
    QUEUE_DRIVER_HIGH = 0x94
    QUEUE_DEVICE_LOW = 0xA0
    QUEUE_DEVICE_HIGH = 0xA4
    SHM_LENGTH_LOW = 0xB0
    SHM_LENGTH_HIGH = 0xB4
    SHM_BASE_LOW = 0xB8
    SHM_BASE_HIGH = 0xBC
    CONFIG_GENERATION = 0xFC
    CONFIG = 0x100


class Status(IntEnum):
    """Section 2.1."""

    ACKNOWLEDGE = 1
    DRIVER = 2
    DRIVER_OK = 4
    FEATURES_OK = 8
    NEEDS_RESET = 64
    FAILED = 128


ABSENT_SHM = range(Register.SHM_LENGTH_LOW, Register.SHM_BASE_HIGH + 4, 4)
QUEUE_ADDRESSES: dict[int, str] = {
    Register.QUEUE_DESC_LOW: "descriptor_address",
    Register.QUEUE_DRIVER_LOW: "driver_address",
    Register.QUEUE_DEVICE_LOW: "device_address",
}


class VirtioMmio:
    """A device's registers and queues. `complain` is told, in words, when the driver breaks a rule."""

    DEVICE_ID = 0
    FEATURES = 0
    SILENT_QUEUES: frozenset[int] = frozenset()
    """Queues whose notifications say nothing to us; the driver is asked to leave them out (section 2.7.10)."""

    def __init__(self, ram: Ram, queues: int, config: bytes, complain: Callable[[str], None]) -> None:
        self._complain = complain
        self._config = config
        self.queues = [Queue(ram) for _ in range(queues)]
        self.reset()

    def reset(self) -> None:
        self.status = 0
        self.live = False
        self.notified = 0
        self._interrupts = 0
        self._driver_features = 0
        self._device_features_sel = self._driver_features_sel = self._queue_sel = 0
        for queue in self.queues:
            queue.reset()

    def fail(self, reason: str) -> None:
        """The device stops until it is reset (section 2.1.2)."""
        if self.status & Status.NEEDS_RESET:
            return
        self.status |= Status.NEEDS_RESET
        self._interrupts |= CONFIG_CHANGED
        self.live = False
        self._complain(f"{type(self).__name__.lower()} device needs a reset: {reason}")

    def read(self, offset: int, size: int) -> int:
        if offset >= Register.CONFIG:
            at = offset - Register.CONFIG
            return int.from_bytes(self._config[at : at + size], "little")
        if size != 4 or offset % 4:
            return 0
        return self._read_register(offset)

    def _read_register(self, offset: int) -> int:
        match offset:
            case Register.MAGIC_VALUE:
                return MAGIC
            case Register.VERSION:
                return 2
            case Register.DEVICE_ID:
                return self.DEVICE_ID
            case Register.VENDOR_ID:
                return VENDOR
            case Register.DEVICE_FEATURES:
                return self._offered >> 32 * self._device_features_sel & MASK_32
            case Register.QUEUE_SIZE_MAX:
                return QUEUE_SIZE_MAX if self._queue is not None else 0
            case Register.QUEUE_READY:
                return int(self._queue is not None and self._queue.ready)
            case Register.INTERRUPT_STATUS:
                return self._interrupts
            case Register.STATUS:
                return self.status
            case _:
                return MASK_32 if offset in ABSENT_SHM else 0

    @property
    def _offered(self) -> int:
        return self.FEATURES | VERSION_1

    @property
    def _queue(self) -> Queue | None:
        return self.queues[self._queue_sel] if self._queue_sel < len(self.queues) else None

    def write(self, offset: int, size: int, value: int) -> bool:
        """Section 4.2.2.2: only aligned 32-bit writes mean anything. True: a queue of a live device was notified."""
        if size != 4 or offset % 4:
            return False
        if offset == Register.QUEUE_NOTIFY:
            return self._notify(value)
        self._write_register(offset, value)
        return False

    def _notify(self, index: int) -> bool:
        if not self.live or index >= len(self.queues) or not self.queues[index].ready:
            return False
        self.notified |= 1 << index
        return True

    def _write_register(self, offset: int, value: int) -> None:
        match offset:
            case Register.DEVICE_FEATURES_SEL:
                self._device_features_sel = min(value, 2)
            case Register.DRIVER_FEATURES_SEL:
                self._driver_features_sel = min(value, 2)
            case Register.DRIVER_FEATURES:
                self._write_driver_features(value)
            case Register.QUEUE_SEL:
                self._queue_sel = value
            case Register.INTERRUPT_ACK:
                self._interrupts &= ~value
            case Register.STATUS:
                self._write_status(value & 0xFF)
            case _:
                if self._queue is not None:
                    self._write_queue(self._queue, offset, value)

    def _write_driver_features(self, value: int) -> None:
        """Once FEATURES_OK is set, features are settled (section 3.1.1 step 5)."""
        if self.status & Status.FEATURES_OK:
            return
        shift = 32 * self._driver_features_sel
        self._driver_features = self._driver_features & ~(MASK_32 << shift) | value << shift

    def _write_status(self, value: int) -> None:
        if value == 0:
            self.reset()
            return
        if value & Status.FEATURES_OK and not self._features_agree():
            value &= ~Status.FEATURES_OK
        status = self.status | value & ~Status.NEEDS_RESET  # the driver may not clear bits (section 2.1.1)
        if not status & Status.FEATURES_OK:
            status &= ~Status.DRIVER_OK
        self.status = status
        self.live = bool(status & Status.DRIVER_OK) and not status & (Status.NEEDS_RESET | Status.FAILED)

    def _features_agree(self) -> bool:
        driver = self._driver_features
        return bool(driver & VERSION_1) and not driver & ~self._offered

    def _write_queue(self, queue: Queue, offset: int, value: int) -> None:
        if offset == Register.QUEUE_READY:
            self._write_ready(queue, value)
        elif queue.ready:
            return  # a queue in use keeps its shape (section 4.2.2.2)
        elif offset == Register.QUEUE_SIZE:
            queue.size = value
        elif (name := QUEUE_ADDRESSES.get(offset & ~4)) is not None:
            shift = 8 * (offset & 4)
            address = getattr(queue, name) & ~(MASK_32 << shift) | value << shift
            setattr(queue, name, address)

    def _write_ready(self, queue: Queue, value: int) -> None:
        if value != 1:
            queue.ready = False
            return
        if queue.ready or not self.status & Status.FEATURES_OK:
            return
        try:
            queue.enable(suppress_notifications=self._queue_sel in self.SILENT_QUEUES)
        except QueueError as error:
            self.fail(f"queue {self._queue_sel}: {error}")

    def used_buffer(self) -> None:
        """A guest that looks at InterruptStatus finds why (section 4.2.3.3); there is no interrupt line."""
        self._interrupts |= USED_BUFFER
