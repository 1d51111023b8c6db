"""Prefix lists that some rule or route names."""

from collections.abc import Iterable, Iterator

from dcsim.describe.inventory import Inventory
from dcsim.describe.names import Wanted, distinct
from dcsim.describe.notes import Notes
from dcsim.describe.shapes import PrefixList
from dcsim.describe.vpc import Home
from dcsim.describe.write import Map, Noted
from netvirt.address import Cidr, parse_cidr

COMMAND = "aws ec2 get-managed-prefix-list-entries --prefix-list-id ID > ID.json"
MOST_ENTRIES = 1_000
"""VPC User Guide, "Amazon VPC quotas"."""


def prefix_lists(stock: Inventory, homes: Iterable[Home], notes: Notes) -> dict[str, list[Cidr]]:
    """Id -> blocks, of those whose entries are in the folder; the others are asked for."""
    found: dict[str, list[Cidr]] = {}
    for name in sorted({each for home in homes for each in _named(home)}):
        if name not in stock.entries:
            notes.miss(COMMAND, name)
            continue
        blocks = [block for text in stock.entries[name] if (block := _block(name, text, notes)) is not None]
        if len(blocks) > MOST_ENTRIES:
            notes.leave_out("prefix list", name, f"with more than {MOST_ENTRIES:,} entries")
        else:
            found[name] = list(dict.fromkeys(blocks))
    return found


def _named(home: Home) -> Iterator[str]:
    for group in home.security_groups.values():
        for permission in (*group.ip_permissions, *group.ip_permissions_egress):
            yield from (each.prefix_list_id for each in permission.prefix_list_ids)
    for table in home.route_tables.values():
        for route in table.routes:
            if route.destination_prefix_list_id:
                yield route.destination_prefix_list_id


def _block(name: str, text: str, notes: Notes) -> Cidr | None:
    try:
        return parse_cidr(text)
    except ValueError:
        notes.leave_out("prefix list entry", f"{name} {text}", "of IPv6")
        return None


def list_names(stock: Inventory, lists: Iterable[str], homes: Iterable[Home]) -> dict[str, str]:
    """A rule names a list as it names a group: no group has its name."""
    groups = {home.names[group] for home in homes for group in home.security_groups}
    wanted = []
    for aws_id in lists:
        known = stock.prefix_lists.get(aws_id)
        wanted.append(Wanted(aws_id, known.tagged or known.prefix_list_name if known else ""))
    return distinct(wanted, groups)


def weight(blocks: list[Cidr], known: PrefixList | None) -> int:
    """What it counts as: as many entries as it may have."""
    most = known.max_entries if known else 0
    return most if len(blocks) <= most <= MOST_ENTRIES else len(blocks)


def section_of_lists(stock: Inventory, lists: dict[str, list[Cidr]], names: dict[str, str]) -> Map:
    entries: Map = {}
    for aws_id, blocks in sorted(lists.items(), key=lambda item: names[item[0]]):
        counts = weight(blocks, stock.prefix_lists.get(aws_id))
        block: Map = {} if counts == len(blocks) else {"max_entries": str(counts)}
        entries[names[aws_id]] = Noted(block | {"entries": [str(each) for each in sorted(blocks)]}, aws_id)
    return entries
