"""Which host a new instance gets: spread over racks, then hosts, as long as there is room."""

import re
from heapq import heapify, heappop, heappush

from dcsim.fabric.layout import Kind, Layout
from dcsim.problem import Mistake
from dcsim.topology.words import quoted
from netvirt.address import HostId
from netvirt.constant import Constant, Evidence

HOST_VCPUS = Constant(
    "HOST_VCPUS",
    96,
    1,
    448,
    "EC2 Instance Types, m5.metal: 96 vCPU",
    "2026-11-20",
    Evidence.DOCUMENTED,
)

FAMILY = re.compile(r"[a-z]{1,4}[0-9]{1,2}[a-z]*(-[a-z0-9]{1,8})?|u-[0-9]{1,2}tb[0-9]|mac-m[0-9][a-z]*")
"""`m7i`, `c6gn`, `m7i-flex`, `u7i-12tb`, `p6-b200`; `u-6tb1`, `mac-m4` (EC2 User Guide, "Amazon EC2 instance type
naming conventions"). Families come and go, so their shape is asked for, not their names."""
TIMES = (2, 3, 4, 6, 8, 9, 10, 12, 16, 18, 24, 32, 36, 48, 56, 72, 96, 112, 128, 192, 224, 480)
SIZES = (
    *("nano", "micro", "small", "medium", "large", "xlarge"),
    *(f"{times}xlarge" for times in TIMES),
    "metal",
    *(f"metal-{times}xl" for times in (8, 12, 16, 24, 32, 48, 96)),
)
"""EC2 Instance Types, Specifications."""

_VCPUS = {"nano": 2, "micro": 2, "small": 2, "medium": 1, "large": 2, "xlarge": 4, "metal": 96}


def vcpus(instance_type: str) -> int:
    """vCPUs of a type by its size: `m7g.large` 2, `m5.4xlarge` 16 (EC2 Instance Types)."""
    size = instance_type.rpartition(".")[2]
    times = size.removesuffix("xlarge").removeprefix("metal-").removesuffix("xl")
    return 4 * int(times) if times.isdecimal() else _VCPUS.get(size, 2)


def check_type(instance_type: str) -> None:
    """Mistake when EC2 can have no such type."""
    family, _, size = instance_type.partition(".")
    if FAMILY.fullmatch(family) and size in SIZES:
        return
    like_one = "sizes are like large, 4xlarge, metal" if FAMILY.fullmatch(family) else "write it like m7i.large"
    raise Mistake(f"no instance type {quoted(instance_type)}", like_one)


def is_arm(instance_type: str) -> bool:
    """Graviton types have a g among the letters after the generation: `m7g`, `c6gn`, `t4g`; and a1
    (EC2 User Guide, "Amazon EC2 instance type naming conventions")."""
    family = instance_type.partition(".")[0]
    attributes = family.lstrip("abcdefghijklmnopqrstuvwxyz-").lstrip("0123456789")
    return family == "a1" or "g" in attributes


class Zone:
    """A zone's hosts, lazily: those never used yet are a counter, the others a heap by load."""

    def __init__(self, layout: Layout, number: int, host_vcpus: int) -> None:
        self.hosts = layout.counts[Kind.HOST] // len(layout.zones)
        self._racks = layout.counts[Kind.RACK] // len(layout.zones)
        self._first = number * self.hosts
        self._per_rack = layout.plant.hosts
        self.host_vcpus = host_vcpus
        self._fresh = 0
        self._loaded: list[tuple[int, int]] = []

    def place(self, wanted: int) -> HostId | None:
        """The least loaded host, never-used ones first, rack after rack. None: no host has room."""
        assert wanted <= self.host_vcpus, "no host could ever have room"
        if self._fresh < self.hosts:
            order, used = self._fresh, 0
            self._fresh += 1
        elif self._loaded[0][0] + wanted <= self.host_vcpus:
            used, order = heappop(self._loaded)
        else:
            return None
        heappush(self._loaded, (used + wanted, order))
        slot, rack = divmod(order, self._racks)
        return HostId(self._first + rack * self._per_rack + slot)

    def release(self, host: HostId, freed: int) -> None:
        """So many vCPU of the host are free again."""
        rack, slot = divmod(host - self._first, self._per_rack)
        order = slot * self._racks + rack
        self._loaded = [(used - freed if each == order else used, each) for used, each in self._loaded]
        heapify(self._loaded)


class Capacity:
    def __init__(self, layout: Layout, host_vcpus: int = HOST_VCPUS.value) -> None:
        self.zones = {zone: Zone(layout, number, host_vcpus) for number, zone in enumerate(layout.zones)}
