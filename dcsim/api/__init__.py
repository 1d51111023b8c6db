"""API calls as users write them: EC2's verbs, with properties called as in a topology file."""
