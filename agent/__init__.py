"""The agent on a hosting server: the courier speaks to the order API, the runner brings accounts into being."""
