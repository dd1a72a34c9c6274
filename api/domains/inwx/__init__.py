"""The reseller INWX by its own client (JSON-RPC), for hosters without accreditations of their own."""
