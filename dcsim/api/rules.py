"""Calls about security groups and network ACLs. EC2 API Reference, Actions."""

from typing import Annotated, Any

from pydantic import Field

from dcsim import request
from dcsim.api.call import Asking, Call
from dcsim.api.reference import NetworkAclRef, SecurityGroupRef, SubnetRef, VpcRef
from dcsim.cloud.network_acl import FIRST_RULE, LAST_RULE
from dcsim.cloud.vpc import Vpc
from dcsim.topology.fields import EgressRule, IngressRule, Name, NumberedEgress, NumberedIngress, Whole
from dcsim.topology.rule import NumberedRule, Rule

RuleNumber = Annotated[int, Whole(FIRST_RULE, LAST_RULE)]


class CreateSecurityGroup(Call):
    makes = request.CreateSecurityGroup
    vpc: VpcRef = Field(description="The VPC that it is for.")
    name: Name = Field(description="What it is called from now on.")


class DeleteSecurityGroup(Call):
    makes = request.DeleteSecurityGroup
    security_group: SecurityGroupRef = Field(description="No interface may have it, and no other group's rule name it.")

    def arguments(self, asking: Asking, vpc: Vpc, given: dict[str, Any]) -> dict[str, Any]:
        return {"group": given["security_group"]}


class _Inwards(Call):
    security_group: SecurityGroupRef = Field(description="The group.")
    ingress: IngressRule = Field(description="One rule, as a sentence.")

    def arguments(self, asking: Asking, vpc: Vpc, given: dict[str, Any]) -> dict[str, Any]:
        return _rule(asking, given["security_group"], self.ingress)


class _Outwards(Call):
    security_group: SecurityGroupRef = Field(description="The group.")
    egress: EgressRule = Field(description="One rule, as a sentence.")

    def arguments(self, asking: Asking, vpc: Vpc, given: dict[str, Any]) -> dict[str, Any]:
        return _rule(asking, given["security_group"], self.egress)


class AuthorizeSecurityGroupIngress(_Inwards):
    makes = request.AuthorizeSecurityGroupIngress


class AuthorizeSecurityGroupEgress(_Outwards):
    makes = request.AuthorizeSecurityGroupEgress


class RevokeSecurityGroupIngress(_Inwards):
    makes = request.RevokeSecurityGroupIngress


class RevokeSecurityGroupEgress(_Outwards):
    makes = request.RevokeSecurityGroupEgress


def _rule(asking: Asking, group: str, rule: Rule) -> dict[str, Any]:
    """A name that is a prefix list's is no group's: a file cannot give it to both."""
    is_list = isinstance(rule.peer, str) and rule.peer in asking.control.prefix_lists
    return {
        "group": group,
        "protocol": rule.traffic.protocol,
        "ports": rule.traffic.ports,
        "icmp_type": rule.traffic.icmp_type,
        "icmp_code": rule.traffic.icmp_code,
        "peer": request.PrefixListName(str(rule.peer)) if is_list else rule.peer,
        "text": rule.text,
    }


class CreateNetworkAcl(Call):
    makes = request.CreateNetworkAcl
    vpc: VpcRef = Field(description="The VPC that it is for.")
    name: Name = Field(description="What it is called from now on.")


class DeleteNetworkAcl(Call):
    makes = request.DeleteNetworkAcl
    network_acl: NetworkAclRef = Field(description="No subnet may have it, and default stays.")


class ReplaceNetworkAclAssociation(Call):
    makes = request.ReplaceNetworkAclAssociation
    network_acl: NetworkAclRef = Field(description="The network ACL from now on.")
    subnet: SubnetRef = Field(description="The subnet.")


class _Entry(Call):
    network_acl: NetworkAclRef = Field(description="The network ACL.")
    ingress: NumberedIngress | None = Field(default=None, description="One rule into the subnet.")
    egress: NumberedEgress | None = Field(default=None, description="Or one rule out of it.")

    def arguments(self, asking: Asking, vpc: Vpc, given: dict[str, Any]) -> dict[str, Any]:
        rule: NumberedRule = _one_way(self, asking, given)
        return {
            "network_acl": given["network_acl"],
            "egress": self.egress is not None,
            "rule_number": rule.number,
            "allow": rule.allow,
            "protocol": rule.traffic.protocol,
            "ports": rule.traffic.ports,
            "icmp_type": rule.traffic.icmp_type,
            "icmp_code": rule.traffic.icmp_code,
            "cidr_block": rule.cidr_block,
            "text": rule.text,
        }


class CreateNetworkAclEntry(_Entry):
    makes = request.CreateNetworkAclEntry


class ReplaceNetworkAclEntry(_Entry):
    makes = request.ReplaceNetworkAclEntry


class DeleteNetworkAclEntry(Call):
    makes = request.DeleteNetworkAclEntry
    network_acl: NetworkAclRef = Field(description="The network ACL.")
    ingress: RuleNumber | None = Field(default=None, description="The number of a rule into the subnet.")
    egress: RuleNumber | None = Field(default=None, description="Or of one out of it.")

    def arguments(self, asking: Asking, vpc: Vpc, given: dict[str, Any]) -> dict[str, Any]:
        number = _one_way(self, asking, given)
        return {"network_acl": given["network_acl"], "egress": self.egress is not None, "rule_number": number}


def _one_way(call: Call, asking: Asking, given: dict[str, Any]) -> Any:
    """What is said of the one direction that is meant."""
    ways = [given[way] for way in ("ingress", "egress") if given[way] is not None]
    if len(ways) != 1:
        code = "InvalidParameterCombination" if ways else "MissingParameter"
        raise asking.refusal("egress", code, f"{call.noun} is about one direction", "Write ingress or egress")
    return ways[0]
