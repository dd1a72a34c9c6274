"""The contract on paper: what goes out, what comes back, and who confirms it."""
