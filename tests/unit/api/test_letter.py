"""Letters: every kind in every language, foreign text literal in plain text and escaped in HTML."""

import html
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from api.catalogue import LANGUAGES
from api.domains.registrar import Reason
from api.domains.registration import TOLD
from api.notices import letter, spelling
from api.notices.outbox import STAFF_LANGUAGE, is_for_staff
from api.samples import sample
from api.settings import Settings

EVIL = "{{ 7 * 7 }} {% raw %} <script>alert(1)</script> & \"'Robert'); DROP TABLE\" =3+4 100% Bio"
TEMPLATES = Path(__file__).parents[3] / "templates"
CUSTOMERS = [kind for kind in letter.kinds(TEMPLATES) if not is_for_staff(kind)]
ALARMS = sorted(path.stem for path in (TEMPLATES / "mail" / STAFF_LANGUAGE / "alarm").glob("*.txt"))


def said(settings: Settings, language: str = "de", **changes: Any) -> dict[str, Any]:
    return sample(settings, language) | changes


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", CUSTOMERS)
def test_every_mail_is_there_in_every_language(settings: Settings, kind: str, language: str) -> None:
    written = letter.write(settings.templates.folder, kind, language, said(settings))
    assert written.subject
    assert "\n" not in written.subject
    assert "Jürgen O'Brien" in written.text
    assert re.search(r"7K3M-P9TA-4|100001", written.text), "a number to name on the telephone"
    assert "style=" in written.html, "the design stands in the elements, where mail programs look"
    assert f'lang="{language}"' in written.html


@pytest.mark.parametrize("what", ALARMS)
def test_every_alarm_says_what_to_do(settings: Settings, what: str) -> None:
    written = letter.write(settings.templates.folder, "staff_alarm", STAFF_LANGUAGE, said(settings, what=what))
    assert "ankunft " in written.text or what == "other"
    assert "7K3M-P9TA-4" in written.text


@pytest.mark.parametrize(("language", "day"), [("de", "am 1. Januar 2027 ab"), ("en", "on January 1, 2027 unless")])
def test_the_day_on_which_a_domain_expires_is_written_out(settings: Settings, language: str, day: str) -> None:
    facts = said(settings, language, status="EXPIRING", until="2027-01-01")
    written = letter.write(settings.templates.folder, "domain_status", language, facts)
    assert day in written.text


@pytest.mark.parametrize("action", ["register", "transfer"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_state_of_a_domain_has_words_of_its_own(settings: Settings, action: str, language: str) -> None:
    domain = msgspec.structs.replace(said(settings)["domain"], action=action)
    told = [(status, None) for status in sorted(TOLD)] + [("REFUSED", reason) for reason in Reason]
    texts = set()
    for status, reason in told:
        facts = said(settings, status=status, reason=reason, until="2027-11-24", domain=domain)
        written = letter.write(settings.templates.folder, "domain_status", language, facts)
        assert "beispiel-söhne.de" in written.subject, status
        assert "beispiel-söhne.de (xn--beispiel-shne-rmb.de)" in written.text, status
        assert "xn--" not in written.subject
        texts.add(written.text)
    by_the_rules = {None, Reason.POLICY, Reason.BALANCE, Reason.ZONE_NOT_READY, Reason.NAME_SERVERS}
    assert len(texts) == len(told) - len(by_the_rules) + 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_domain_that_stays_or_is_back_is_no_new_one(settings: Settings, language: str) -> None:
    cases = [("REGISTERED", "REGISTERED", "ORDERED"), ("KEPT", "REGISTERED", "LEAVING")]
    cases += [("RELEASED", "REGISTERED", "ON_HOLD"), ("RELEASED", "REGISTERED", "EXPIRING")]
    cases += [("CANCELLED", "CANCELLED", "PENDING"), ("CANCELLED", "CANCELLED", "ZONE_READY")]
    letters = [
        letter.write(
            settings.templates.folder, "domain_status", language,
            said(settings, event=event, status=status, before=before),
        )
        for event, status, before in cases
    ]  # fmt: skip
    assert len({one.subject for one in letters}) == len({one.text for one in letters}) == len(cases)


@pytest.mark.parametrize("what", ["low_balance", "poll_lag", "message"])
def test_every_alarm_about_a_registry_says_what_to_do(settings: Settings, what: str) -> None:
    facts = said(settings, what=what, minutes=20)
    written = letter.write(settings.templates.folder, "staff_registry", STAFF_LANGUAGE, facts)
    assert written.subject.startswith("de: ")
    assert "\n  " in written.text


@pytest.mark.parametrize("kind", CUSTOMERS)
def test_foreign_text_is_never_a_template_and_never_markup(settings: Settings, kind: str) -> None:
    written = letter.write(settings.templates.folder, kind, "de", said(settings, name=EVIL))
    assert EVIL in written.text
    assert "<script" not in written.html
    assert "&lt;script&gt;" in written.html
    assert "{{ 7 * 7 }}" in written.html


NAMES = ("O'Brien", "Müller & Söhne", "Nguyễn", "{Klammer}", "100% Bio GmbH", "=3+4 GmbH", "Null")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_honest_names_pass_literally_through_every_letter(settings: Settings, name: str, language: str) -> None:
    for kind in CUSTOMERS:
        written = letter.write(settings.templates.folder, kind, language, said(settings, language, name=name))
        assert re.search(rf" {re.escape(name)},$", written.text, re.MULTILINE), kind
        assert html.escape(name, quote=False) in written.html.replace("&#39;", "'"), kind


@pytest.mark.parametrize("kind", [kind for kind in letter.kinds(TEMPLATES) if is_for_staff(kind)])
def test_every_mail_to_staff_can_be_looked_at(settings: Settings, kind: str) -> None:
    assert letter.write(settings.templates.folder, kind, STAFF_LANGUAGE, said(settings, STAFF_LANGUAGE)).subject


def test_what_stands_below_a_letter_is_its_foot_and_a_signature_in_plain_text(settings: Settings) -> None:
    written = letter.write(settings.templates.folder, "order_refused", "de", said(settings))
    (foot,) = [block for block in letter.blocks(written.text) if block.is_foot]
    assert "7K3M-P9TA-4" in foot.text
    assert "\n-- \n" in written.text
    assert "--" not in re.sub(r"<style.*?</style>", "", written.html, flags=re.DOTALL)


def test_a_link_is_a_button_and_only_the_letters_own_is(settings: Settings) -> None:
    own = said(settings, link="https://shop.example/more#further_x", token="further_x")
    written = letter.write(settings.templates.folder, "further_order", "de", own)
    assert re.search(r'<a [^>]*href="https://shop.example/more#further_x"[^>]*>Weiter zur Bestellung</a>', written.html)
    assert "Weiter zur Bestellung: https://shop.example/more#further_x" in written.text
    foreign = letter.write(
        settings.templates.folder, "contract_accepted", "de", own | {"tariff": "https://evil.example"}
    )
    assert "<a " not in foreign.html


def test_without_a_page_of_the_shop_the_letter_names_the_key(settings: Settings) -> None:
    written = letter.write(settings.templates.folder, "further_order", "en", said(settings, "en"))
    assert "Key: further_0011" in written.text
    assert "<a " not in written.html


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", ["order_offered", "order_reminder", "contract_rejected", "contract_unusable"])
def test_a_letter_that_speaks_of_the_page_of_the_order_leads_there(
    settings: Settings, kind: str, language: str
) -> None:
    page = "https://shop.example/order/7K3M-P9TA-4"
    written = letter.write(settings.templates.folder, kind, language, said(settings, language, link=page))
    assert re.search(rf"\n\n  [^:\n]+: {page}\n\n", written.text)
    assert re.search(rf'<a [^>]*href="{page}"', written.html)
    without = letter.write(settings.templates.folder, kind, language, said(settings, language))
    assert "<a " not in without.html
    assert "://" not in without.text


@pytest.mark.parametrize(
    ("text", "markup"),
    [
        ("Order 7K3M-P9TA-4.", 'Order <span class="whole">7K3M-P9TA-4</span>.'),
        ("söhne.de (xn--shne-5qa.de)", 'söhne.de (<span class="whole">xn--shne-5qa.de</span>)'),
        ("<b>7K3M-P9TA-4</b>", '&lt;b&gt;<span class="whole">7K3M-P9TA-4</span>&lt;/b&gt;'),
        ("xn--<script>", '<span class="whole">xn--&lt;script&gt;</span>'),
        ("Müller & Söhne", "Müller &amp; Söhne"),
    ],
)
def test_what_is_kept_on_one_line_is_escaped_like_all_else(text: str, markup: str) -> None:
    assert spelling.unbroken(text) == markup


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("example.net", "example.net"),
        ("xn--shne-5qa.de", "söhne.de (xn--shne-5qa.de)"),
        ("http://xn--strae-oqa.de", "http://straße.de (http://xn--strae-oqa.de)"),
        ("xn--99999999999.de", "xn--99999999999.de"),
    ],
)
def test_a_domain_is_spelt_both_ways(name: str, read: str) -> None:
    assert spelling.both(name) == read


def test_a_letter_that_lacks_something_is_not_sent_half(settings: Settings) -> None:
    facts = said(settings)
    del facts["customer_number"]
    with pytest.raises(letter.LetterError, match="customer_number"):
        letter.write(settings.templates.folder, "contract_accepted", "de", facts)
    with pytest.raises(letter.LetterError, match="no_such"):
        letter.write(settings.templates.folder, "no_such", "de", facts)


def test_a_template_reaches_nothing_but_its_facts(settings: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "mail"
    (folder / "de").mkdir(parents=True)
    (folder / "de" / "evil.txt").write_text("{{ name.__class__.__mro__ }}\n", encoding="utf-8")
    with pytest.raises(letter.LetterError, match="Security"):
        letter.write(tmp_path, "evil", "de", said(settings))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_short_message_ends_in_the_code_and_names_it_once(settings: Settings, language: str) -> None:
    text = letter.short_text(settings.templates.folder, "sms_code", language, said(settings, host="api.example.org"))
    assert text.splitlines()[-1] == "@api.example.org #123456"
    assert text.count("123456") == 1
    assert len(text) <= 160


def test_facts_become_a_table_and_paragraphs_stay_paragraphs() -> None:
    first, second = letter.blocks("A line: with colon\n\n  Name: a: b\n  Port: 22\n")
    assert first.facts == []
    assert second.facts == [("Name", "a: b"), ("Port", "22")]


def test_the_sample_holds_what_real_mails_hold(settings: Settings) -> None:
    account = msgspec.to_builtins(said(settings)["account"])
    assert account.keys() == {"name", "hosts", "sftp", "database", "mail", "web"}
