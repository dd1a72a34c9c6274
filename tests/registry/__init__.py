"""A registry for the lab and the tests: EPP over TLS in its own process, every frame judged by the RFCs' schemas."""
