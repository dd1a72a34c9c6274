"""Every state meets every event: what the table holds is done and journaled, what it does not is refused."""

import itertools

import pytest

from api import journal, orders, piccolo_conf
from api.equipment import Equipment
from api.lifecycle import ORDER_MOVES, IllegalMoveError, OrderEvent, OrderState
from api.tables import Journal, Order, OrderDomain
from tests.unit.api.orderform import placed, row_of

pytestmark = pytest.mark.usefixtures("database")


async def test_an_order_goes_where_the_table_says_and_nowhere_else(equipment: Equipment) -> None:
    order_id = await placed(equipment)
    for state, event in itertools.product(OrderState, OrderEvent):
        await Order.update({Order.state: state.value}).where(Order.id == order_id)
        before = await Journal.count()
        if (state, event) in ORDER_MOVES:
            async with piccolo_conf.DB.transaction():
                row = await orders.move(order_id, event, actor=journal.SYSTEM)
            (entry,) = await Journal.select().where(Journal.id == row)
            assert (entry["state_before"], entry["state_after"]) == (state, ORDER_MOVES[state, event])
            assert (await row_of(order_id))["state"] == ORDER_MOVES[state, event]
        else:
            with pytest.raises(IllegalMoveError):
                await orders.move(order_id, event, actor=journal.SYSTEM)
            assert (await row_of(order_id))["state"] == state
            assert await Journal.count() == before


@pytest.mark.parametrize("event", [OrderEvent.REFUSED, OrderEvent.LAPSED, OrderEvent.WITHDRAWN])
async def test_an_order_that_ends_keeps_no_auth_code(equipment: Equipment, event: OrderEvent) -> None:
    order_id = await placed(equipment)
    mine = OrderDomain.order == order_id
    await OrderDomain.update({OrderDomain.auth_code_sealed: "sealed"}).where(mine)
    for step, kept in ((OrderEvent.OFFERED, "sealed"), (event, None)):
        async with piccolo_conf.DB.transaction():
            await orders.move(order_id, step, actor=journal.SYSTEM)
        assert {row["auth_code_sealed"] for row in await OrderDomain.select().where(mine)} == {kept}


async def test_the_database_knows_no_other_state(equipment: Equipment) -> None:
    order_id = await placed(equipment)
    with pytest.raises(Exception, match="orders_state_check"):
        await Order.update({Order.state: "LOST"}).where(Order.id == order_id)


async def test_an_order_that_is_not_there_is_moved_nowhere() -> None:
    with pytest.raises(orders.NoOrderError):
        await orders.move(4711, OrderEvent.OFFERED, actor=journal.SYSTEM)
