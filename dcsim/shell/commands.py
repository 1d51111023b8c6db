"""What can be asked of a session, as values; and what `help` says of it."""

from dataclasses import dataclass

from dcsim.pinging import USUAL, Payload
from dcsim.topology.plan import Impairment, Link
from dcsim.traffic_spec import TrafficSpec


@dataclass(frozen=True, slots=True)
class Nodes:
    pass


@dataclass(frozen=True, slots=True)
class Links:
    pass


@dataclass(frozen=True, slots=True)
class Help:
    topic: str | None


@dataclass(frozen=True, slots=True)
class Ping:
    source: str
    target: str
    count: int
    payload: Payload = USUAL
    ipv6: bool = False


@dataclass(frozen=True, slots=True)
class PingAll:
    pass


@dataclass(frozen=True, slots=True)
class Trace:
    source: str
    target: str
    traffic: TrafficSpec


@dataclass(frozen=True, slots=True)
class CutLink:
    link: Link


@dataclass(frozen=True, slots=True)
class MendLink:
    link: Link


@dataclass(frozen=True, slots=True)
class ImpairLink:
    link: Link
    impairment: Impairment


@dataclass(frozen=True, slots=True)
class ClearLink:
    """Takes back what was imposed; a link that is down stays down."""

    link: Link


@dataclass(frozen=True, slots=True)
class Power:
    """`place` as a scenario names it: `zone b`, `rack b/r1`, `host b/r1/h1`, `host of left`."""

    place: str
    on: bool


@dataclass(frozen=True, slots=True)
class Show:
    """A guest's name alone; also whatever nobody knows."""

    guest: str


@dataclass(frozen=True, slots=True)
class Sniff:
    """`count` None: until told otherwise."""

    guest: str
    count: int | None


@dataclass(frozen=True, slots=True)
class SniffOff:
    pass


@dataclass(frozen=True, slots=True)
class Sleep:
    ns: int


@dataclass(frozen=True, slots=True)
class Time:
    pass


@dataclass(frozen=True, slots=True)
class Seed:
    pass


@dataclass(frozen=True, slots=True)
class Save:
    path: str


@dataclass(frozen=True, slots=True)
class Drops:
    pass


@dataclass(frozen=True, slots=True)
class Console:
    guest: str


@dataclass(frozen=True, slots=True)
class Inspect:
    name: str | None


@dataclass(frozen=True, slots=True)
class Call:
    """A verb of the control plane; each property is its name and its values."""

    verb: str
    properties: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class Exit:
    pass


Command = (
    Nodes
    | Links
    | Help
    | Ping
    | PingAll
    | Trace
    | CutLink
    | MendLink
    | ImpairLink
    | ClearLink
    | Power
    | Show
    | Sniff
    | SniffOff
    | Sleep
    | Time
    | Seed
    | Save
    | Drops
    | Console
    | Inspect
    | Call
    | Exit
)

PLACES = ("zone", "datacenter", "power", "rack", "host")
"""First words of commands that name a place; the second is `power domain`."""

HELP: dict[str, tuple[str, str]] = {
    "nodes": ("nodes", "the guests"),
    "links": ("links", "between zones, and those that somebody used: state, rate, delay, what was imposed"),
    "ping": (
        "left ping [-c N] right",
        "N requests, 4 by default, a second apart; -s BYTES, -M do, -6 as with Linux",
    ),
    "pingall": ("pingall", "every guest to every other, one request each"),
    "trace": ("trace left right tcp 22", "which rule decides; udp PORT, icmp, proto NUMBER too"),
    "link": ("link a <-> b down | up | clear", "also a -> b, or loss 10 % delay 2 ms, in netem's words"),
    "zone": ("zone b power-off | power-on", "what is in it stops where it is"),
    "datacenter": ("datacenter b/d1 power-off | power-on", "where a zone has several"),
    "power": ("power domain b/p1 power-off | power-on", "where a datacenter has several"),
    "rack": ("rack b/r1 power-off | power-on", "with its switch"),
    "host": ("host b/r1/h1 power-off | power-on", "or host of left"),
    "call": (
        "call DeleteRoute route_table=private destination=0.0.0.0/0",
        "a verb, as EC2 calls it, of the control plane",
    ),
    "sniff": ("sniff left [N] | sniff off", "what enters and leaves a guest, while time passes"),
    "sleep": ("sleep 10 s", "let time pass"),
    "time": ("time", "exactly; at is the same"),
    "seed": ("seed", "what draws every random choice"),
    "drops": ("drops", "where packets ended, why, how many"),
    "console": ("console left", "what its machine wrote"),
    "inspect": ("inspect [NAME]", "addresses, routes, rules, places"),
    "save": ("save story.yaml", "what was done, as a scenario for dcsim run"),
    "help": ("help [COMMAND]", "this"),
    "exit": ("exit", "or Ctrl-D; Ctrl-C stops a command"),
}
"""Usage and meaning by first word; a guest's name alone shows the guest."""

SAME = {"at": "time", "quit": "exit"}
"""Other first words."""
