"""Who owns everything here, and what AWS calls the owner's places."""

from collections.abc import Sequence

ACCOUNT_ID = "123456789012"
"""The account of AWS's own examples. There is one owner, so any other would do as well."""

_SHORT = {
    "north": "n",
    "south": "s",
    "east": "e",
    "west": "w",
    "central": "c",
    "northeast": "ne",
    "northwest": "nw",
    "southeast": "se",
    "southwest": "sw",
}


def az_id(region: str, zones: Sequence[str], zone: str) -> str:
    """`euw1-az1`: the region in short, and the zone's position (RAM User Guide, "Availability Zone IDs for your AWS
    resources"). Which name has which number differs from account to account; here they are in order."""
    short = "".join(_SHORT.get(part, part) for part in region.split("-"))
    return f"{short}-az{zones.index(zone) + 1}"
