"""The contract of every appliance: it forwards frames, and can say what it would do with a packet without doing it."""

from typing import NamedTuple, Protocol

from netvirt.address import Ns
from netvirt.engine import Timed
from netvirt.frame import Flow
from netvirt.journey import Hop, Outcome
from netvirt.mtu import Limit


class Answer(NamedTuple):
    """What becomes of a packet inside: the hop that says so, if there is anything to say, and how the packet leaves.

    None: it does not leave.
    """

    hop: Hop | None
    flow: Flow | None


class Told(NamedTuple):
    """The packet ends here, and `frame` tells its sender why."""

    outcome: Outcome
    frame: bytes


class Rehearsal(Protocol):
    """An appliance as it stands now, for packets that are not sent: what they would change is remembered here only."""

    def forward(self, flow: Flow, now: Ns) -> Answer: ...


class Appliance(Timed, Protocol):
    """A sans-I/O engine between the frames of one interface. What it knows dies with its power."""

    @property
    def limit(self) -> Limit | None:
        """The largest packet that it forwards; None: whatever its interface can get."""

    def forward(self, data: bytes, now: Ns) -> list[bytes] | Told | Outcome:
        """A frame arrived; what is to be sent because of it, or why it ends here."""

    def rehearse(self) -> Rehearsal: ...
