"""What may stand in a topology file about transit gateways."""

from typing import Annotated, ClassVar

from pydantic import Field

from dcsim.topology.fields import ANYWHERE_LATER, NAMES_OR_MAP, ONE_OR_MORE, Name, Spec, Switch, Text


class TransitGatewayAttachmentSpec(Spec):
    noun: ClassVar[str] = "transit gateway attachment"
    later: ClassVar[tuple[str, ...]] = (*ANYWHERE_LATER, "vpn_connection", "direct_connect_gateway", "peer")
    vpc: Text = Field(description="The VPC it attaches.")
    subnets: Annotated[list[Text], *ONE_OR_MORE] = Field(
        description="One in each zone that is to be reached; each gets an interface of the gateway."
    )
    appliance_mode_support: Switch = Field(
        default=False, description="enable keeps both directions of a flow in one zone. By default disable."
    )


class TransitGatewayRouteTableSpec(Spec):
    noun: ClassVar[str] = "transit gateway route table"
    later: ClassVar[tuple[str, ...]] = ANYWHERE_LATER
    associations: Annotated[list[Text], *ONE_OR_MORE] = Field(
        default=[], description="Attachments whose packets it routes; one table each."
    )
    propagations: Annotated[list[Text], *ONE_OR_MORE] = Field(
        default=[], description="Attachments whose blocks become routes of their own."
    )
    routes: dict[str, Text] = Field(
        default={}, description="Destination block: an attachment; blackhole; unknown for what is not simulated."
    )


class TransitGatewaySpec(Spec):
    noun: ClassVar[str] = "transit gateway"
    later: ClassVar[tuple[str, ...]] = (*ANYWHERE_LATER, "amazon_side_asn", "multicast_support", "vpn_ecmp_support")
    attachments: dict[Name, TransitGatewayAttachmentSpec] = Field(default={}, description="By name.")
    route_tables: Annotated[dict[Name, TransitGatewayRouteTableSpec], *NAMES_OR_MAP] = Field(
        default={}, description="By name; without any, one leads from every attachment to every other."
    )
