"""Customer-managed prefix lists, a region's own. VPC User Guide, "Work with customer-managed prefix lists"."""

from dcsim.cloud.quota import exceeded
from dcsim.cloud.refusal import refusal
from dcsim.cloud.vpc import resource_id
from dcsim.quota import PREFIX_LISTS, Quotas
from dcsim.request import CreateManagedPrefixList
from netvirt.vpc.prefix_list import PrefixList

MOST_ENTRIES = 1_000
"""VPC User Guide, "Amazon VPC quotas"."""
RESERVED = "com.amazonaws"


def create_managed_prefix_list(
    lists: dict[str, PrefixList], quotas: Quotas, request: CreateManagedPrefixList
) -> list[str]:
    """Entries may overlap, but none is there twice."""
    name, entries = request.name, request.entries
    if name in lists:
        raise refusal(request, "InvalidParameterValue", f"there is a prefix list {name} already", "use another name")
    if name.startswith(RESERVED):
        raise refusal(request, "InvalidParameterValue", f"prefix lists that begin with {RESERVED} are AWS's own")
    if len(lists) >= quotas[PREFIX_LISTS]:
        message = f"the region has {len(lists)} prefix lists already"
        raise exceeded(request, "PrefixListLimitExceeded", message, quotas, PREFIX_LISTS)
    if not 1 <= request.max_entries <= MOST_ENTRIES:
        message = f"{name} cannot have max_entries {request.max_entries}"
        raise refusal(request, "InvalidParameterValue", message, f"use 1 to {MOST_ENTRIES}", field="max_entries")
    if len(entries) > request.max_entries:
        message = f"{name} has {len(entries)} entries, and max_entries is {request.max_entries}"
        raise refusal(request, "PrefixListMaxEntriesExceeded", message, "raise max_entries", field="max_entries")
    for position, entry in enumerate(entries):
        if entry in entries[:position]:
            raise refusal(request, "InvalidParameterValue", f"{name} has {entry} twice", field="entries")
    made = lists[name] = PrefixList(resource_id("pl", name), name, request.max_entries, entries)
    return [made.id]
