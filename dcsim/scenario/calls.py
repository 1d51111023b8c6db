"""Calls of a timeline, rehearsed: the control plane alone, as the file makes it, is asked each in its turn.

What means nothing is wrong in the file. What EC2 would refuse then is a warning: the run goes on without it.
"""

from collections.abc import Sequence
from dataclasses import replace

from dcsim.api.call import Asking
from dcsim.api.verbs import marks_of, words_of
from dcsim.cloud.control import Control
from dcsim.cloud.lifecycle import settle
from dcsim.cloud.public_address import named_addresses
from dcsim.instance_request import StartInstances, StopInstances, TerminateInstances
from dcsim.problem import Refused
from dcsim.scenario.context import Context
from dcsim.scenario.scenario import ApiCall, Entry
from dcsim.scenario.schema import ENTRY_KEYS
from dcsim.topology.tree import Mapping, find


def with_calls(context: Context, entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """The entries, those that call with their requests."""
    calling = [entry for entry in entries if context.file.timeline[entry.name].call is not None]
    if not calling:
        return tuple(entries)
    control = _as_the_file_makes_it(context)
    in_turn = sorted(calling, key=lambda entry: (entry.start_ns, _follows(context, entry.name)))
    made = {entry.name: _rehearsed(context, control, entry, turn) for turn, entry in enumerate(in_turn)}
    return tuple(replace(entry, action=made.get(entry.name, entry.action)) for entry in entries)


def _follows(context: Context, name: str) -> int:
    """How many entries this one comes after: of one moment, who follows is later, wherever it stands."""
    after = context.file.timeline[name].after
    return 0 if after is None else 1 + _follows(context, after)


def _rehearsed(context: Context, control: Control, entry: Entry, turn: int) -> ApiCall | None:
    """None when it means nothing; a complaint has been made."""
    call, node = context.file.timeline[entry.name].call, find(context.root, ["timeline", entry.name])
    assert call is not None and isinstance(node, Mapping), "it calls"
    keys = [key for key in node.nodes if key not in ENTRY_KEYS]
    said = replace(node, nodes={key: node.nodes[key] for key in keys}, keys={key: node.keys[key] for key in keys})
    try:
        request = call.request(Asking(control, entry.mark, marks_of(said), words_of(said)))
    except Refused as refused:
        context.problems += refused.problems
        return None
    try:
        control.call(request)
    except Refused as refused:
        context.warnings += [replace(each, warning=True) for each in refused.problems]
    if isinstance(request, StopInstances | StartInstances | TerminateInstances):
        settle(control.lives, request.vpc, request.instance)
    return ApiCall(request, turn)


def _as_the_file_makes_it(context: Context) -> Control:
    """Without hosts and guests. What is wrong with the topology is told by who builds it."""
    control = Control(context.layout, _nobody, _nobody, context.plan.start_ns)
    for address in named_addresses(context.plan.requests):
        control.public.promise(address)
    for request in context.plan.requests:
        try:
            control.call(request)
        except Refused:
            continue
    return control


def _nobody(_: object) -> None:
    """Needs no guest."""
