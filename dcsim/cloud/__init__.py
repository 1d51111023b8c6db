"""The control plane: EC2's verbs. `control` is the one door; each noun's file holds its state and its verbs."""
