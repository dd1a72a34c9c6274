"""EPP (RFC 5730 to 5734, DNSSEC by RFC 5910, grace periods by RFC 3915): a session with a registry, a driver on it."""
