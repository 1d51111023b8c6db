"""Calls about flow logs. EC2 API Reference, Actions."""

from pydantic import Field

from dcsim import request
from dcsim.api.call import Asking, Call
from dcsim.api.reference import INSTANCE, SUBNET, VPC, Ref, look_up
from dcsim.request import Verb
from dcsim.topology.fields import Name, Text
from dcsim.topology.log_format import LONGEST_NS, AggregationInterval, LogFormat, ResourceType, TrafficType
from netvirt.flow_log.record import DEFAULT_FORMAT

NOUNS = {"VPC": VPC, "Subnet": SUBNET, "NetworkInterface": INSTANCE}


class CreateFlowLogs(Call):
    makes = request.CreateFlowLogs
    name: Name = Field(description="What it is called from now on.")
    resource_type: ResourceType = Field(description="What it watches.")
    resource: Text = Field(description="The VPC, the subnet, or the instance whose interface it is.")
    traffic_type: TrafficType = Field(default="ALL", description="What it tells of.")
    max_aggregation_interval: AggregationInterval = Field(
        default=LONGEST_NS, description="How long one record may be about; never more than 60 s on Nitro."
    )
    log_format: LogFormat | None = Field(
        default=None, description="Its fields, a list or one string; by default AWS's fourteen of version 2."
    )

    def request(self, asking: Asking) -> Verb:
        if self.log_format == []:
            raise asking.refusal("log_format", "InvalidParameterValue", "log_format is empty", "leave it out")
        wanted = Ref(NOUNS[self.resource_type], self.resource)
        vpc, (resource,) = look_up(asking.control, [(wanted, asking.where("resource"))])
        return request.CreateFlowLogs(
            vpc=vpc.name,
            name=self.name,
            resource_type=self.resource_type,
            resource=resource,
            traffic_type=self.traffic_type,
            max_aggregation_interval_ns=self.max_aggregation_interval,
            log_format=tuple(self.log_format or DEFAULT_FORMAT),
            mark=asking.mark,
            marks=asking.marks,
            words=asking.words,
        )
