"""What a VPC holds, kept so that a view of it costs no more than what has changed since the last one."""

from bisect import bisect, insort
from collections.abc import Iterator, Mapping, MutableMapping
from typing import Generic, Protocol, TypeVar

from netvirt.address import Cidr
from netvirt.vpc.view import Subnet


class Resource(Protocol):
    @property
    def id(self) -> str: ...


K = TypeVar("K")
V = TypeVar("V")
R = TypeVar("R", bound=Resource)


class CopyOnWrite(MutableMapping[K, V]):
    """A dictionary. `frozen` gives it out as it is now; the next change is made to a copy."""

    __slots__ = ("_entries", "_is_out")

    def __init__(self) -> None:
        self._entries: dict[K, V] = {}
        self._is_out = False

    def frozen(self) -> Mapping[K, V]:
        self._is_out = True
        return self._entries

    def __getitem__(self, key: K) -> V:
        return self._entries[key]

    def __setitem__(self, key: K, value: V) -> None:
        self._own()[key] = value

    def __delitem__(self, key: K) -> None:
        del self._own()[key]

    def __iter__(self) -> Iterator[K]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def _own(self) -> dict[K, V]:
        if self._is_out:
            self._entries, self._is_out = dict(self._entries), False
        return self._entries


class Registry(MutableMapping[str, R], Generic[R]):
    """Resources by name; views have them by id."""

    def __init__(self, by_id: CopyOnWrite[str, R] | None = None) -> None:
        """`by_id` is given where several registries are one to the views."""
        self._by_name: dict[str, R] = {}
        self.by_id: CopyOnWrite[str, R] = CopyOnWrite() if by_id is None else by_id

    def changed(self, before: R | None, after: R | None) -> None:
        """For those that keep more than the resources themselves: one came (before is None), went, or was replaced."""

    def __getitem__(self, name: str) -> R:
        return self._by_name[name]

    def __setitem__(self, name: str, resource: R) -> None:
        before = self._by_name.get(name)
        if before is not None and before.id != resource.id:
            del self.by_id[before.id]
        self._by_name[name] = self.by_id[resource.id] = resource
        self.changed(before, resource)

    def __delitem__(self, name: str) -> None:
        resource = self._by_name.pop(name)
        del self.by_id[resource.id]
        self.changed(resource, None)

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name)

    def __len__(self) -> int:
        return len(self._by_name)


class Subnets(Registry[Subnet]):
    """No two of them overlap."""

    def __init__(self) -> None:
        super().__init__()
        self._blocks: list[Cidr] = []

    def overlapping(self, block: Cidr) -> Subnet | None:
        """The first that a block would overlap. In order of address, only its two neighbours could."""
        place = bisect(self._blocks, block)
        if not any(each.overlaps(block) for each in self._blocks[max(place - 1, 0) : place + 1]):
            return None
        return next(subnet for subnet in self.values() if subnet.cidr.overlaps(block))

    def changed(self, before: Subnet | None, after: Subnet | None) -> None:
        if before is not None:
            self._blocks.remove(before.cidr)
        if after is not None:
            insort(self._blocks, after.cidr)
