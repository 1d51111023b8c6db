"""A VPC that somebody runs, as the AWS CLI prints it, to a topology file."""
