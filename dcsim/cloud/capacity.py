"""Which host a new instance gets: spread over racks, then hosts, as long as there is room."""

from heapq import heappop, heappush

from dcsim.fabric.layout import Kind, Layout
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

_VCPUS = {"nano": 2, "micro": 2, "small": 2, "medium": 1, "large": 2, "xlarge": 4, "metal": 96}


def vcpus(instance_type: str) -> int:
    """vCPUs of a type by its size: `m7g.large` 2, `m5.4xlarge` 16 (EC2 Instance Types)."""
    size = instance_type.rpartition(".")[2]
    times = size.removesuffix("xlarge")
    return 4 * int(times) if times.isdecimal() else _VCPUS.get(size, 2)


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


class Capacity:
    def __init__(self, layout: Layout, host_vcpus: int = HOST_VCPUS.value) -> None:
        self.zones = {zone: Zone(layout, number, host_vcpus) for number, zone in enumerate(layout.zones)}
