"""What a run notes down besides packets: frozen records, stamped with simulated time when they are told."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GuestSaid:
    """A line on a guest's console that is no answer to a probe."""

    guest: str
    line: str


@dataclass(frozen=True, slots=True)
class GuestFaulted:
    """A guest broke a rule of its machine."""

    guest: str
    reason: str


@dataclass(frozen=True, slots=True)
class PowerChanged:
    """A host that runs guests lost its power, or has it back."""

    host: str
    up: bool
    guests: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RoutingChanged:
    """A switch changed its mind about where packets can go; `switch` is `fabric` for all of them."""

    switch: str
    change: str


@dataclass(frozen=True, slots=True)
class ActionBegan:
    action: str
    what: str


@dataclass(frozen=True, slots=True)
class ActionEnded:
    action: str
    what: str


@dataclass(frozen=True, slots=True)
class ProbeStateChanged:
    """A probe's answers stopped coming, or came back."""

    probe: str
    answered: bool


@dataclass(frozen=True, slots=True)
class InstanceChanged:
    """An instance is in another state, as EC2 calls it: stopping, stopped, pending, running, ..."""

    guest: str
    state: str


@dataclass(frozen=True, slots=True)
class ApiCalled:
    """A verb was asked of the control plane. `error` is EC2's code when it was refused, else None."""

    verb: str
    what: str
    error: str | None


Event = (
    ApiCalled
    | InstanceChanged
    | GuestSaid
    | GuestFaulted
    | PowerChanged
    | RoutingChanged
    | ActionBegan
    | ActionEnded
    | ProbeStateChanged
)
