"""The order API's peers: the same order, stored the same way, without a framework and with another one."""
