"""The commands. Each imports what it needs when it runs, so that `dcsim --help` is quick."""

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from dcsim import __version__
from dcsim.cli import status


class _Commands(TyperGroup):
    """typer would end both with a status that says something else."""

    def invoke(self, ctx: Any) -> Any:
        try:
            try:
                return super().invoke(ctx)
            finally:
                sys.stdout.flush()
        except BrokenPipeError:
            # Whoever read our output has seen enough; Python would complain again when it closes stdout.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(status.YES) from None
        except KeyboardInterrupt as interruption:
            sys.stderr.write(status.ended("interrupted", interruption))
            raise typer.Exit(status.INTERRUPTED) from None


app = typer.Typer(
    cls=_Commands,
    help="Ask what happens to you when a zone goes dark.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

File = Annotated[
    Path, typer.Argument(metavar="FILE", help="A topology or scenario file; a name that ships with dcsim will do.")
]
Source = Annotated[str, typer.Argument(metavar="SOURCE", help="The guest that asks.")]
Destination = Annotated[str, typer.Argument(metavar="DESTINATION", help="A guest, or an address.")]
Json = Annotated[bool, typer.Option("--json", help="For programs: JSON on standard output.")]
Seed = Annotated[
    str | None,
    typer.Option(metavar="N", help="Draws every random choice; by default the scenario's, or 0."),
]
MOST_SEED = 2**63 - 1


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"dcsim {__version__}")
        raise typer.Exit


@app.callback()
def _top(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say it and exit.")
    ] = False,
) -> None:
    pass


@app.command(short_help="Is the file right?")
def check(file: File, as_json: Json = False) -> None:
    """Is the file right? Every problem with its place, and what to do."""
    from dcsim.cli.check import check

    raise typer.Exit(check(file, as_json))


@app.command(short_help="Play a scenario and judge its expectations.")
def run(
    scenario: Annotated[
        Path, typer.Argument(metavar="FILE", help="A scenario file; a name that ships with dcsim will do.")
    ],
    seed: Seed = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="The run directory; by default runs/SCENARIO-SEED-HASH.")
    ] = None,
    as_json: Json = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
) -> None:
    """Play a scenario and judge its expectations. Exit 1 when one does not hold."""
    from dcsim.cli.loading import whole
    from dcsim.cli.run import run

    raise typer.Exit(run(scenario, whole("--seed", seed, 0, MOST_SEED), out, as_json, quiet))


@app.command(short_help="Which rule lets a packet through, or stops it?")
def trace(
    file: File,
    source: Source,
    destination: Destination,
    traffic: Annotated[
        list[str],
        typer.Argument(metavar="TRAFFIC", help="tcp PORT, udp PORT, icmp, proto NUMBER; over IPv6 tcp6, udp6, icmpv6."),
    ],
    source_port: Annotated[str | None, typer.Option(metavar="PORT", help="Of TCP or UDP; by default 49152.")] = None,
    size: Annotated[
        str | None, typer.Option("-s", "--size", metavar="N", help="An IP packet of N bytes that nobody may cut.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Which rule lets a packet through, or stops it? Both directions; exit 1 when it is blocked."""
    from dcsim.cli.loading import whole
    from dcsim.cli.trace import LEAST_BYTES, trace
    from netvirt.mtu import MTU_BYTES

    port = whole("--source-port", source_port, 0, 65535)
    octets = whole("--size", size, LEAST_BYTES, MTU_BYTES.value)
    raise typer.Exit(trace(file, source, destination, traffic, port, octets, as_json))


@app.command(short_help="What became of a packet of a run, and by which rules?")
def explain(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The directory that a run left.")],
    packet: Annotated[str, typer.Option(metavar="N", help="The number that Wireshark shows, from 1.")],
    as_json: Json = False,
) -> None:
    """What became of a packet of a run, and by which rules? The run is played again for it; exit 1 when it was lost."""
    from dcsim.cli.loading import whole
    from dcsim.cli.packet import explain

    raise typer.Exit(explain(run, whole("--packet", packet, 1, 10**9), as_json))


@app.command(short_help="Let one guest ping another, in its own code.")
def ping(
    file: File,
    source: Source,
    destination: Destination,
    count: Annotated[str, typer.Option("-c", "--count", metavar="N", help="How many requests.")] = "4",
    every: Annotated[str, typer.Option("-i", "--every", metavar="TIME", help="From one request to the next.")] = "1 s",
    timeout: Annotated[
        str, typer.Option("-W", "--timeout", metavar="TIME", help="How long to wait for an answer.")
    ] = "1 s",
    size: Annotated[str, typer.Option("-s", "--size", metavar="N", help="Bytes of data.")] = "56",
    discovery: Annotated[
        str, typer.Option("-M", metavar="do|dont", help="do: fragments are forbidden, as with Linux's ping.")
    ] = "dont",
    ipv6: Annotated[bool, typer.Option("-6", "--ipv6", help="Ping the IPv6 address of the named guest.")] = False,
    seed: Seed = None,
    as_json: Json = False,
) -> None:
    """Let one guest ping another, in its own code. Exit 1 when nothing comes back."""
    from dcsim.cli.loading import one_of, whole
    from dcsim.cli.ping import ping
    from dcsim.pinging import MOST_BYTES, Payload

    payload = Payload(whole("--size", size, 0, MOST_BYTES), one_of("-M", discovery, "do", "dont") == "do")
    asked = whole("--count", count, 1, 100_000), every, timeout, payload
    raise typer.Exit(ping(file, source, destination, *asked, whole("--seed", seed, 0, MOST_SEED), as_json, ipv6))


@app.command(short_help="What a file comes to.")
def inspect(
    file: File,
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="A resource, a guest or a place; by default everything.")
    ] = None,
    expanded: Annotated[bool, typer.Option("--expanded", help="Print the file with every copy written out.")] = False,
    as_json: Json = False,
) -> None:
    """What a file comes to: addresses, routes, rules, places."""
    from dcsim.cli.inspect import inspect

    raise typer.Exit(inspect(file, name, expanded, as_json))


@app.command(short_help="Who reaches whom, on what?")
def reach(
    file: File,
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="ASSERTIONS", help="Files of assertions, as with --assert.")
    ] = None,
    asserted: Annotated[
        list[Path] | None,
        typer.Option("--assert", metavar="FILE", help="Judge sentences: left reaches right on tcp 22."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Who reaches whom, on what? With assertions: exit 1 when one does not hold."""
    from dcsim.cli.reach import reach

    raise typer.Exit(reach(file, [*(files or []), *(asserted or [])], as_json))


@app.command(short_help="Try things by hand.")
def shell(file: File, seed: Seed = None) -> None:
    """Try things by hand: ping, cut links, power zones off; time passes only when you let it."""
    from dcsim.cli.loading import whole
    from dcsim.cli.shell import shell

    raise typer.Exit(shell(file, whole("--seed", seed, 0, MOST_SEED)))


imports = typer.Typer(help="Make a topology of what you have elsewhere.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(imports, name="import", short_help="Make a topology of what you have elsewhere.")


@imports.command(short_help="Your own VPC, as the AWS CLI describes it.")
def describe(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="A folder of JSON files; their names and sub-folders mean nothing.")
    ],
    region: Annotated[
        str | None, typer.Option(metavar="REGION", help="Like eu-west-1; needed where DIR holds several.")
    ] = None,
    account: Annotated[
        str | None, typer.Option(metavar="ID", help="Twelve digits; by default all that own VPCs there.")
    ] = None,
) -> None:
    """Your own VPC, as the AWS CLI describes it, to a topology on standard output.

    These commands only read:

    \b
    mkdir mine && cd mine
    for what in vpcs subnets route-tables network-acls security-groups network-interfaces \\
        instances internet-gateways nat-gateways addresses vpc-peering-connections \\
        managed-prefix-lists dhcp-options vpc-endpoints transit-gateways \\
        transit-gateway-vpc-attachments transit-gateway-attachments \\
        transit-gateway-route-tables vpn-connections vpn-gateways customer-gateways \\
        egress-only-internet-gateways; do
      aws ec2 describe-$what --output json > $what.json
    done
    aws elbv2 describe-load-balancers --output json > load-balancers.json
    cd .. && dcsim import describe mine > mine.yaml && dcsim check mine.yaml

    And for each prefix list, and each route table of a transit gateway:

    \b
    aws ec2 get-managed-prefix-list-entries --prefix-list-id pl-ID > mine/pl-ID.json
    aws ec2 search-transit-gateway-routes --transit-gateway-route-table-id tgw-rtb-ID \\
        --filters Name=type,Values=static,propagated > mine/tgw-rtb-ID.json

    What DIR holds that is not simulated is named on standard error, and at the head of the file.
    """
    from dcsim.cli.describe import describe

    raise typer.Exit(describe(directory, region, account))


@app.command(short_help="The files' JSON Schema, for editors.")
def schema() -> None:
    """The files' JSON Schema, for editors."""
    from dcsim.cli.schema import schema

    raise typer.Exit(schema())
