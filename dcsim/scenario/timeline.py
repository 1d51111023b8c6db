"""The timeline: entries with start and end in ns of the run, and what each does."""

from collections.abc import Callable

from dcsim.api.verbs import VERBS
from dcsim.fabric.layout import Layout
from dcsim.fabric.target import ARROW, CROSSING, find_links, find_place
from dcsim.problem import Mark, Mistake
from dcsim.scenario.calls import with_calls
from dcsim.scenario.context import Context
from dcsim.scenario.scenario import (
    ACTIONS,
    Crossing,
    Disturbance,
    Entry,
    HostOf,
    Impair,
    LinkDown,
    Place,
    PlaceKind,
    PowerOff,
)
from dcsim.scenario.schema import CALL, EntrySpec
from dcsim.topology.physical import PLACE, ImpairmentSpec
from dcsim.topology.plan import Impairment, Link
from dcsim.topology.quantity import format_duration
from dcsim.topology.resolve import impairment_of, link_between
from dcsim.topology.tree import Path
from dcsim.topology.words import instead, quoted

SAME_ACTION = {"cut": "link-down", "down": "link-down", "poweroff": "power-off"}
PLACE_KINDS: tuple[PlaceKind, ...] = ("zone", "datacenter", "power domain", "rack", "host")


def timeline(context: Context) -> tuple[Entry, ...]:
    """In the order of the file; entries with problems are left out."""
    starts = _Starts(context)
    entries = []
    for name, spec in context.file.timeline.items():
        path = ["timeline", name]
        action = _action(context, name, spec, path)
        span = starts.of(name)
        if span is not None:
            entries.append(Entry(name, *span, action, context.key(path)))
    return with_calls(context, entries)


class _Starts:
    """When entries start and end; `after` may point forwards, so an answer may need others first."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._known: dict[str, tuple[int, int] | None] = {}

    def of(self, name: str) -> tuple[int, int] | None:
        """None when it cannot be said; a complaint has been made."""
        chain = [name]
        while (before := self._waits_for(chain[-1])) is not None:
            if before in chain:
                mark = self._context.value(["timeline", before, "after"])
                self._context.complain(mark, f"{before} starts after itself")
                self._known |= dict.fromkeys(chain)
                break
            chain.append(before)
        for each in reversed(chain):
            if each not in self._known:
                self._known[each] = self._span(each)
        return self._known[name]

    def _waits_for(self, name: str) -> str | None:
        after = self._context.file.timeline[name].after
        return after if after in self._context.file.timeline and name not in self._known else None

    def _span(self, name: str) -> tuple[int, int] | None:
        context, spec = self._context, self._context.file.timeline[name]
        start_ns = self._start(name, spec)
        if start_ns is None:
            return None
        path, whole_ns = ["timeline", name], context.file.duration
        if start_ns >= whole_ns:
            mark = context.value([*path, "at" if spec.at is not None else "after"])
            message = f"{name} starts at {format_duration(start_ns)}; the run ends at {format_duration(whole_ns)}"
            context.complain(mark, message)
            return None
        if spec.call is not None:
            return start_ns, start_ns
        if spec.duration is None:
            return start_ns, whole_ns
        mark = context.value([*path, "duration"])
        if spec.duration == 0:
            context.complain(mark, f"{name} lasts no time", "leave duration out for until the end")
        end_ns = start_ns + spec.duration
        if end_ns > whole_ns:
            message = f"{name} ends at {format_duration(end_ns)}; the run ends at {format_duration(whole_ns)}"
            context.warn(mark, message)
        return start_ns, min(end_ns, whole_ns)

    def _start(self, name: str, spec: EntrySpec) -> int | None:
        context, path = self._context, ["timeline", name]
        if (spec.at is None) == (spec.after is None):
            if spec.at is None:
                context.complain(context.key(path), f"timeline entry {name} lacks at", "write at: 1 min")
            else:
                context.complain(context.key([*path, "after"]), f"{name} has both at and after", "leave one out")
            return None
        if spec.after is None:
            return spec.at
        mark = context.value([*path, "after"])
        entries = context.file.timeline
        if spec.after not in entries:
            advice = instead(spec.after, [each for each in entries if each != name])
            context.complain(mark, f"no timeline entry {quoted(spec.after)}", advice)
            return None
        if entries[spec.after].duration is None and entries[spec.after].call is None:
            message = f"{spec.after} lasts until the end; nothing comes after it"
            context.complain(mark, message, f"Give {spec.after} a duration")
            return None
        before = self._known.get(spec.after)
        return before[1] if before else None


def _action(context: Context, name: str, spec: EntrySpec, path: Path) -> Disturbance | None:
    """A call's request is made when all entries are known: `with_calls`."""
    if spec.action is None:
        _refuse_words(context, spec, path, "a window without action")
        if spec.target is not None:
            context.complain(context.key(path), f"{name} lacks action", f"there are {', '.join(ACTIONS)}")
        return None
    mark = context.value([*path, "action"])
    if spec.call is not None:
        if spec.duration is not None:
            advice = "leave duration out; another entry can take it back"
            context.complain(context.key([*path, "duration"]), f"{spec.call.noun} is done in a moment", advice)
        return None
    if spec.action not in ACTIONS:
        _unknown_action(context, spec.action, path)
        return None
    if spec.target is None:
        context.complain(context.key(path), f"timeline entry {name} lacks target")
        return None
    if spec.action == "power-off":
        _refuse_words(context, spec, path, spec.action)
        place = _place(context, spec.target, [*path, "target"])
        return PowerOff(place) if place else None
    link = _link(context, spec.target, [*path, "target"])
    if spec.action == "link-down":
        _refuse_words(context, spec, path, spec.action)
        return LinkDown(link) if link else None
    impairment = impairment_of(spec)
    if impairment == Impairment():
        context.complain(mark, f"{name} impairs nothing", "Add loss, delay, jitter, rate, limit, ...")
    return Impair(link, impairment) if link else None


def _unknown_action(context: Context, action: str, path: Path) -> None:
    mark = context.value([*path, "action"])
    if action.startswith(CALL):
        verb = action.removeprefix(CALL)
        context.complain(mark, f"no verb {quoted(verb)}", instead(verb, VERBS))
        return
    if ":" in action:
        context.complain(
            mark,
            f"{action} is not simulated yet",
            f"there are {', '.join(ACTIONS)} and EC2's verbs, like ec2:ReplaceRoute",
        )
        return
    advice = instead(action, ACTIONS)
    if action in SAME_ACTION:
        advice = f"there are {', '.join(ACTIONS)}. Did you mean {SAME_ACTION[action]}?"
    context.complain(mark, f"no action {quoted(action)}", advice)


def _refuse_words(context: Context, spec: EntrySpec, path: Path, owner: str) -> None:
    for word in ImpairmentSpec.model_fields:
        if getattr(spec, word) is not None:
            advice = "Write action: impair" if owner != "impair" else ""
            context.complain(context.key([*path, word]), f"{owner} takes no {word}", advice)


def _place(context: Context, text: str, path: Path) -> Place | HostOf | None:
    mark = context.value(path)
    words = " ".join(text.split())
    if words.startswith("host of "):
        guest = context.guest(words.removeprefix("host of "), mark)
        if guest and guest.is_outside:
            context.complain(mark, f"{guest} is in the Internet", "a host of this region can be powered off")
            return None
        return HostOf(guest) if guest else None
    kind = next((kind for kind in PLACE_KINDS if words.startswith(f"{kind} ")), None)
    place = words.removeprefix(f"{kind} ")
    if kind is None or (kind == "host" and place in context.guests):
        context.complain(mark, f"{quoted(text)} is no place", _place_advice(context, words))
        return None
    zone, inner, _ = place.partition("/")
    if zone not in context.plan.zones:
        context.complain(mark, f"no zone {quoted(zone)}", instead(zone, context.plan.zones))
        return None
    if not PLACE.fullmatch(place) or bool(inner) == (kind == "zone"):
        example = {"zone": zone, "rack": f"{zone}/r1", "host": f"{zone}/r1/h1"}.get(kind, f"{zone}/{kind[0]}1")
        context.complain(mark, f"{quoted(place)} is no {kind}", f"write it like {kind} {example}")
        return None
    found = Place(kind, place)
    return found if _is_there(context, find_place, str(found), mark) else None


def _place_advice(context: Context, words: str) -> str:
    if words in context.plan.zones:
        return f"Did you mean zone {words}?"
    if words.removeprefix("host ") in context.guests:
        return f"Did you mean host of {words.removeprefix('host ')}?"
    return "write zone b, rack b/r1, host b/r1/h1, or host of NAME"


def _link(context: Context, text: str, path: Path) -> Link | Crossing | None:
    mark, before = context.value(path), len(context.problems)
    words = " ".join(text.split())
    crossing = CROSSING.fullmatch(words)
    if crossing is not None:
        found = Crossing(crossing[1] == "into", crossing[2])
        return found if _is_there(context, find_links, str(found), mark) else None
    if not ARROW.search(words):
        context.complain(mark, f"{quoted(text)} is no link", _link_advice(context, words))
        return None
    link = link_between(text, context.plan.zones, mark, context.problems)
    if link is None or len(context.problems) > before:
        return None
    return link if _is_there(context, find_links, str(link), mark) else None


def _link_advice(context: Context, words: str) -> str:
    first, last = context.plan.zones[0], context.plan.zones[-1]
    try:
        find_links(context.layout, f"links into {words}")
        return f"Did you mean links into {words}?"
    except Mistake:
        between = f"{first} <-> {last}, " if first != last else ""
        return f"write it like {between}core-{first} -> spine-{first}1 or links into zone {last}"


def _is_there(context: Context, find: Callable[[Layout, str], object], name: str, mark: Mark) -> bool:
    """In the fabric that the topology describes."""
    try:
        find(context.layout, name)
    except Mistake as mistake:
        context.complain(mark, mistake.message, mistake.advice)
        return False
    return True
