"""Orders under fire: processes and servers are killed at random moments, and a separate program counts what is left."""
