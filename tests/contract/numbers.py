"""People and domains that no other test uses."""

from itertools import count

from tests.customer.form import Person, person

_people = count(1)
_domains = count(1)


def new_person() -> Person:
    """Return somebody who has not ordered yet."""
    return person(next(_people))


def new_domain() -> str:
    """Return a name that nobody has ordered yet."""
    return f"beispiel-{next(_domains):06d}.de"
