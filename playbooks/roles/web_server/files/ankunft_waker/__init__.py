"""Start an account's PHP with the first request and end it when it is idle.

nginx hands over a request for which nobody listened. The waker starts the account's units, passes the
request on byte by byte, and has no part in any later request. It runs as root without capabilities,
needs nothing but Python's own library, and believes nobody: not the name, not the state of a unit.
"""
