"""Calls about blocks, gateways, Elastic IPs, interfaces and peering. EC2 API Reference, Actions."""

from typing import Annotated, Any

from pydantic import Field

from dcsim import request
from dcsim.api.call import Asking, Call
from dcsim.api.reference import InstanceRef, NatGatewayRef, SecurityGroupRef, SubnetRef, VpcRef
from dcsim.cloud.vpc import Vpc
from dcsim.request import Verb
from dcsim.topology.fields import ONE_OR_MORE, Address, Block, Boolean, Connectivity, ElasticAddress, Name, Text


class AssociateVpcCidrBlock(Call):
    makes = request.AssociateVpcCidrBlock
    vpc: VpcRef = Field(description="The VPC that gets it.")
    cidr_block: Block = Field(description="One block more; every route table gets a local route for it.")


class CreateInternetGateway(Call):
    """Attached at once."""

    makes = request.CreateInternetGateway
    vpc: VpcRef = Field(description="The VPC that it is for.")
    name: Name = Field(description="What it is called from now on.")


class DetachInternetGateway(Call):
    makes = request.DetachInternetGateway
    vpc: VpcRef = Field(description="Nobody in it may have a public address.")


class CreateNatGateway(Call):
    makes = request.CreateNatGateway
    name: Name = Field(description="What it is called from now on.")
    subnet: SubnetRef = Field(description="Where it stands.")
    connectivity_type: Connectivity = Field(default="public", description="public or private. By default public.")
    elastic_ip: ElasticAddress | None = Field(default=None, description="Of a public one; by default a new one.")
    private_ip_address: Address | None = Field(default=None, description="By default the subnet's next free address.")

    def arguments(self, asking: Asking, vpc: Vpc, given: dict[str, Any]) -> dict[str, Any]:
        elastic_ip = given.pop("elastic_ip")
        has_one = self.connectivity_type == "public" or elastic_ip is not None
        return given | {"elastic_ips": (elastic_ip,) if has_one else ()}


class DeleteNatGateway(Call):
    makes = request.DeleteNatGateway
    nat_gateway: NatGatewayRef = Field(description="Routes to it stay, as black holes.")

    def arguments(self, asking: Asking, vpc: Vpc, given: dict[str, Any]) -> dict[str, Any]:
        return {"name": given["nat_gateway"]}


class AllocateAddress(Call):
    makes = request.AllocateAddress
    public_ip: ElasticAddress | None = Field(default=None, description="By default the next free one.")


class AssociateAddress(Call):
    makes = request.AssociateAddress
    instance: InstanceRef = Field(description="Whose it is from now on.")
    public_ip: ElasticAddress | None = Field(default=None, description="An Elastic IP; by default a new one.")
    private_ip_address: Address | None = Field(default=None, description="By default its primary one.")
    allow_reassociation: Boolean = Field(default=True, description="false fails when another has it. By default true.")


class DisassociateAddress(Call):
    makes = request.DisassociateAddress
    public_ip: ElasticAddress = Field(description="An Elastic IP that somebody has.")


class ReleaseAddress(Call):
    makes = request.ReleaseAddress
    public_ip: ElasticAddress = Field(description="An Elastic IP that nobody has.")


class ModifyNetworkInterfaceAttribute(Call):
    makes = request.ModifyNetworkInterfaceAttribute
    instance: InstanceRef = Field(description="Whose interface.")
    security_groups: Annotated[list[SecurityGroupRef], *ONE_OR_MORE] | None = Field(
        default=None, description="Its groups from now on, all of them."
    )
    source_dest_check: Boolean | None = Field(default=None, description="false lets it forward packets of others.")

    def arguments(self, asking: Asking, vpc: Vpc, given: dict[str, Any]) -> dict[str, Any]:
        return {
            "instance": given["instance"],
            "groups": given["security_groups"],
            "source_dest_check": self.source_dest_check,
        }


class CreateVpcPeeringConnection(Call):
    makes = request.CreateVpcPeeringConnection
    name: Name = Field(description="What it is called from now on.")
    vpc: Text = Field(description="The VPC that asks for it.")
    peer_vpc: Text = Field(description="The other VPC, which accepts at once.")


class DeleteVpcPeeringConnection(Call):
    makes = request.DeleteVpcPeeringConnection
    vpc_peering_connection: Text = Field(description="Routes over it stay, as black holes.")

    def request(self, asking: Asking) -> Verb:
        peerings = asking.control.peerings.values()
        name = next((each.name for each in peerings if each.id == self.vpc_peering_connection), None)
        return request.DeleteVpcPeeringConnection(
            name or self.vpc_peering_connection, mark=asking.mark, marks=asking.marks, words=asking.words
        )
