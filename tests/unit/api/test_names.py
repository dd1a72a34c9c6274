"""Names of domains are read as IDNA 2008, by the letters of their registry, and refused with a reason."""

from pathlib import Path

import idna
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.catalogue import Letters, load
from api.intake.names import NameRefusedError, order_name, spoken

CATALOGUE = load(Path(__file__).parents[3] / "inventory" / "catalogue")
LETTERS = {
    "de": Letters(characters="äöüß"),
    "com": Letters(),
    "xn--qxa6a": Letters(scripts=("GREEK",)),
}


@pytest.mark.parametrize(
    ("typed", "ordered"),
    [
        ("beispiel.de", "beispiel.de"),
        ("BEISPIEL.DE", "beispiel.de"),
        ("straße.de", "xn--strae-oqa.de"),
        ("xn--strae-oqa.de", "xn--strae-oqa.de"),
        ("mu\u0308ller.de", "xn--mller-kva.de"),
        ("beispiel.de.", "beispiel.de"),
        ("beispiel。de", "beispiel.de"),
        ("a-b.co.uk", "a-b.co.uk"),
        ("παράδειγμα.ευ", "xn--hxajbheg2az3al.xn--qxa6a"),
        ("1.de", "1.de"),
        (f"{'a' * 63}.de", f"{'a' * 63}.de"),
    ],
)
def test_a_name_is_ordered_as_its_a_label(typed: str, ordered: str) -> None:
    assert order_name(typed, LETTERS) == ordered


@pytest.mark.parametrize(
    "typed",
    [
        *("-a.de", "a-.de", "a..de", ".de", "a b.de", "a_b.de", "ab--cd.de", "xn--a.de", "xn--.de", "", "."),
        *(f"{'a' * 64}.de", f"{'a.' * 130}de", "ohne-punkt", "co.uk", "de", "127.0.0.1", "[::1]", "beispiel.invalid"),
        *("www.beispiel.de", "kunde.github.io", "beispiel.de/x", "../../etc/passwd", "beispiel.de\n", "a\x00.de"),
        *("раураl.de", "раура.com", "аррӏе.com", "πaρ.ευ", "ñandu.de", "a\u200db.de", "a\u202eb.de", "☃.de", "🙂.com"),  # noqa: RUF001 (look-alikes are what is tested)
        *("$(id).de", "{{7*7}}.de", "';--.de", "beispiel.de;x", "*.de", "@.de"),
    ],
)
def test_what_is_no_name_is_refused_without_repeating_it(typed: str) -> None:
    with pytest.raises(NameRefusedError) as caught:
        order_name(typed, LETTERS)
    assert len(typed) < 6 or typed not in str(caught.value)


@pytest.mark.parametrize(
    "typed", ["пример.ею", "παράδειγμα.ευ", "42.ею", "søgning.eu", "việt.com", "müller.net", "größe.org", "țară.info"]
)
def test_the_catalogue_offers_what_registries_take(typed: str) -> None:
    assert spoken(order_name(typed, CATALOGUE.letters)) == typed


@pytest.mark.parametrize(
    "typed",
    [
        *("аррӏе.eu", "пример.eu", "παράδειγμα.eu", "apple.ею", "παράδειγμα.ею"),  # noqa: RUF001 (look-alikes are what is tested)
        *("ɡoogle.com", "ɑpple.net", "googlе.com", "ǃ.org", "ɡoogle.info"),  # noqa: RUF001 (look-alikes are what is tested)
    ],
)
def test_the_catalogue_offers_no_look_alikes(typed: str) -> None:
    with pytest.raises(NameRefusedError):
        order_name(typed, CATALOGUE.letters)


@given(st.text(max_size=40))
def test_whatever_is_typed_becomes_a_host_name_or_a_reason(text: str) -> None:
    try:
        name = order_name(f"{text}.de", LETTERS)
    except NameRefusedError:
        return
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-.")
    assert len(name) <= 253
    assert order_name(name, LETTERS) == name
    assert idna.encode(spoken(name)).decode() == name
