"""What the public interface promises, held against a real API process with a real database; no server is needed."""
