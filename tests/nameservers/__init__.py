"""PowerDNS and a resolver for tests and the lab: the real programs, unpacked, on an address of one's own."""
