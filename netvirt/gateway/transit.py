"""Transit gateways: routers between VPCs, with an interface of each attached VPC in each of its zones.

A packet reaches its own VPC's interface in its own zone, is routed by the table that this attachment is associated
with, crosses to the interface of another attachment, and goes on from there by that subnet's route table.
Transit Gateway guide, "How transit gateways work", "Transit gateway attachments to a VPC", "Appliance in a shared
services VPC".
"""

import zlib
from dataclasses import dataclass

from netvirt.address import Mac, Vni
from netvirt.frame import Flow
from netvirt.journey import Hop, Outcome
from netvirt.vpc.route_table import ToAttachment, ToNowhere
from netvirt.vpc.view import Interface, TransitGateway, VpcAttachment

BACKPLANE_MAC = Mac(0x0A_FE_00_00_00_01)
"""What interfaces of one gateway send to each other through: locally administered, nobody's."""


@dataclass(frozen=True, slots=True)
class Crossing:
    """Where a packet leaves a transit gateway: the attachment, and its interface."""

    attachment: VpcAttachment
    interface: Interface


def enter(gateway: TransitGateway, vni: Vni, zone: str) -> Interface | Hop:
    """The interface by which a VPC's packets in this zone come to the gateway, or why there is none."""
    attachment = gateway.attachment_of(vni)
    if attachment is None:
        return _refused(gateway, "the VPC is not attached to it", Outcome.BLACKHOLE, "BAD_STATE_ROUTE")
    interface = attachment.interfaces.get(zone)
    if interface is None:
        rule = f"{attachment.name} has no subnet in zone {zone}"
        return _refused(gateway, rule, Outcome.GATEWAY, "TGW_ROUTE_AZ_RESTRICTION")
    return interface


def cross(gateway: TransitGateway, vni: Vni, zone: str, flow: Flow) -> tuple[Hop, Crossing | None]:
    """From the interface of one attachment to that of another. The gateway's table decides to which."""
    attachment = gateway.attachment_of(vni)
    table = None if attachment is None else gateway.tables.get(attachment.table)
    if attachment is None or table is None:
        rule = "the attachment is associated with no route table"
        code = "TGW_ATTACH_MISSING_TGW_RTB_ASSOCIATION"
        return _refused(gateway, rule, Outcome.GATEWAY, code), None
    route = table.lookup(flow.dst)
    if route is None:
        rule = f"{table.name} has no route to the destination"
        return _refused(gateway, rule, Outcome.NO_ROUTE, "TGW_RTB_NO_ROUTE_TO_TGW_ATTACHMENT"), None
    if isinstance(route.target, ToNowhere):
        rule = f"{table.name}: {route.text}"
        return Hop("tgw", gateway.name, rule, route.written, Outcome.UNKNOWN, "UNSUPPORTED_COMPONENT"), None
    target = gateway.attachments.get(route.target.attachment) if isinstance(route.target, ToAttachment) else None
    if target is None:
        return Hop("tgw", gateway.name, route.text, route.written, Outcome.BLACKHOLE, "TGW_RTB_BAD_STATE_ROUTE"), None
    interface = target.interfaces[_zone(target, zone, flow)]
    return Hop("tgw", gateway.name, f"{table.name}: {route.text}", route.written), Crossing(target, interface)


def _zone(target: VpcAttachment, zone: str, flow: Flow) -> str:
    """Traffic stays in its zone. Where the target is not there, or is an appliance's VPC, its flow decides.

    In appliance mode both directions of a flow come to the same zone, as long as it lives: so the hash is of the two
    ends in an order of their own.
    """
    if zone in target.interfaces and not target.appliance_mode:
        return zone
    ends = sorted([(flow.src, max(flow.src_port, 0)), (flow.dst, max(flow.dst_port, 0))])
    zones = sorted(target.interfaces)
    return zones[zlib.crc32(repr((flow.protocol, ends)).encode()) % len(zones)]


def _refused(gateway: TransitGateway, rule: str, outcome: Outcome, code: str) -> Hop:
    return Hop("tgw", gateway.name, rule, "", outcome, code)
