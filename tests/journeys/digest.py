"""A digest of all that a world is, found by walking its objects from the world on.

Left out is what may be made or forgotten at any moment without a trace: places and switches that nobody used yet,
what switches remember of flows, and rules in the order in which they are looked up.
"""

import hashlib
import mmap
from collections.abc import Iterator
from enum import Enum
from functools import partial
from random import Random
from types import BuiltinFunctionType, FunctionType, GeneratorType, MethodType, ModuleType
from typing import Any

from dcsim.fabric.fabric import Fabric
from dcsim.fabric.place import Place, Places
from dcsim.fabric.switch import Switch
from dcsim.world import World
from netvirt.vpc.network_acl import NetworkAcl
from netvirt.vpc.security_group import SecurityGroup

FREE = {
    (Fabric, "_switches"),
    (Places, "_made"),
    (Place, "children"),
    (Switch, "fib"),
    (Switch, "_ways"),
    (SecurityGroup, "inward"),
    (SecurityGroup, "outward"),
    (NetworkAcl, "inward"),
    (NetworkAcl, "outward"),
}
ATOMS = (type(None), bool, int, float, str, bytes, Enum)
OPAQUE = ("_ctypes", "ctypes", "weakref", "_io", "mmap")
"""Modules whose objects are handles of the machine that runs us: their addresses differ from run to run."""


def digest(world: World) -> str:
    """Equal for equal worlds, wherever their objects lie in memory."""
    return Walk().of(world)


class Walk:
    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self._numbers: dict[int, int] = {}
        self._alive: list[Any] = []
        self.kinds: dict[str, int] = {}

    def of(self, root: Any) -> str:
        waiting = [root]
        while waiting:
            each = waiting.pop()
            waiting += reversed(list(self._visit(each)))
        return self._hash.hexdigest()

    def _note(self, *words: object) -> None:
        self._hash.update(repr(words).encode())

    def _visit(self, thing: Any) -> Iterator[Any]:
        """Note the thing itself; what it is made of is walked next."""
        kind = type(thing)
        if isinstance(thing, ATOMS):
            self._note(kind.__qualname__, thing)
            return
        if isinstance(thing, MethodType):
            self._note("method", thing.__func__.__qualname__)
            yield thing.__self__
            return
        number = self._numbers.setdefault(id(thing), len(self._numbers))
        self._note(kind.__qualname__, number)
        if number < len(self._alive):
            return
        # Kept, so that no other object gets its address.
        self._alive.append(thing)
        self.kinds[kind.__qualname__] = self.kinds.get(kind.__qualname__, 0) + 1
        yield from self._parts(thing, kind)

    def _parts(self, thing: Any, kind: type) -> Iterator[Any]:
        match thing:
            case Random():
                yield thing.getstate()
            case dict():
                yield len(thing)
                for key, value in thing.items():
                    yield from (key, value)
            case list() | tuple():
                yield len(thing)
                yield from thing
            case set() | frozenset():
                yield sorted(map(repr, thing))
            case mmap.mmap():
                yield "closed" if thing.closed else hashlib.sha256(thing).hexdigest()
            case type() | FunctionType() | BuiltinFunctionType() | ModuleType():
                yield thing.__name__
            case partial():
                yield from (thing.func, thing.args, thing.keywords)
            case GeneratorType():
                frame = thing.gi_frame
                yield None if frame is None else (frame.f_lasti, dict(frame.f_locals))
            case _ if kind.__module__.partition(".")[0] in OPAQUE or kind in (memoryview, bytearray):
                yield "opaque"
            case _:
                yield from self._attributes(thing, kind)

    def _attributes(self, thing: Any, kind: type) -> Iterator[Any]:
        slots = {name for each in kind.__mro__ for name in _slots(each)}
        names = sorted({*getattr(thing, "__dict__", ()), *slots})
        for name in names:
            if hasattr(thing, name) and not any((each, name) in FREE for each in kind.__mro__):
                yield name
                yield getattr(thing, name)


def _slots(kind: type) -> tuple[str, ...]:
    slots: str | tuple[str, ...] = getattr(kind, "__slots__", ())
    return (slots,) if isinstance(slots, str) else tuple(slots)
