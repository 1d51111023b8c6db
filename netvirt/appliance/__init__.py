"""What stands on the way of packets as a thing of its own, unlike gateways, which are only rules."""
