"""Calls about instances. EC2 API Reference, Actions."""

from typing import Annotated, Any

from pydantic import Field

from dcsim import instance_request as request
from dcsim.api.call import Asking, Call
from dcsim.api.reference import InstanceRef, SecurityGroupRef, SubnetRef
from dcsim.cloud.vpc import Vpc
from dcsim.request import RunInstances as RunOne
from dcsim.topology.fields import ONE_OR_MORE, Address, Boolean, Name, Seconds, Text, Whole
from dcsim.topology.schema import Image
from dcsim.topology.vpc import DEFAULT_INSTANCE_TYPE


class RunInstances(Call):
    makes = RunOne
    name: Name = Field(description="What it is called from now on.")
    subnet: SubnetRef = Field(description="The subnet, and so the zone, that it is in.")
    security_groups: Annotated[list[SecurityGroupRef], *ONE_OR_MORE] | None = Field(
        default=None, description="By default the VPC's default group."
    )
    image: Image | None = Field(
        default=None, description="What it boots: agent, or an ELF file beside this one; nothing idles, answers pings."
    )
    private_ip_address: Address | None = Field(default=None, description="By default the subnet's next free address.")
    source_dest_check: Boolean = Field(
        default=True, description="false lets it forward packets of others. By default true."
    )
    instance_type: Text = Field(default=DEFAULT_INSTANCE_TYPE, description="What it takes of its host.")
    boot: Seconds | None = Field(default=None, description="How long it boots; by default the image's own time.")

    def arguments(self, asking: Asking, vpc: Vpc, given: dict[str, Any]) -> dict[str, Any]:
        boots = {"boot_ns": given.pop("boot"), "frequency_hz": None}
        return given | boots | {"security_groups": given["security_groups"] or ()}


class StopInstances(Call):
    makes = request.StopInstances
    instance: InstanceRef = Field(description="It is silent at once, and stopped a while later.")


class StartInstances(Call):
    makes = request.StartInstances
    instance: InstanceRef = Field(description="One that is stopped; on whichever host has room.")


class RebootInstances(Call):
    makes = request.RebootInstances
    instance: InstanceRef = Field(description="It boots where it is.")


class TerminateInstances(Call):
    makes = request.TerminateInstances
    instance: InstanceRef = Field(description="Its addresses are others' to have.")


class _Addresses(Call):
    instance: InstanceRef = Field(description="Whose interface.")

    def arguments(self, asking: Asking, vpc: Vpc, given: dict[str, Any]) -> dict[str, Any]:
        return given | {"private_ip_addresses": tuple(given["private_ip_addresses"])}


class AssignPrivateIpAddresses(_Addresses):
    makes = request.AssignPrivateIpAddresses
    private_ip_addresses: Annotated[list[Address], *ONE_OR_MORE] = Field(
        default=[], description="More secondary addresses, of its subnet."
    )
    secondary_private_ip_address_count: Annotated[int, Whole(0, 50)] = Field(
        default=0, description="Or how many, the lowest that are free."
    )
    allow_reassignment: Boolean = Field(
        default=False, description="true takes an address from who has it, with its Elastic IP. By default false."
    )


class UnassignPrivateIpAddresses(_Addresses):
    makes = request.UnassignPrivateIpAddresses
    private_ip_addresses: Annotated[list[Address], *ONE_OR_MORE] = Field(description="Secondary addresses of its own.")
