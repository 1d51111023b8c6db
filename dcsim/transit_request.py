"""What may be asked about transit gateways: EC2's verbs."""

from dataclasses import dataclass

from dcsim.asked import Asked
from netvirt.address import Cidr


@dataclass(frozen=True, slots=True)
class CreateTransitGateway(Asked):
    """Without tables of its own, one is made that every attachment is associated with and propagates to
    (DefaultRouteTableAssociation, DefaultRouteTablePropagation)."""

    name: str
    default_route_table: bool


@dataclass(frozen=True, slots=True)
class CreateTransitGatewayVpcAttachment(Asked):
    """One subnet a zone; instances of other zones cannot send to the gateway."""

    vpc: str
    name: str
    transit_gateway: str
    subnets: tuple[str, ...]
    appliance_mode_support: bool


@dataclass(frozen=True, slots=True)
class CreateTransitGatewayRouteTable(Asked):
    transit_gateway: str
    name: str


@dataclass(frozen=True, slots=True)
class AssociateTransitGatewayRouteTable(Asked):
    """What comes from the attachment is routed by this table."""

    transit_gateway: str
    route_table: str
    attachment: str


@dataclass(frozen=True, slots=True)
class EnableTransitGatewayRouteTablePropagation(Asked):
    """The attachment's own blocks become routes of this table."""

    transit_gateway: str
    route_table: str
    attachment: str


@dataclass(frozen=True, slots=True)
class CreateTransitGatewayRoute(Asked):
    """`attachment` None is a black hole, `unknown` (UNKNOWN) what is not simulated."""

    transit_gateway: str
    route_table: str
    destination: Cidr
    attachment: str | None


TransitRequest = (
    CreateTransitGateway
    | CreateTransitGatewayVpcAttachment
    | CreateTransitGatewayRouteTable
    | AssociateTransitGatewayRouteTable
    | EnableTransitGatewayRouteTablePropagation
    | CreateTransitGatewayRoute
)
