"""What may stand in a scenario file, and the JSON Schema of both kinds of files."""

import json
import re
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, ModelWrapValidatorHandler, PrivateAttr, WithJsonSchema, model_validator
from pydantic.json_schema import GenerateJsonSchema, models_json_schema
from pydantic_core.core_schema import NullableSchema

from dcsim.api.call import Call
from dcsim.api.verbs import VERBS
from dcsim.problem import Mistake
from dcsim.scenario.expectation import Sentence, parse_sentence
from dcsim.scenario.scenario import ACTIONS
from dcsim.topology.fields import (
    NAMES_OR_MAP,
    ONE_OR_MORE,
    Duration,
    Minutes,
    Name,
    Rate,
    Ratio,
    Seconds,
    Size,
    Spec,
    Text,
    Whole,
    from_text,
)
from dcsim.topology.kind import SCENARIO_KEYS
from dcsim.topology.physical import FULL_FRAME_BYTES, ImpairmentSpec, Limit
from dcsim.topology.schema import TopologyFile, Version
from dcsim.topology.words import instead, quoted

CAPTURES = ("probes", "links", "all")
PROBE_KINDS_LATER = ("udp", "tcp", "http", "dns", "sql")
ACTION_WORDS_LATER = (
    "away_from",
    "complete_if_instances_terminated",
    "expires_in",
    "force_failover",
    "percentage",
    "scope",
    "start_instances_after_duration",
)
"""What actions that are not simulated yet are told."""
DEFAULT_EVERY_NS = DEFAULT_TIMEOUT_NS = 1_000_000_000
DEFAULT_SIZE_BYTES = 56
"""What ping sends (iputils): 64 bytes with the ICMP header."""


def _capture(text: str) -> str:
    if text not in CAPTURES:
        raise Mistake(f"{quoted(text)} is unknown", instead(text, CAPTURES), field=True)
    return text


Capture = Annotated[Literal["probes", "links", "all"], from_text(_capture), WithJsonSchema({"enum": list(CAPTURES)})]
ActionName = Annotated[str, from_text(str), WithJsonSchema({"enum": list(ACTIONS)})]
Expected = Annotated[
    Sentence,
    from_text(parse_sentence),
    WithJsonSchema({"type": "string", "examples": ["across.loss == 0 % before outage"]}),
]


class ProbeSpec(Spec):
    noun: ClassVar[str] = "probe"
    later: ClassVar[tuple[str, ...]] = (*PROBE_KINDS_LATER, "rate", "connect")
    ping: Text | None = Field(default=None, description="The instance to ping.")
    ping6: Text | None = Field(default=None, description="The instance to ping at its IPv6 address.")
    source: Text | None = Field(default=None, alias="from", description="The instance that asks.")
    every: Seconds = Field(default=DEFAULT_EVERY_NS, description="Between two questions; by default 1 s.")
    timeout: Seconds = Field(default=DEFAULT_TIMEOUT_NS, description="A later answer counts as lost; by default 1 s.")
    size: Size = Field(default=DEFAULT_SIZE_BYTES, description="Payload of a question; by default 56 B.")


CALL = "ec2:"
"""An action of this beginning is a verb; the entry's other keys are the verb's."""
VERB_SAID = "The verb, as EC2 calls it."
ENTRY_KEYS = ("at", "after", "duration", "action")
"""What an entry says of itself, whatever its action."""


def verb_in(value: object) -> str | None:
    """The verb that an entry calls: `ReplaceRoute` of `ec2:ReplaceRoute`. None: it calls none."""
    action = value.get("action") if isinstance(value, dict) else None
    return action.removeprefix(CALL) if isinstance(action, str) and action.startswith(CALL) else None


class EntrySpec(ImpairmentSpec):
    noun: ClassVar[str] = "timeline entry"
    later: ClassVar[tuple[str, ...]] = ("actions", "fis", "when", "zone", *ACTION_WORDS_LATER)
    rate: Rate | None = Field(default=None, description="Bits per second; the slowest of all that hold counts.")
    delay: Duration | None = Field(default=None, description="Added to the link's own delay, one way.")
    jitter: Duration | None = Field(default=None, description="Added to the link's own: the delay varies by so much.")
    loss: Ratio | None = Field(
        default=None, description="Share of frames lost, independent of what the link or another entry loses."
    )
    limit: Limit | None = Field(
        default=None, description=f"Longest queue: a size, or frames of {FULL_FRAME_BYTES} B; the shortest counts."
    )
    at: Minutes | None = Field(default=None, description="When it starts.")
    after: Text | None = Field(default=None, description="The entry at whose end it starts.")
    duration: Minutes | None = Field(default=None, description="How long; by default until the end.")
    action: ActionName | None = Field(
        default=None,
        description="power-off, link-down or impair; or a verb for the control plane, like ec2:ReplaceRoute, with "
        "that verb's keys; none is just a window.",
    )
    target: Text | None = Field(
        default=None,
        description="zone b, rack b/r1, host b/r1/h1, host of NAME; or links: a <-> b, core-a -> spine-a1, "
        "links into zone b, links out of rack b/r1.",
    )

    _call: Call | None = PrivateAttr(default=None)

    @property
    def call(self) -> Call | None:
        return self._call

    @classmethod
    def kind_for(cls, value: object) -> type[Spec]:
        return VERBS.get(verb_in(value) or "", cls)

    @model_validator(mode="wrap")
    @classmethod
    def _verbs_have_their_own_keys(cls, value: object, read: ModelWrapValidatorHandler["EntrySpec"]) -> "EntrySpec":
        verb = verb_in(value)
        if verb is None:
            return read(value)
        assert isinstance(value, dict), "it has an action"
        entry = read({key: value[key] for key in ENTRY_KEYS if key in value})
        if verb in VERBS:
            entry._call = VERBS[verb].model_validate({key: value[key] for key in value if key not in ENTRY_KEYS})
        return entry


class ScenarioFile(Spec):
    """What happens, what is asked meanwhile, and what is expected."""

    noun: ClassVar[str] = "scenario"
    later: ClassVar[tuple[str, ...]] = ("steady_state", "stop_conditions")
    version: Version = Field(description="Of this file format.")
    topology: Text = Field(description="The topology's file, relative to this one, or one of dcsim's own.")
    duration: Minutes = Field(description="How much time is simulated.")
    seed: Annotated[int, Whole(0, 2**63 - 1)] = Field(default=0, description="Draws every random choice; by default 0.")
    capture: Capture = Field(default="probes", description="What is recorded: vNICs of probes, links as well, or all.")
    probes: Annotated[dict[Name, ProbeSpec], *NAMES_OR_MAP] = Field(
        default={}, description="Questions that guests keep asking, by name."
    )
    timeline: Annotated[dict[Name, EntrySpec], *NAMES_OR_MAP] = Field(
        default={}, description="What is done to the world; each name is also a time window."
    )
    expect: Annotated[list[Expected], *ONE_OR_MORE] = Field(
        default=[], description="PROBE.MEASURE OPERATOR VALUE, optionally before, during or after ENTRY."
    )


class _ForEditors(GenerateJsonSchema):
    """Nobody writes null; a key that may be missing is simply not required."""

    def nullable_schema(self, schema: NullableSchema) -> dict[str, Any]:
        return self.generate_inner(schema["schema"])


def json_schema(which: Literal["topology", "scenario"] | None = None) -> dict[str, Any]:
    """Of one kind of file, or of either: what has a key that only scenarios have is one."""
    kinds: list[type[Spec]] = [TopologyFile, ScenarioFile, *VERBS.values()]
    both, shared = models_json_schema([(kind, "validation") for kind in kinds], schema_generator=_ForEditors)
    _tell_of_calls(shared["$defs"])
    topology, scenario = both[TopologyFile, "validation"], both[ScenarioFile, "validation"]
    recognised = {"anyOf": [{"required": [key]} for key in SCENARIO_KEYS]}
    either = {"if": recognised, "then": scenario, "else": topology}
    chosen: dict[str, Any] = either if which is None else {"topology": topology, "scenario": scenario}[which]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"dcsim {which or 'topology or scenario'}",
        **chosen,
        "$defs": _without_defaults(_used(chosen, shared["$defs"])),
    }


def _tell_of_calls(definitions: dict[str, Any]) -> None:
    """An entry of a timeline is one of EntrySpec, or a verb with its own keys and an entry's."""
    timeline = definitions["ScenarioFile"]["properties"]["timeline"]
    entry = definitions["EntrySpec"]["properties"]
    for verb in VERBS:
        keys = {key: entry[key] for key in ("at", "after")} | {
            "action": {"const": f"{CALL}{verb}", "description": VERB_SAID}
        }
        definitions[verb]["properties"] |= keys
        definitions[verb]["required"] = [*definitions[verb].get("required", ()), "action"]
    either = {"anyOf": [{"$ref": "#/$defs/EntrySpec"}, *({"$ref": f"#/$defs/{verb}"} for verb in VERBS)]}
    for form in timeline["anyOf"]:
        form |= (
            {"patternProperties": dict.fromkeys(form["patternProperties"], either)}
            if "patternProperties" in form
            else {}
        )


def _used(schema: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """pydantic also describes the insides of what files hold as text: rules, blocks, sentences."""
    names: list[str] = []
    waiting = [schema]
    while waiting:
        for name in re.findall(r'"#/\$defs/(\w+)"', json.dumps(waiting.pop())):
            if name not in names:
                names.append(name)
                waiting.append(definitions[name])
    return {name: definitions[name] for name in sorted(names)}


def _without_defaults(schema: Any) -> Any:
    """Defaults are integers in our smallest units, which no file holds; descriptions say them."""
    if isinstance(schema, list):
        return [_without_defaults(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {key: _without_defaults(value) for key, value in schema.items() if key != "default"}
