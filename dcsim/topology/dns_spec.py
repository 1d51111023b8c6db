"""What may stand in a topology file about names and time."""

from typing import Annotated, ClassVar

from pydantic import Field

from dcsim.topology.fields import (
    ANYWHERE_LATER,
    ONE_OR_MORE,
    VALUES_OR_MAP,
    Address,
    Domain,
    NameServer,
    RecordName,
    RecordType,
    Seconds,
    Spec,
    Text,
)


class DhcpOptionsSpec(Spec):
    noun: ClassVar[str] = "DHCP option set"
    later: ClassVar[tuple[str, ...]] = (*ANYWHERE_LATER, "netbios_name_servers", "netbios_node_type")
    domain_name: Domain | None = Field(default=None, description="By default AWS's own for the region.")
    domain_name_servers: Annotated[list[NameServer], *ONE_OR_MORE] = Field(
        default=[], description="Four addresses at most; by default AmazonProvidedDNS, the VPC's resolver."
    )
    ntp_servers: Annotated[list[Address], *ONE_OR_MORE] = Field(
        default=[], description="Four addresses at most; by default none."
    )


class RecordSpec(Spec):
    noun: ClassVar[str] = "record"
    later: ClassVar[tuple[str, ...]] = ("alias", "weight", "failover", "region", "health_check", "multi_value_answer")
    type: RecordType = Field(default="A", description="A, CNAME, PTR or TXT. By default A.")
    ttl: Seconds = Field(default=300_000_000_000, description="How long it may be remembered; by default 300 s.")
    values: Annotated[list[Text], *ONE_OR_MORE] = Field(
        description="Addresses or guests' names for A; a name for CNAME and PTR; text for TXT."
    )


class HostedZoneSpec(Spec):
    noun: ClassVar[str] = "hosted zone"
    later: ClassVar[tuple[str, ...]] = ANYWHERE_LATER
    vpcs: Annotated[list[Text], *ONE_OR_MORE] | None = Field(
        default=None, description="The VPCs that see it: a private zone. By default it is public."
    )
    records: dict[RecordName, Annotated[RecordSpec, *VALUES_OR_MAP]] = Field(
        default={}, description="By name before the zone's, @ for its own; an address or a guest's name is enough."
    )
