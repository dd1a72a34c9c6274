"""Customers who were merged: who is like the one who is gone is like the one who stayed."""

import pytest

from api.customers.deciding import merge
from api.customers.duplicates import compare_new
from api.equipment import Equipment
from tests.unit.api.test_duplicates import ANNA, OTHER, filed, pairs

pytestmark = pytest.mark.usefixtures("database")


async def test_a_double_of_a_number_that_was_given_up_is_one_of_the_number_that_was_kept(equipment: Equipment) -> None:
    first, second = await filed(equipment), await filed(equipment, **OTHER)
    await compare_new(equipment.seal)
    await merge(first, second, actor=ANNA)
    elsewhere = {"customer__street": "Anderswo 1", "customer__postal_code": "10115", "customer__given_name": "Lan"}
    third = await filed(equipment, **(OTHER | elsewhere | {"customer__phone": "+4915188888888"}))
    assert await pairs(equipment) == [(first, third, ["mail"])]
    fourth = await filed(equipment, customer__email=OTHER["customer__email"])
    assert (first, fourth, ["address", "mail", "phone"]) in await pairs(equipment)
