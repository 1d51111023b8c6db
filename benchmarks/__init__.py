"""Figures beside their peers, measured in one run: `make bench`. A figure is a ratio; below its floor exits 1."""
