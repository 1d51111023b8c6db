"""The virtual network: wire formats, VPC rules, the way of a packet. Sans-I/O: time and entropy are arguments."""
