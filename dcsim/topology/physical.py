"""What may stand under `plant:` and `links:` in a topology file: the physical network, in netem's words."""

import re
from typing import Annotated, ClassVar

from pydantic import Field, PlainValidator, WithJsonSchema

from dcsim.problem import Mistake
from dcsim.topology.fields import Duration, Queue, Rate, Ratio, Spec, Whole, text_of
from dcsim.topology.plan import Link, Plant
from dcsim.topology.quantity import count, format_duration, format_rate, format_size, size_bytes
from dcsim.topology.words import quoted

PLANT = Plant()
FULL_FRAME_BYTES = 1514
"""What netem's `limit: 1000` counts: frames; a limit in bytes needs a size for them."""
PLACE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./-]{0,62}")


def _limit_bytes(text: str) -> int:
    if text.isdecimal():
        return count(text, 1, 1_000_000) * FULL_FRAME_BYTES
    return size_bytes(text, "KB")


def parse_link(text: str) -> Link:
    """`a <-> b` or `a -> b`."""
    words = text.split()
    if len(words) != 3 or words[1] not in ("<->", "->"):
        raise Mistake(f"{quoted(text)} is not a link", "write it like a <-> b, a -> b or core-a -> spine-a1")
    for place in (words[0], words[2]):
        if not PLACE.fullmatch(place):
            raise Mistake(f"{quoted(place)} is not a place")
    if words[0] == words[2]:
        raise Mistake(f"{quoted(text)} goes nowhere", "a link has two different ends")
    return Link(words[0], words[2], words[1] == "<->")


Limit = Annotated[
    int,
    PlainValidator(lambda value: _limit_bytes(text_of(value))),
    WithJsonSchema({"type": ["integer", "string"], "examples": [1000, "2 MB"]}),
]


def by_default(text: str) -> str:
    """The end of a description."""
    return f"by default {text}."


class PlantSpec(Spec):
    noun: ClassVar[str] = "plant"
    datacenters: Annotated[int, Whole(1, 100)] = Field(default=PLANT.datacenters, description="Datacenters a zone.")
    power_domains: Annotated[int, Whole(1, 100)] = Field(
        default=PLANT.power_domains, description="Power domains a datacenter."
    )
    racks: Annotated[int, Whole(1, 10_000)] = Field(default=PLANT.racks, description="Racks a power domain.")
    hosts: Annotated[int, Whole(1, 1_000)] = Field(default=PLANT.hosts, description="Hosts a rack.")
    spines: Annotated[int, Whole(1, 1_000)] = Field(default=PLANT.spines, description="Spine switches a datacenter.")
    nic: Rate = Field(
        default=PLANT.nic_bps, description=f"Rate of a host's NIC; {by_default(format_rate(PLANT.nic_bps))}"
    )
    uplink: Rate = Field(
        default=PLANT.uplink_bps,
        description=f"Rate of every other link; {by_default(format_rate(PLANT.uplink_bps))}",
    )
    delay: Duration = Field(
        default=PLANT.delay_ns,
        description=f"One way, each link inside a zone; {by_default(format_duration(PLANT.delay_ns))}",
    )
    between_zones: Duration = Field(
        default=PLANT.between_zones_ns,
        description=f"One way, between two zones; {by_default(format_duration(PLANT.between_zones_ns))}",
    )
    nic_limit: Queue = Field(
        default=PLANT.nic_limit_bytes,
        description=f"Longest queue of a NIC; {by_default(format_size(PLANT.nic_limit_bytes))}",
    )
    uplink_limit: Queue = Field(
        default=PLANT.uplink_limit_bytes,
        description=f"Longest queue of other links; {by_default(format_size(PLANT.uplink_limit_bytes))}",
    )
    detection: Duration = Field(
        default=PLANT.detection_ns,
        description="From a link's death until the switch beside it stops using it; "
        + by_default(format_duration(PLANT.detection_ns)),
    )
    convergence: Duration = Field(
        default=PLANT.convergence_ns,
        description="From detection until the fabric routes around it; "
        + by_default(format_duration(PLANT.convergence_ns)),
    )
    propagation: Duration = Field(
        default=PLANT.propagation_ns,
        description="From a control plane change until every host decides by it; "
        + by_default(format_duration(PLANT.propagation_ns)),
    )


class ImpairmentSpec(Spec):
    """netem's words."""

    noun: ClassVar[str] = "link"
    rate: Rate | None = Field(default=None, description="Bits per second.")
    delay: Duration | None = Field(default=None, description="One way.")
    jitter: Duration | None = Field(default=None, description="The delay varies by up to this much.")
    loss: Ratio | None = Field(default=None, description="Share of frames lost.")
    corrupt: Ratio | None = Field(default=None, description="Share of frames with a flipped bit.")
    duplicate: Ratio | None = Field(default=None, description="Share of frames sent twice.")
    reorder: Ratio | None = Field(default=None, description="Share of frames that overtake.")
    limit: Limit | None = Field(
        default=None, description=f"Longest queue: a size, or a number of frames of {FULL_FRAME_BYTES} B."
    )
