"""`python -m benchmarks [NAME ...]`: measure, print the table, exit 1 when a figure breaks its bound."""

import sys

from rich.console import Console
from rich.table import Table

from benchmarks import chain, decision, large_vpc, machine, overlay, region, start
from benchmarks.figure import Figure

SUITES = {
    "chain": chain.figures,
    "overlay": overlay.figures,
    "decision": decision.figures,
    "region": region.figures,
    "large_vpc": large_vpc.figures,
    "machine": machine.figures,
    "start": start.figures,
}


def main() -> int:
    wanted = sys.argv[1:] or list(SUITES)
    unknown = [name for name in wanted if name not in SUITES]
    if unknown:
        sys.stderr.write(f"no benchmark {', '.join(unknown)}; there are {', '.join(SUITES)}\n")
        return 2
    console = Console(highlight=False)
    found: list[Figure] = []
    for name in wanted:
        with console.status(f"measuring {name}"):
            found += SUITES[name]()
    table = Table("figure", "measured", "bound", "")
    for figure in found:
        table.add_row(*figure.row)
    console.print(table)
    return 0 if all(figure.holds for figure in found) else 1


if __name__ == "__main__":
    sys.exit(main())
