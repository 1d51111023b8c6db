"""Which kind of guest an instance is, and how to make it anew at each boot."""

from collections.abc import Callable

from dcsim.cloud.instance import Placed
from hypervisor.clock import Source
from hypervisor.guest import Guest
from hypervisor.host import Nic
from hypervisor.idle import Idle

Maker = Callable[[], Guest]

BOOT_NS = 1_000_000_000
"""How long a boot takes when the file does not say; the `agent` image's own time."""


def maker(placed: Placed, nic: Nic, seed: int) -> tuple[Maker, int]:
    """A function that makes the guest, and its boot time in ns."""
    request = placed.request
    boot_ns = BOOT_NS if request.boot_ns is None else request.boot_ns
    source = Source(nic.source_id + 2)
    if request.image is None:
        address, subnet = placed.interface.address, placed.subnet.cidr
        return (lambda: Idle(address, subnet, source)), boot_ns
    raise NotImplementedError
