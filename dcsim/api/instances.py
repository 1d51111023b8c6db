"""Calls about instances. EC2 API Reference, Actions."""

from pydantic import Field

from dcsim import instance_request as request
from dcsim.api.call import Call
from dcsim.api.reference import InstanceRef


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
