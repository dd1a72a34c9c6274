"""Zones: what our name servers say of the domains that customers ordered."""
