"""Hosts enough for the guests, placed as RunInstances places them."""

from collections.abc import Iterable, Sequence
from heapq import heapify, heapreplace

from dcsim.cloud.capacity import HOST_VCPUS
from dcsim.topology.plan import Plant

RACK = 8
"""Hosts a rack, once the default plant is too small."""


def racks_and_hosts(zones: Iterable[Sequence[int]]) -> tuple[int, int] | None:
    """What every zone needs for guests of so many vCPUs each, one zone's after another's; None: the default will do."""
    default = Plant()
    needed = max((_hosts(each) for each in zones), default=0)
    if needed <= default.racks * default.hosts:
        return None
    return max(default.racks, -(-needed // RACK)), RACK


def _hosts(wanted: Sequence[int]) -> int:
    hosts = max(1, -(-sum(wanted) // HOST_VCPUS.value))
    while not _fit(wanted, hosts):
        hosts += max(1, hosts // 50)
    return hosts


def _fit(wanted: Sequence[int], hosts: int) -> bool:
    """Each guest goes to the least loaded host."""
    used = [0] * hosts
    heapify(used)
    for vcpus in wanted:
        if used[0] + vcpus > HOST_VCPUS.value:
            return False
        heapreplace(used, used[0] + vcpus)
    return True
