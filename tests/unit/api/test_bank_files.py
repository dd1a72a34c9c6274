"""The files for the bank: each lies in a folder once, whatever went wrong, and can be had again."""

import asyncio
import json

import pytest

from api.billing.receivables import files
from api.billing.receivables.debits import File
from api.billing.receivables.files import NoRunError
from api.billing.receivables.tables import DebitRun
from api.equipment import Equipment
from tests.unit.api.issued import accepted, bill, hoster
from tests.unit.api.test_debits import collect

pytestmark = pytest.mark.usefixtures("database")


async def test_a_file_can_be_had_again_and_names_no_account_in_the_database(equipment: Equipment) -> None:
    here = hoster(equipment)
    await accepted(here)
    await bill(here)
    (file,) = await collect(here)
    assert (await files.again(here, 1)).content == file.content
    (row,) = await DebitRun.select()
    assert "DE02120300000000202051" not in json.dumps(row, default=str)
    assert b"DE02120300000000202051" in file.content
    with pytest.raises(NoRunError):
        await files.again(here, 2)


async def test_a_file_that_could_not_be_written_is_written_by_whoever_comes_next_and_once(equipment: Equipment) -> None:
    here = hoster(equipment)
    await accepted(here)
    await bill(here)
    (made,) = await collect(here)

    def full(_: File) -> None:
        raise OSError("no space left on the device")

    with pytest.raises(OSError, match="no space"):
        await files.hand_over(here, full)
    put: list[File] = []
    handed = await asyncio.gather(*(files.hand_over(here, put.append) for _ in range(3)))
    assert [file for some in handed for file in some] == put == [made]
    await files.hand_out(here, 1, put.append)
    assert put == [made, made], "by its number it can be had at any time"


async def test_what_was_had_by_its_number_is_not_written_by_itself_any_more(equipment: Equipment) -> None:
    here = hoster(equipment)
    await accepted(here)
    await bill(here)
    await collect(here)
    put: list[File] = []
    await files.hand_out(here, 1, put.append)
    assert (await files.hand_over(here, put.append), len(put)) == ([], 1)
