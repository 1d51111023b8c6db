"""The network card (VIRTIO 1.2 section 5.1), without offloads: one receive queue, one transmit queue."""

from collections.abc import Callable

from hypervisor.devices.memory import Ram
from hypervisor.devices.virtio.mmio import VirtioMmio
from hypervisor.devices.virtio.queue import QueueError
from netvirt.address import Mac

RECEIVE, TRANSMIT = 0, 1

NET_F_MTU = 1 << 3
NET_F_MAC = 1 << 5

HEADER_BYTES = 12
"""struct virtio_net_hdr with num_buffers, which VERSION_1 always has (section 5.1.6)."""
RECEIVE_HEADER = bytes(10) + b"\1\0"
NO_OFFLOADS = bytes(2)

ETHERNET_BYTES = 14
MTU_MAX = 65535


class Net(VirtioMmio):
    """Frames go out with `drain`, come in with `receive`; `dropped` counts those the guest lost here."""

    DEVICE_ID = 1
    FEATURES = NET_F_MTU | NET_F_MAC
    SILENT_QUEUES = frozenset({RECEIVE})

    def __init__(self, ram: Ram, mac: Mac, mtu: int, complain: Callable[[str], None]) -> None:
        mtu = min(mtu, MTU_MAX)
        # struct virtio_net_config: mac, status, max_virtqueue_pairs, mtu (section 5.1.4).
        config = mac.to_bytes(6, "big") + bytes(4) + mtu.to_bytes(2, "little")
        super().__init__(ram, 2, config, complain)
        self._frame_max = ETHERNET_BYTES + mtu
        self.dropped = 0

    def receive(self, frame: bytes) -> bool:
        """Put a frame into the guest's next buffer. False: lost, for there was none, or it was too small."""
        queue = self.queues[RECEIVE]
        placed = False
        if self.live and queue.ready:
            try:
                placed = queue.fill(RECEIVE_HEADER + frame)
            except QueueError as error:
                self.fail(f"receive queue: {error}")
        if placed:
            self.used_buffer()
        else:
            self.dropped += 1
        return placed

    def drain(self) -> list[bytes]:
        """The frames that wait in the transmit queue, oldest first."""
        queue = self.queues[TRANSMIT]
        frames: list[bytes] = []
        self.notified = 0
        if not self.live or not queue.ready:
            return frames
        try:
            for chain in queue.drain():
                self._take(queue.gather(chain), frames)
                queue.push(chain.head, 0)
        except QueueError as error:
            self.fail(f"transmit queue: {error}")
        self.used_buffer()
        return frames

    def _take(self, data: bytes, frames: list[bytes]) -> None:
        if data[:2] != NO_OFFLOADS:
            raise QueueError("a frame that asks for an offload, which was not negotiated")
        if ETHERNET_BYTES <= len(data) - HEADER_BYTES <= self._frame_max:
            frames.append(data[HEADER_BYTES:])
        else:
            self.dropped += 1
