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
    context_settings={"help_option_names": ["-h", "--help"]},
)

File = Annotated[Path, typer.Argument(help="A topology or scenario file; a name that ships with dcsim will do.")]
Json = Annotated[bool, typer.Option("--json", help="For programs: JSON on standard output.")]
Seed = Annotated[
    int | None,
    typer.Option(help="Draws every random choice; default: the scenario's, or 0.", min=0, max=2**63 - 1),
]


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


@app.command()
def check(file: File, as_json: Json = False) -> None:
    """Is the file right? Every problem with its place, and what to do."""
    from dcsim.cli.check import check

    raise typer.Exit(check(file, as_json))


@app.command()
def run(
    scenario: File,
    seed: Seed = None,
    out: Annotated[Path | None, typer.Option(help="The run directory; default: runs/SCENARIO-SEED-HASH.")] = None,
    as_json: Json = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
) -> None:
    """Play a scenario and judge its expectations. Exit 1 when one does not hold."""
    from dcsim.cli.run import run

    raise typer.Exit(run(scenario, seed, out, as_json, quiet))


@app.command()
def trace(
    file: File,
    source: Annotated[str, typer.Argument(help="The guest that sends.")],
    destination: Annotated[str, typer.Argument(help="A guest, or an IPv4 address.")],
    traffic: Annotated[list[str], typer.Argument(help="tcp PORT, udp PORT, icmp, or proto NUMBER.")],
    source_port: Annotated[int | None, typer.Option(help="Of TCP or UDP.", min=0, max=65535)] = None,
    as_json: Json = False,
) -> None:
    """Which rule lets a packet through, or stops it? Both directions; exit 1 when it is blocked."""
    from dcsim.cli.trace import trace

    raise typer.Exit(trace(file, source, destination, traffic, source_port, as_json))


@app.command()
def ping(
    file: File,
    source: Annotated[str, typer.Argument(help="The guest that asks.")],
    destination: Annotated[str, typer.Argument(help="A guest, or an IPv4 address.")],
    count: Annotated[int, typer.Option("-c", "--count", min=1, max=100_000, help="How many requests.")] = 4,
    every: Annotated[str, typer.Option("-i", "--every", help="From one request to the next.")] = "1 s",
    timeout: Annotated[str, typer.Option("-W", "--timeout", help="How long to wait for an answer.")] = "1 s",
    size: Annotated[int, typer.Option("-s", "--size", min=0, max=8973, help="Bytes of data.")] = 56,
    seed: Seed = None,
    as_json: Json = False,
) -> None:
    """Let one guest ping another, in its own code. Exit 1 when nothing comes back."""
    from dcsim.cli.ping import ping

    raise typer.Exit(ping(file, source, destination, count, every, timeout, size, seed, as_json))


@app.command()
def inspect(
    file: File,
    name: Annotated[str | None, typer.Argument(help="What to look at; default: everything, by name.")] = None,
    expanded: Annotated[bool, typer.Option(help="Print the file with every copy written out.")] = False,
    as_json: Json = False,
) -> None:
    """What a file comes to: addresses, routes, rules, places."""
    from dcsim.cli.inspect import inspect

    raise typer.Exit(inspect(file, name, expanded, as_json))


@app.command()
def reach(
    file: File,
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="[ASSERTIONS]...", help="Files of assertions, as with --assert.")
    ] = None,
    asserted: Annotated[
        list[Path] | None, typer.Option("--assert", help="Judge a file's sentences: left reaches right on tcp 22.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Who reaches whom, on what? With assertions: exit 1 when one does not hold."""
    from dcsim.cli.reach import reach

    raise typer.Exit(reach(file, [*(files or []), *(asserted or [])], as_json))


@app.command()
def shell(file: File, seed: Seed = None) -> None:
    """Try things by hand: ping, cut links, power zones off; time passes only when you let it."""
    from dcsim.cli.shell import shell

    raise typer.Exit(shell(file, seed))


@app.command()
def schema() -> None:
    """The files' JSON Schema, for editors."""
    from dcsim.cli.schema import schema

    raise typer.Exit(schema())
