"""A whole fleet in one machine: the real API and its worker on PostgreSQL, played hosts, and orders for all of them."""
