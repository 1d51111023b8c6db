"""The one door of the control plane: whoever wants something of it sends a request here."""

from collections.abc import Callable

from dcsim.cloud import (
    cidr_block,
    dhcp_options,
    flow_log,
    hosted_zone,
    internet_gateway,
    nat_gateway,
    network_acl,
    peering,
    prefix_list,
    public_address,
    route_table,
    security_group,
    subnet,
    vpc,
)
from dcsim.cloud.capacity import Capacity
from dcsim.cloud.flow_log import FlowLog
from dcsim.cloud.hosted_zone import HostedZone
from dcsim.cloud.instance import Launched, run_instances
from dcsim.cloud.peering import Peering
from dcsim.cloud.placed import Installed
from dcsim.cloud.public_address import PublicAddresses
from dcsim.cloud.refusal import find, refusal
from dcsim.cloud.vpc import Vpc
from dcsim.fabric.layout import Layout
from dcsim.request import (
    AssociateAddress,
    AssociateDhcpOptions,
    AssociateRouteTable,
    AssociateVpcCidrBlock,
    AuthorizeSecurityGroupEgress,
    AuthorizeSecurityGroupIngress,
    ChangeResourceRecordSets,
    CreateFlowLogs,
    CreateHostedZone,
    CreateInternetGateway,
    CreateManagedPrefixList,
    CreateNatGateway,
    CreateNetworkAcl,
    CreateNetworkAclEntry,
    CreateRoute,
    CreateRouteTable,
    CreateSecurityGroup,
    CreateSubnet,
    CreateVpc,
    CreateVpcPeeringConnection,
    DeleteNatGateway,
    ModifyVpcAttribute,
    ReplaceNetworkAclAssociation,
    Request,
    RevokeSecurityGroupEgress,
    RunInstances,
)
from netvirt.vpc.prefix_list import PrefixList
from netvirt.vpc.view import VpcView


class Control:
    """One region's EC2. `on_run` builds the guest when an instance was given its place, `on_install` an appliance.

    `epoch_ns` is what t = 0 stands for since 1970. `seed` is for what EC2 leaves to chance.
    """

    def __init__(
        self,
        layout: Layout,
        on_run: Callable[[Launched], None],
        on_install: Callable[[Installed], None],
        epoch_ns: int = 0,
        seed: int = 0,
    ) -> None:
        self.layout = layout
        self._seed = seed
        self.prefix_lists: dict[str, PrefixList] = {}
        self._epoch_ns = epoch_ns
        self.vpcs: dict[str, Vpc] = {}
        self._capacity = Capacity(layout)
        self._on_run = on_run
        self._on_install = on_install
        self._interfaces = 0
        self.public = PublicAddresses()
        self.peerings: dict[str, Peering] = {}
        self.hosted_zones: dict[str, HostedZone] = {}
        self.flow_logs: dict[str, FlowLog] = {}

    def call(self, request: Request) -> list[str]:
        """Carry out a verb, or raise Refused with EC2's code. Returns the ids of what changed."""
        if isinstance(request, CreateVpc):
            return vpc.create_vpc(self.vpcs, self.layout.region, self._epoch_ns, request)
        if isinstance(request, CreateManagedPrefixList):
            return prefix_list.create_managed_prefix_list(self.prefix_lists, request)
        if isinstance(request, CreateHostedZone):
            return hosted_zone.create_hosted_zone(self.vpcs, self.hosted_zones, request)
        if isinstance(request, ChangeResourceRecordSets):
            return hosted_zone.change_resource_record_sets(self.vpcs, self.hosted_zones, request)
        home = find(self.vpcs, request.vpc, request, "InvalidVpcID.NotFound", "VPC")
        match request:
            case AssociateVpcCidrBlock():
                return cidr_block.associate_vpc_cidr_block(home, self._peers(home), request)
            case CreateSubnet():
                return subnet.create_subnet(home, self.layout.zones, request)
            case CreateRouteTable():
                return route_table.create_route_table(home, request)
            case CreateRoute():
                return route_table.create_route(home, self.peerings, self.prefix_lists, self._seed, request)
            case ModifyVpcAttribute():
                return dhcp_options.modify_vpc_attribute(home, request)
            case AssociateDhcpOptions():
                return dhcp_options.associate_dhcp_options(home, request)
            case CreateInternetGateway():
                return internet_gateway.create_internet_gateway(home, request)
            case AssociateAddress():
                return public_address.associate_address(home, self.public, request)
            case CreateVpcPeeringConnection():
                return peering.create_vpc_peering_connection(self.vpcs, self.peerings, request)
            case AssociateRouteTable():
                return subnet.associate_route_table(home, request)
            case CreateNetworkAcl():
                return network_acl.create_network_acl(home, request)
            case CreateNetworkAclEntry():
                return network_acl.create_network_acl_entry(home, request)
            case ReplaceNetworkAclAssociation():
                return subnet.replace_network_acl_association(home, request)
            case CreateSecurityGroup():
                return security_group.create_security_group(home, request)
            case AuthorizeSecurityGroupIngress() | AuthorizeSecurityGroupEgress():
                return security_group.authorize(home, self.vpcs, self.prefix_lists, request)
            case RevokeSecurityGroupEgress():
                return security_group.revoke_default_egress(home, request)
            case CreateFlowLogs():
                return flow_log.create_flow_logs(home, self.flow_logs, request)
            case RunInstances():
                return self._run_instances(home, request)
            case CreateNatGateway():
                return self._create_nat_gateway(home, request)
            case DeleteNatGateway():
                return nat_gateway.delete_nat_gateway(home, self.public, request)

    def view(self, name: str) -> VpcView:
        """What hosts are to know of a VPC, its peers as they are now included."""
        ours = [peering for peering in self.peerings.values() if name in peering.vpcs]
        return self.vpcs[name].view({peering.id: self.vpcs[peering.other(name)].view({}) for peering in ours})

    def _peers(self, home: Vpc) -> list[Vpc]:
        return [self.vpcs[each.other(home.name)] for each in self.peerings.values() if home.name in each.vpcs]

    def touched(self, name: str) -> list[str]:
        """The VPCs whose views a change of this one changes: its own, and its peers'."""
        if name not in self.vpcs:
            return []
        return [name, *(peering.other(name) for peering in self.peerings.values() if name in peering.vpcs)]

    def _run_instances(self, home: Vpc, request: RunInstances) -> list[str]:
        wanted = home.subnets.get(request.subnet)
        public = wanted is not None and home.maps_public[wanted.id]
        if public and self.public.dry:
            raise refusal(request, "InsufficientAddressCapacity", "the region has no public address left")
        self._interfaces += 1
        placed = run_instances(home, self.layout, self._capacity, self._interfaces, request)
        if public:
            address = self.public.take(request.name)
            assert address is not None, "the pool is not dry"
            home.public[placed.interface.address] = address
        self._on_run(placed)
        # Whoever names one of its groups as a peer now means its address too.
        return [placed.interface.id, *placed.interface.groups]

    def _create_nat_gateway(self, home: Vpc, request: CreateNatGateway) -> list[str]:
        self._interfaces += 1
        args = home, self.layout, self._capacity, self.public, self._interfaces
        installed = nat_gateway.create_nat_gateway(*args, request)
        self._on_install(installed)
        return [home.nat_gateways[request.name].id, installed.interface.id]
