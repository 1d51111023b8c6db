"""Calls about instances. EC2 API Reference, Actions."""

from typing import Annotated, Any

from pydantic import Field

from dcsim import instance_request as request
from dcsim.api.call import Asking, Call
from dcsim.api.reference import InstanceRef
from dcsim.cloud.vpc import Vpc
from dcsim.topology.fields import ONE_OR_MORE, Address, Boolean, Whole


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
