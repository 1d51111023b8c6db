"""Journeys borrow the images that tests/hypervisor writes as bytes: its bench is a module of that directory."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent.parent / "hypervisor"))
