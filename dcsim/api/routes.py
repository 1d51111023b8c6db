"""Calls about route tables. EC2 API Reference, Actions."""

from typing import Annotated, Any

from pydantic import Field, WithJsonSchema

from dcsim import request
from dcsim.api.call import Asking, Call
from dcsim.api.reference import RouteTableRef, SubnetRef, VpcRef, route_target
from dcsim.cloud.vpc import Vpc
from dcsim.problem import Mistake
from dcsim.topology.fields import Name, Text, from_text
from dcsim.topology.words import quoted
from netvirt.address import Cidr, parse_block


def _destination(text: str) -> Cidr | request.PrefixListName:
    """IPv4 blocks start with a digit, names with a letter; only IPv6 blocks have colons."""
    if not text[:1].isdigit() and ":" not in text:
        return request.PrefixListName(text)
    try:
        return parse_block(text)
    except ValueError:
        advice = "write it like 10.0.0.0/16, or name a prefix list"
        raise Mistake(
            f"{quoted(text)} is not an {'IPv6' if ':' in text else 'IPv4'} block", advice, field=True
        ) from None


Destination = Annotated[
    Cidr | request.PrefixListName,
    from_text(_destination),
    WithJsonSchema({"type": "string", "examples": ["10.0.0.0/16"]}),
]


class CreateRouteTable(Call):
    makes = request.CreateRouteTable
    vpc: VpcRef = Field(description="The VPC that it is for.")
    name: Name = Field(description="What it is called from now on.")


class DeleteRouteTable(Call):
    makes = request.DeleteRouteTable
    route_table: RouteTableRef = Field(description="No subnet may have it, and main stays.")


class _ToTarget(Call):
    route_table: RouteTableRef = Field(description="The route table.")
    destination: Destination = Field(description="The route's destination, exactly.")
    target: Text = Field(description="An instance, a gateway or a peering connection.")

    def arguments(self, asking: Asking, vpc: Vpc, given: dict[str, Any]) -> dict[str, Any]:
        target, through = route_target(asking.control, vpc, self.target, asking.where("target"))
        return given | {"target": target, "through": through}


class CreateRoute(_ToTarget):
    makes = request.CreateRoute


class ReplaceRoute(_ToTarget):
    makes = request.ReplaceRoute


class DeleteRoute(Call):
    makes = request.DeleteRoute
    route_table: RouteTableRef = Field(description="The route table.")
    destination: Destination = Field(description="The route's destination, exactly.")


class AssociateRouteTable(Call):
    makes = request.AssociateRouteTable
    route_table: RouteTableRef = Field(description="The route table.")
    subnet: SubnetRef = Field(description="A subnet that follows main.")


class ReplaceRouteTableAssociation(Call):
    makes = request.ReplaceRouteTableAssociation
    route_table: RouteTableRef = Field(description="The route table from now on.")
    subnet: SubnetRef = Field(description="A subnet that has another one.")


class DisassociateRouteTable(Call):
    makes = request.DisassociateRouteTable
    subnet: SubnetRef = Field(description="It follows main from now on.")
