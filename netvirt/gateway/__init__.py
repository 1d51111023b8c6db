"""Gateways that are functions of a packet: they have no interface, live on no host, and cannot fail alone."""
