"""Wires between places: two directions each, and each direction a Link that is made when somebody uses it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields

from dcsim.fabric.layout import Kind, Layout
from dcsim.fabric.place import Component, Place
from dcsim.rng import stream
from dcsim.topology.plan import Impairment as Setting
from hypervisor.clock import Clock
from hypervisor.link import Land, Link
from netvirt.impairment import PPB, Impairment
from netvirt.ledger import Ledger
from netvirt.line import OVERHEAD_BYTES, Line

ROUTING_SOURCE = 1 << 22
"""Sources below are hosts', guests' and stories'; this one is the fabric's routing."""
FIRST_LINK_SOURCE = ROUTING_SOURCE + 2
"""Direction `d` (0 up, 1 down) of wire `w` is source `FIRST_LINK_SOURCE + 2 * w + d`; `Layout.wire` numbers wires."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Every value a direction has: what the plant gives it, what the file sets, what faults put on top."""

    rate_bps: int
    delay_ns: int
    limit_bytes: int
    jitter_ns: int = 0
    loss_ppb: int = 0
    corrupt_ppb: int = 0
    duplicate_ppb: int = 0
    reorder_ppb: int = 0

    def set(self, setting: Setting) -> "Shape":
        """This shape with what `setting` states in its place; None leaves a value alone."""
        values = {field.name: getattr(setting, field.name) for field in fields(self)}
        return Shape(**{name: getattr(self, name) if value is None else value for name, value in values.items()})

    def under(self, *faults: Setting) -> "Shape":
        """This shape with faults on top, as if each stood before the wire with a netem of its own.

        Delays add up, chances strike independently, the narrowest rate and the shortest queue decide. The order
        of the faults means nothing.
        """
        layers: list[Shape | Setting] = [self, *faults]
        return Shape(
            rate_bps=min(_stated(layer.rate_bps for layer in layers)),
            delay_ns=sum(_stated(layer.delay_ns for layer in layers)),
            limit_bytes=min(_stated(layer.limit_bytes for layer in layers)),
            jitter_ns=sum(_stated(layer.jitter_ns for layer in layers)),
            loss_ppb=any_of(_stated(layer.loss_ppb for layer in layers)),
            corrupt_ppb=any_of(_stated(layer.corrupt_ppb for layer in layers)),
            duplicate_ppb=any_of(_stated(layer.duplicate_ppb for layer in layers)),
            reorder_ppb=any_of(_stated(layer.reorder_ppb for layer in layers)),
        )

    @property
    def impairment(self) -> Impairment | None:
        impairment = Impairment(
            self.loss_ppb, self.corrupt_ppb, self.duplicate_ppb, self.reorder_ppb, jitter_ns=self.jitter_ns
        )
        return None if impairment.harmless else impairment


def _stated(values: Iterable[int | None]) -> list[int]:
    return [value for value in values if value is not None]


def any_of(chances_ppb: Iterable[int]) -> int:
    """The chance that at least one of several independent ones strikes, to the nearest part per billion.

    It is certain only where one of them is.
    """
    spared, whole = 1, 1
    for chance in chances_ppb:
        spared *= PPB - chance
        whole *= PPB
    return min(PPB - (2 * spared * PPB + whole) // (2 * whole), PPB - (spared > 0))


def shape_of(layout: Layout, kind: Kind) -> Shape:
    """What the plant gives the wires up from this kind."""
    plant = layout.plant
    if kind is Kind.HOST:
        return Shape(plant.nic_bps, plant.delay_ns, plant.nic_limit_bytes)
    delay_ns = plant.between_zones_ns if kind is Kind.CORE else plant.delay_ns
    return Shape(plant.uplink_bps, delay_ns, plant.uplink_limit_bytes)


class Wire(Component):
    """Two ends and whatever runs between them. `ends` are the lower and the upper, for cores the earlier and later.

    Switches watch a wire with packets both ways (BFD, RFC 5880), so one dead direction takes both out of use.
    """

    __slots__ = ("directions", "ends", "index")

    def __init__(self, index: int, lower: Place, upper: Place) -> None:
        super().__init__(f"{lower.name} <-> {upper.name}")
        self.index = index
        self.ends = (lower, upper)
        self.directions: list[Direction | None] = [None, None]

    @property
    def faulty(self) -> bool:
        return any(direction.causes for direction in self.made())

    def made(self) -> "Iterator[Direction]":
        return (direction for direction in self.directions if direction is not None)

    def settle(self) -> None:
        for direction in self.made():
            direction.settle()


class Direction(Link):
    """One way along a wire: up when both its ends are and no cause is held on it."""

    __slots__ = ("causes", "head", "seed", "settings", "shape", "tail", "wire")

    def __init__(
        self, wire: Wire, heading: int, shape: Shape, clock: Clock, ledger: Ledger, seed: int, land: Land
    ) -> None:
        self.wire = wire
        self.tail, self.head = wire.ends if heading == 0 else wire.ends[::-1]
        self.shape = shape
        self.seed = seed
        self.causes: list[str] = []
        self.settings: list[tuple[str, Setting]] = []
        line = Line(shape.rate_bps, shape.delay_ns, shape.limit_bytes)
        source_id = FIRST_LINK_SOURCE + 2 * wire.index + heading
        super().__init__(f"{self.tail.name} -> {self.head.name}", source_id, clock, ledger, line, land)

    def settle(self) -> None:
        """Follow the truth: the ends' power and the causes held."""
        up = not self.causes and self.tail.up and self.head.up
        if up and not self.up:
            self.mend()
        elif self.up and not up:
            self.cut()

    def set(self, setting: Setting) -> None:
        """Make these the link's own values; later ones win, value by value."""
        self.shape = self.shape.set(setting)
        self._reform()

    def impose(self, cause: str, setting: Setting) -> None:
        """Lay a fault over the link's own values and what is imposed already."""
        self.settings.append((cause, setting))
        self._reform()

    def lift(self, cause: str) -> None:
        """Take back what `cause` imposed; what others did since stays."""
        self.settings = [held for held in self.settings if held[0] != cause]
        self._reform()

    def _reform(self) -> None:
        shape = self.shape.under(*(setting for _, setting in self.settings))
        self.reshape(shape.rate_bps, shape.delay_ns, shape.limit_bytes)
        # One stream for good: a link that is impaired again does not relive its first losses.
        self.impair(shape.impairment, self.draw or stream(self.seed, f"link {self.name}"))


@dataclass(frozen=True, slots=True)
class Leg:
    """One link as a packet's path shows it."""

    name: str
    rate_bps: int
    delay_ns: int
    up: bool

    def transit_ns(self, size_bytes: int) -> int:
        """From the first bit sent to the last bit arrived, when nothing is queued."""
        return (size_bytes + OVERHEAD_BYTES) * 8_000_000_000 // self.rate_bps + self.delay_ns


class Wires:
    """Every wire that somebody used, by number."""

    __slots__ = ("_clock", "_lands", "_layout", "_ledger", "_made", "_seed", "_shapes", "on_made")

    def __init__(self, layout: Layout, clock: Clock, ledger: Ledger, seed: int, lands: Callable[[Place], Land]) -> None:
        self._layout = layout
        self._clock = clock
        self._ledger = ledger
        self._seed = seed
        self._lands = lands
        self._shapes = {kind: shape_of(layout, kind) for kind in (Kind.HOST, Kind.TOR, Kind.SPINE, Kind.CORE)}
        self._made: dict[int, Wire] = {}
        self.on_made: list[Callable[[Direction], None]] = []

    def _number(self, lower: Place, upper: Place) -> int:
        return self._layout.wire((lower.kind, lower.index), (upper.kind, upper.index))

    def known(self, a: Place, b: Place) -> Wire | None:
        """The wire between `a` and `b` if somebody used it; nothing can be wrong with another."""
        return self._made.get(self._number(*in_order(a, b)))

    def between(self, a: Place, b: Place) -> Wire:
        lower, upper = in_order(a, b)
        index = self._number(lower, upper)
        wire = self._made.get(index)
        if wire is None:
            wire = self._made[index] = Wire(index, lower, upper)
            lower.wires[index] = upper.wires[index] = wire
        return wire

    def direction(self, tail: Place, head: Place) -> Direction:
        wire = self.between(tail, head)
        heading = 0 if wire.ends[0] is tail else 1
        direction = wire.directions[heading]
        if direction is None:
            shape, land = self._shapes[wire.ends[0].kind], self._lands(head)
            direction = Direction(wire, heading, shape, self._clock, self._ledger, self._seed, land)
            wire.directions[heading] = direction
            direction.settle()
            for see in self.on_made:
                see(direction)
        return direction

    def leg(self, tail: Place, head: Place) -> Leg:
        """How the link looks, without making it."""
        wire = self.known(tail, head)
        made = None if wire is None else wire.directions[0 if wire.ends[0] is tail else 1]
        if made is not None:
            return Leg(made.name, made.line.rate, made.line.delay_ns, made.up)
        shape = self._shapes[in_order(tail, head)[0].kind]
        return Leg(f"{tail.name} -> {head.name}", shape.rate_bps, shape.delay_ns, tail.up and head.up)

    def links(self) -> list[Direction]:
        """What somebody used, in structural order."""
        return [direction for index in sorted(self._made) for direction in self._made[index].made()]


def in_order(a: Place, b: Place) -> tuple[Place, Place]:
    """The lower first; of two cores, the earlier."""
    return (a, b) if (a.kind, a.index) < (b.kind, b.index) else (b, a)
