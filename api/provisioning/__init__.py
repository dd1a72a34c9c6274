"""From an accepted order to an account: hosts, draws, jobs and the agents' routes."""
