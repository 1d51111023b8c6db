"""Why a guest stops executing, and how long its host is busy with it."""

from dataclasses import dataclass
from enum import Enum

from netvirt.constant import Constant, Evidence


class Exit(Enum):
    """HALT, KICK, BUDGET and FAULT end a slice; the others are served in the middle of it."""

    HALT = "halt"
    """HLT: nothing to do until an event or the deadline."""
    KICK = "kick"
    """A write to QueueNotify: a device has something to carry out."""
    BUDGET = "budget"
    """The slice is over. An artefact of simulating in slices, without a cost."""
    FAULT = "fault"
    """The guest cannot go on."""
    MMIO_R = "mmio_r"
    MMIO_W = "mmio_w"
    TSC = "tsc"


def _inferred(name: str, value: int, low: int, high: int, source: str) -> Constant:
    return Constant(name, value, low, high, source, "2026-11-20", Evidence.INFERRED)


_HALT_POLLING = "Linux Documentation/virt/kvm/halt-polling.rst: a trip through the scheduler is a few microseconds"
_IN_KERNEL = "github.com/nanovms/nanos pull 1017: an exit that KVM handles in the kernel takes about 1.4 us"
_IN_USER_SPACE = "github.com/nanovms/nanos pull 1017: a device in user space takes from 4 us to tens of them"
_NATIVE_TSC = "github.com/smuellerDD/jitterentropy-library pull 223: 24 cycles in a KVM guest, which does not trap it"

HALT_NS = _inferred("HALT_NS", 500, 0, 2_000, _IN_KERNEL + ", the way back in included")
WAKE_NS = _inferred("WAKE_NS", 2_000, 500, 10_000, _HALT_POLLING)
KICK_NS = _inferred("KICK_NS", 1_000, 300, 3_000, _IN_KERNEL + ", as an ioeventfd is")
MMIO_R_NS = _inferred("MMIO_R_NS", 4_000, 1_000, 20_000, _IN_USER_SPACE)
MMIO_W_NS = _inferred("MMIO_W_NS", 4_000, 1_000, 20_000, _IN_USER_SPACE)
TSC_NS = _inferred("TSC_NS", 8, 5, 20, _NATIVE_TSC)

COSTS = (HALT_NS, WAKE_NS, KICK_NS, MMIO_R_NS, MMIO_W_NS, TSC_NS)


@dataclass(frozen=True, slots=True)
class ExitCosts:
    """Nanoseconds that each exit adds to the guest's own instructions. The defaults are a hardware-assisted host."""

    halt_ns: int = HALT_NS.value
    wake_ns: int = WAKE_NS.value
    kick_ns: int = KICK_NS.value
    mmio_r_ns: int = MMIO_R_NS.value
    mmio_w_ns: int = MMIO_W_NS.value
    tsc_ns: int = TSC_NS.value

    def __post_init__(self) -> None:
        for name in self.__dataclass_fields__:
            if getattr(self, name) < 0:
                raise ValueError(f"{name} is {getattr(self, name)}; a cost is at least 0")

    def of(self, kind: Exit) -> int:
        """What ends a slice costs; BUDGET and FAULT are ours, not the guest's."""
        match kind:
            case Exit.HALT:
                return self.halt_ns
            case Exit.KICK:
                return self.kick_ns
            case _:
                return 0


HARDWARE_ASSISTED = ExitCosts()
FREE = ExitCosts(0, 0, 0, 0, 0, 0)
"""A host that takes no time: what remains is instructions."""
