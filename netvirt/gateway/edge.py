"""Gateway route tables: who gets a packet first that comes in over the internet gateway.

VPC User Guide, "Gateway route tables", "Middlebox routing". The gateway has put the private address in by then.
"""

from typing import NamedTuple

from netvirt.address import Ip
from netvirt.journey import Hop, Outcome
from netvirt.vpc.route_table import ToInterface
from netvirt.vpc.view import Interface, VpcView


class Entrance(NamedTuple):
    """`hop` is the table's word on it, None where the gateway has no table. Blocked, nobody gets the packet."""

    interface: Interface
    hop: Hop | None


def enter(view: VpcView, owner: Interface, destination: Ip) -> Entrance:
    """Where a packet for `destination`, an address of `owner`, goes."""
    table = view.tables.get(view.gateway_table)
    route = None if table is None else table.lookup(destination)
    if table is None or route is None:
        return Entrance(owner, None)
    hop = Hop("rt", table.name, route.text, route.written)
    if not view.reaches(route.target):
        return Entrance(owner, hop._replace(outcome=Outcome.BLACKHOLE, code="BAD_STATE_ROUTE"))
    if not isinstance(route.target, ToInterface):
        return Entrance(owner, hop)
    middlebox = view.interfaces[route.target.eni]
    if not any(address in view.public for address in middlebox.addresses):
        # AWS asks for one, and does not say what becomes of packets without it.
        rule = f"{route.text}, which has no public address"
        return Entrance(owner, hop._replace(rule=rule, outcome=Outcome.UNKNOWN, code="UNSUPPORTED_COMPONENT"))
    return Entrance(middlebox, hop)
