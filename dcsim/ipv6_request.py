"""What may be asked of the control plane for IPv6 alone."""

from dataclasses import dataclass

from dcsim.asked import Asked


@dataclass(frozen=True, slots=True)
class CreateEgressOnlyInternetGateway(Asked):
    """Made and attached to the VPC at once."""

    vpc: str
    name: str
