"""VPC Flow Logs: counting what passes an interface, and the records that come of it."""
