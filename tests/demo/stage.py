"""All that is known once the story has been told: what the proofs are about."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.customer.arrival import Arrival
from tests.customer.lab import Lab
from tests.customer.shop import Shop
from tests.sysadmin.daemons import Daemons
from tests.sysadmin.ssh import Root


@dataclass(frozen=True, slots=True)
class Stage:
    """A fleet, a desk with staff's rights, and two orders of one customer."""

    lab: Lab
    desk: Shop
    first: Arrival
    second: Arrival
    #: Domains of the first order, as the customer typed them.
    first_domains: tuple[str, ...]
    second_domain: str
    #: The shared daemons of each host before the first click.
    daemons: Mapping[str, Daemons]

    def root(self, host: str) -> Root:
        """Return root's SSH on *host*."""
        return Root(self.lab.hosts[host].address, self.lab.ssh_key)

    def host_of(self, arrival: Arrival) -> str:
        """Return the inventory name of the host that serves *arrival*'s web."""
        address = arrival.account.hosts["web"]
        return next(name for name, server in self.lab.hosts.items() if server.address == address)

    def cart(self, arrival: Arrival) -> dict[str, Any]:
        """Return what staff see of *arrival*'s order."""
        return self.desk.cart(arrival.order.cart_id)
