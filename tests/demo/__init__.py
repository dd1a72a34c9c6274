"""`make demo`: an order told while it happens, then proofs that its account is a real one."""
