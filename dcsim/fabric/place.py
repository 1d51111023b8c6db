"""The tree of places and the causes that hold them down. Places become objects when somebody uses them."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from dcsim.fabric.layout import PARENT, Kind, Layout

if TYPE_CHECKING:
    from dcsim.fabric.wire import Wire

Power = Callable[[bool], None]


class Component:
    """What can fail, and what switches have noticed of it: those beside it (`near`), and all others (`far`)."""

    __slots__ = ("changes", "far_down", "name", "near_down", "notices")

    def __init__(self, name: str) -> None:
        self.name = name
        self.near_down = False
        self.far_down = False
        self.changes = 0
        self.notices = 0

    @property
    def faulty(self) -> bool:
        """The truth: a cause is held on this very component."""
        raise NotImplementedError


class Place(Component):
    """Up when neither it nor a place that it stands in holds a cause, so overlapping faults end correctly."""

    __slots__ = ("causes", "children", "index", "kind", "on_power", "parent", "wires")

    def __init__(self, kind: Kind, index: int, name: str, parent: "Place | None") -> None:
        super().__init__(name)
        self.kind = kind
        self.index = index
        self.parent = parent
        self.causes: list[str] = []
        self.children: dict[tuple[Kind, int], Place] = {}
        self.wires: dict[int, Wire] = {}
        self.on_power: Power | None = None

    @property
    def faulty(self) -> bool:
        return bool(self.causes)

    @property
    def up(self) -> bool:
        return not any(place.causes for place in self.lineage())

    def lineage(self) -> "Iterator[Place]":
        """Itself, then every place that it stands in, inside out."""
        place: Place | None = self
        while place is not None:
            yield place
            place = place.parent

    def within(self, other: "Place") -> bool:
        return any(place is other for place in self.lineage())

    def sharers(self) -> "Iterator[Place]":
        """Itself and all that goes up and down with it, in structural order, however it came into being.

        What holds a cause of its own is dark already, or stays dark: it is skipped with all that is in it.
        """
        yield self
        for key in sorted(self.children):
            child = self.children[key]
            if not child.causes:
                yield from child.sharers()

    def __repr__(self) -> str:
        return f"<Place {self.name}>"


class Places:
    """Every place of a region by kind and index, made when first asked for."""

    __slots__ = ("_made", "layout")

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self._made: dict[tuple[Kind, int], Place] = {}

    def at(self, kind: Kind, index: int) -> Place:
        place = self._made.get((kind, index))
        return self._make(kind, index) if place is None else place

    def _make(self, kind: Kind, index: int) -> Place:
        assert 0 <= index < self.layout.counts[kind], f"there is no {kind} {index}"
        above = PARENT.get(kind)
        parent = None if above is None else self.at(above, index // self.layout.fanout[kind])
        place = Place(kind, index, self.layout.name(kind, index), parent)
        self._made[kind, index] = place
        if parent is not None:
            parent.children[kind, index] = place
        return place

    def __len__(self) -> int:
        return len(self._made)
