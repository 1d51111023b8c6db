"""dcsim: a simulator of network-virtualized datacenters in virtual time."""

__version__ = "0.1.0"
