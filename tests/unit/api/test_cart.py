"""Cart IDs are understood on the phone, and a slip of the tongue is noticed."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from api.intake.cart import ALPHABET, LENGTH, heard, new_cart_id, written

BODIES = st.text(ALPHABET, min_size=LENGTH, max_size=LENGTH)


def test_a_cart_id_is_understood_however_it_is_said() -> None:
    cart_id = new_cart_id()
    for said in (cart_id, cart_id.lower(), cart_id.replace("-", " "), cart_id.replace("-", ""), f"  {cart_id}\n"):
        assert heard(said) == cart_id


@given(BODIES, st.integers(0, LENGTH - 1), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_noticed(body: str, place: int, other: str) -> None:
    right = written(body).replace("-", "")
    wrong = right[:place] + other + right[place + 1 :]
    assert (heard(wrong) is None) == (wrong != right)


@given(BODIES, st.integers(0, LENGTH - 2))
def test_two_neighbours_swapped_are_noticed(body: str, place: int) -> None:
    right = written(body).replace("-", "")
    swapped = right[:place] + right[place + 1] + right[place] + right[place + 2 :]
    assert (heard(swapped) is None) == (swapped != right)


@given(st.text(max_size=30))
def test_what_is_no_cart_id_is_none(text: str) -> None:
    assert heard(text) is None or heard(text) == heard(str(heard(text)))


def test_no_two_characters_are_taken_for_one_another() -> None:
    assert not set("01ILO") & set(ALPHABET)
    assert len(set(ALPHABET)) == 31
    assert all(31 % divisor for divisor in itertools.chain([2, 3, 5]))
