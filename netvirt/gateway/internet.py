"""The internet gateway: a stateless one-to-one translation between private and public IPv4 addresses; IPv6 passes.

VPC User Guide, "Connect to the internet using an internet gateway"; what it refuses is in Reachability Analyzer's
explanation codes (IGW_*). It has no bandwidth limit and no zone; packets for it go to the region's border.
"""

from netvirt.address import Cidr, Ip, format_ip, is_ipv6, parse_cidr
from netvirt.frame import Flow
from netvirt.journey import Hop, Outcome
from netvirt.vpc.view import VpcView

PRIVATE = tuple(parse_cidr(block) for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
"""RFC 1918."""
SHARED = (parse_cidr("100.64.0.0/10"),)
"""RFC 6598."""


def leave(view: VpcView, gateway: str, flow: Flow) -> Hop:
    """May the packet go out? Then its source becomes the public address it names; IPv6 stays as it is."""
    if is_ipv6(flow.dst):
        return leave_untranslated(view, "igw", gateway, flow)
    for blocks, rfc in ((PRIVATE, "RFC1918"), (SHARED, "RFC6598")):
        if _within(blocks, flow.dst):
            rule = f"no private destination leaves ({rfc})"
            return _refused(gateway, rule, f"IGW_DESTINATION_ADDRESS_NOT_IN_{rfc}_EGRESS")
    public = view.public.get(flow.src)
    if public is None:
        rule = "the source has no public address"
        return _refused(gateway, rule, "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS")
    return Hop("igw", gateway, f"source becomes {format_ip(public)}")


def leave_untranslated(view: VpcView, kind: str, gateway: str, flow: Flow) -> Hop:
    """IPv6 leaves with its own source, which must be an address of some interface."""
    if view.at(flow.src) is None:
        rule = "no interface has the source address"
        return Hop(kind, gateway, rule, "", Outcome.GATEWAY, "GATEWAY_REJECTS_SPOOFED_TRAFFIC")
    return Hop(kind, gateway, "IPv6 passes untranslated")


def may_enter(source: Ip) -> bool:
    """Private and shared sources are refused (IGW_SOURCE_ADDRESS_NOT_IN_RFC1918_INGRESS, _RFC6598_INGRESS)."""
    return not _within(PRIVATE + SHARED, source)


def _refused(gateway: str, rule: str, code: str) -> Hop:
    return Hop("igw", gateway, rule, "", Outcome.GATEWAY, code)


def _within(blocks: tuple[Cidr, ...], address: Ip) -> bool:
    return any(block.holds(address) for block in blocks)
