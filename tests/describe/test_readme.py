"""The README's session is real: its lines are the command's."""

import shutil
from pathlib import Path

from cli.desk import ROOT, Desk, desk

__all__ = ["desk"]
COMMAND = "dcsim import describe mine > mine.yaml"


def test_the_readmes_session_is_real(desk: Desk) -> None:
    shutil.copytree(Path(__file__).parent / "company", desk.path / "mine")
    session = (ROOT / "README.md").read_text("utf-8").partition(f"$ {COMMAND}\n")[2].partition("```")[0]
    err = desk.dcsim("import", "describe", "mine").err.splitlines()
    shown = [line for line in session.splitlines() if line != "..."]
    assert len(shown) > 5
    assert [line for line in shown if line not in err] == []


def test_help_and_readme_ask_for_the_same_calls(desk: Desk) -> None:
    def calls(text: str) -> list[str]:
        return text.partition("for what in ")[2].partition("; do")[0].replace("\\", "").split()

    found = calls((ROOT / "README.md").read_text("utf-8"))
    assert len(found) > 15
    assert calls(desk.dcsim("import", "describe", "--help").out) == found
