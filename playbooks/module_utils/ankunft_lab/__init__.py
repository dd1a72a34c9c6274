"""Throw-away hosting servers on one machine: systemd-nspawn guests over shared read-only trees.

Used by the lab's action plugins and by the tests. Nothing here knows orders, accounts or the API; nothing
here ever runs on a hosting server.
"""
