"""Mails and customers on the command line: every kind can be looked at, and what is refused says why."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from api.catalogue import LANGUAGES
from api.mail_commands import mail_group
from api.notices import letter
from tests.unit.api.test_commands import ROOT, ankunft, config

pytestmark = pytest.mark.slow

__all__ = ["config"]

MAILS = letter.kinds(ROOT / "templates")
MESSAGES = letter.kinds(ROOT / "templates", "sms")


def mail(config: Path, *command: str) -> Result:
    """Run a command for mails in this process."""
    return CliRunner().invoke(mail_group, command, env={"ANKUNFT_CONFIG": str(config)})


def test_every_kind_there_is_a_template_of_is_listed(config: Path) -> None:
    found = json.loads(mail(config, "kinds", "--json").output)
    assert found == {"mail": MAILS, "sms": MESSAGES}
    assert len(MAILS) > 15
    assert "letter" not in MAILS


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", [*MAILS, *MESSAGES])
def test_every_kind_can_be_looked_at_before_anybody_gets_it(config: Path, kind: str, language: str) -> None:
    shown = mail(config, "preview", kind, "--language", language)
    assert shown.exit_code == 0, shown.output
    assert len(shown.output) > 60
    if kind in MAILS:
        assert mail(config, "preview", kind, "--language", language, "--html").output.startswith("<!DOCTYPE html>")
    said = {"subject", "text", "html"} if kind in MAILS else {"text"}
    assert json.loads(mail(config, "preview", kind, "--language", language, "--json").output).keys() == said


def test_a_case_of_a_mail_is_looked_at_by_saying_something_else(config: Path) -> None:
    assert "lapse" not in mail(config, "preview", "staff_alarm", "--set", "what=sms_budget").output
    assert "500 codes by SMS are used up" in mail(config, "preview", "staff_alarm", "--set", "what=sms_budget").output
    assert "O’Hara" in mail(config, "preview", "order_lapsed", "--set", "name=O’Hara").output
    assert mail(config, "preview", "order_lapsed", "--set", "name").exit_code == 2


def test_a_kind_without_a_template_is_refused_by_name(config: Path) -> None:
    refused = mail(config, "preview", "no_such_kind")
    assert refused.exit_code == 1
    assert "no_such_kind" in refused.output


def test_customers_who_may_be_one_are_decided_on_the_command_line(config: Path) -> None:
    ankunft(config, "init")
    assert "nobody" in ankunft(config, "customer", "duplicates")
    assert json.loads(ankunft(config, "customer", "duplicates", "--json")) == []
    assert "no customer 4711" in ankunft(config, "customer", "merge", "4711", "4712", exit_code=1)
    assert "no customer 4711" in ankunft(config, "customer", "distinct", "4711", "4712", exit_code=1)
    assert "no customer 4711" in ankunft(config, "customer", "merge", "4711", "4711", exit_code=1)
