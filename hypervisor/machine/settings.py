"""What a machine is built with, and what it has used."""

from collections import Counter
from dataclasses import dataclass, field

from hypervisor.machine.exits import HARDWARE_ASSISTED, Exit, ExitCosts
from netvirt.address import Ip, parse_ip

READY = "ready "


@dataclass(frozen=True, slots=True)
class Settings:
    """`native` False counts instructions in Python on any host: 25 times slower, and the same to the last frame."""

    frequency_hz: int = 3_000_000_000
    cycles_per_instruction: int = 1
    costs: ExitCosts = HARDWARE_ASSISTED
    spin_limit: int = 150_000_000
    quantum: int = 100_000
    native: bool = True

    def __post_init__(self) -> None:
        for name in ("frequency_hz", "cycles_per_instruction", "spin_limit", "quantum"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; it is at least 1")


@dataclass(slots=True)
class Usage:
    """Summed over all power cycles. `dropped` are frames that a device lost for want of a fitting buffer."""

    exits: Counter[Exit] = field(default_factory=Counter)
    instructions: int = 0
    cpu_ns: int = 0
    boots: int = 0
    dropped: int = 0
    address: Ip | None = None

    def heard(self, line: str) -> None:
        """`ready IP` on the console is how an image tells its address."""
        if line.startswith(READY):
            try:
                self.address = parse_ip(line.removeprefix(READY))
            except ValueError:
                self.address = None
