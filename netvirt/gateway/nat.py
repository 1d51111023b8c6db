"""What the VPC itself does for a NAT gateway; the translation is `netvirt.appliance.nat`.

VPC User Guide, "NAT gateway basics"; Reachability Analyzer's explanation codes (NGW_*).
"""

from netvirt.journey import Hop, Outcome


def refused_to_strangers(name: str) -> Hop:
    """Who sends from another VPC, over a peering connection, gets nothing from a NAT gateway."""
    rule = "the sender is in another VPC"
    return Hop("nat", name, rule, "", Outcome.GATEWAY, "NGW_REQUIRES_SOURCE_IN_VPC")
