"""`events.jsonl`: what a run noted down, a line an event, stamped with simulated time."""

import re
from collections.abc import MutableMapping
from dataclasses import fields
from typing import Any, BinaryIO, get_args

import orjson
import structlog

from dcsim.observe.event import Event
from netvirt.address import Ns


class EventLog:
    """A listener of `World.tell`. Equal runs write equal bytes: no wall clock, no addresses, no set is in a record."""

    def __init__(self, file: BinaryIO) -> None:
        self.count = 0
        # Bound once: looking the configuration up again for each event would cost more than writing it.
        self._log = structlog.wrap_logger(
            _Lines(file), processors=[_ordered, _line], wrapper_class=structlog.BoundLogger, context_class=dict
        ).bind()

    def __call__(self, now: Ns, event: Event) -> None:
        self.count += 1
        name, names = _SHAPES[type(event)]
        self._log.msg(name, t_ns=now, **{field: getattr(event, field) for field in names})


class _Lines:
    """What structlog writes to. Its own BytesLogger flushes each line."""

    def __init__(self, file: BinaryIO) -> None:
        self.msg = file.write


def _shape(kind: type[Any]) -> tuple[str, tuple[str, ...]]:
    """How a record is called in the log, and its fields: GuestSaid is guest_said."""
    name = re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower()
    return name, tuple(field.name for field in fields(kind))


_SHAPES: dict[type[Any], tuple[str, tuple[str, ...]]] = {kind: _shape(kind) for kind in get_args(Event)}


def _ordered(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """When and what come first; structlog puts what last."""
    return {"t_ns": event.pop("t_ns"), "event": event.pop("event"), **event}


def _line(_: Any, __: str, event: MutableMapping[str, Any]) -> bytes:
    try:
        return orjson.dumps(event) + b"\n"
    except orjson.JSONEncodeError:
        # A name from a file system may hold half a surrogate pair, which is no text.
        return orjson.dumps({key: _text(value) for key, value in event.items()}) + b"\n"


def _text(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    return tuple(map(_text, value)) if isinstance(value, tuple) else value
