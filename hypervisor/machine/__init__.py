"""Machine-code guests: a CPU, the devices it sees, and the loop that turns instructions into simulated time."""
