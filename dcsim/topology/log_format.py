"""What a flow log's own keys hold: AWS's words, and the format of its records."""

import re
from typing import Annotated, Literal

from pydantic import BeforeValidator, WithJsonSchema

from dcsim.problem import Mistake
from dcsim.topology.fields import from_text
from dcsim.topology.quantity import duration_ns
from dcsim.topology.words import closest, instead, listed, quoted
from netvirt.flow_log.record import FIELDS

RESOURCE_TYPES = ("VPC", "Subnet", "NetworkInterface")
TRAFFIC_TYPES = ("ACCEPT", "REJECT", "ALL")
INTERVALS_NS = (60_000_000_000, 600_000_000_000)
"""EC2 API Reference, CreateFlowLogs, MaxAggregationInterval: 60 or 600 seconds."""
LONGEST_NS = INTERVALS_NS[-1]
_IN_BRACES = re.compile(r"\$\{([^{}]*)\}")


def _resource_type(text: str) -> str:
    if text not in RESOURCE_TYPES:
        raise Mistake(f"{quoted(text)} is unknown", instead(text, RESOURCE_TYPES), field=True)
    return text


def _traffic_type(text: str) -> str:
    if text not in TRAFFIC_TYPES:
        raise Mistake(f"{quoted(text)} is unknown", instead(text, TRAFFIC_TYPES), field=True)
    return text


def _interval_ns(text: str) -> int:
    interval_ns = duration_ns(text, "s")
    if interval_ns not in INTERVALS_NS:
        raise Mistake(f"cannot be {text}", "AWS has 60 s and 600 s", field=True)
    return interval_ns


def _record_field(text: str) -> str:
    """`srcaddr`, or `${srcaddr}` as CloudFormation has it."""
    braced = _IN_BRACES.fullmatch(text)
    name = braced[1] if braced else text
    if name not in FIELDS:
        meant = closest(name, FIELDS)
        advice = f"Did you mean {meant}?" if meant else f"they have {listed(FIELDS)}"
        raise Mistake(f"flow logs have no field {quoted(name)}", advice)
    return name


def _words(value: object) -> object:
    """CloudFormation's one string is as good as a list."""
    return value.split() if isinstance(value, str) else value


ResourceType = Annotated[
    Literal["VPC", "Subnet", "NetworkInterface"], from_text(_resource_type), WithJsonSchema({"enum": [*RESOURCE_TYPES]})
]
TrafficType = Annotated[
    Literal["ACCEPT", "REJECT", "ALL"], from_text(_traffic_type), WithJsonSchema({"enum": [*TRAFFIC_TYPES]})
]
AggregationInterval = Annotated[int, from_text(_interval_ns), WithJsonSchema({"enum": ["60 s", "600 s"]})]
RecordField = Annotated[str, from_text(_record_field), WithJsonSchema({"enum": list(FIELDS)})]
LogFormat = Annotated[
    list[RecordField],
    BeforeValidator(_words),
    WithJsonSchema({"type": ["string", "array"], "examples": ["${srcaddr} ${dstaddr} ${action}"]}),
]
