"""Mail in, mail out, and what has to be refused."""

from functools import partial
from uuid import uuid4

from tests.customer.letterbox import mails, text_of
from tests.customer.mailprogram import deliver, letter, refusal, submission
from tests.demo.proof import Proof, expect
from tests.demo.stage import Stage

STRANGER = "stranger@elsewhere.example"
RELAYED = "somebody@far-away.example"


def from_outside(stage: Stage) -> str:
    mailbox, subject = stage.first.account.mailbox, f"von draußen {uuid4().hex[:6]}"
    address = f"postmaster@{stage.first_domains[0]}"
    expect(mailbox.address == address, f"the status page names {mailbox.address}, not {address}")
    deliver(mailbox.smtp[0], letter(STRANGER, address, subject), sender=STRANGER, recipient=address)
    mailbox.wait_for_subject(subject)
    return f"{STRANGER} → {address}"


def by_submission(stage: Stage) -> str:
    mailbox, subject = stage.first.account.mailbox, f"eingereicht {uuid4().hex[:6]}"
    mailbox.submit(letter(mailbox.address, mailbox.address, subject))
    mailbox.wait_for_subject(subject)
    return f"STARTTLS, login {mailbox.address}"


def not_without_password(stage: Stage) -> str:
    mailbox = stage.first.account.mailbox

    def submit() -> None:
        with submission(*mailbox.smtp) as session:
            session.send_message(letter(mailbox.address, RELAYED, "ohne"), mailbox.address, [RELAYED])

    return _refused(refusal(submit), 530, 550, 554)


def not_with_a_wrong_password(stage: Stage) -> str:
    mailbox = stage.first.account.mailbox
    message = letter(mailbox.address, mailbox.address, "falsch")
    return _refused(refusal(lambda: mailbox.submit(message, password=mailbox.password + "x")), 535)


def not_as_somebody_else(stage: Stage) -> str:
    mailbox, other = stage.first.account.mailbox, stage.second.account.mailbox.address
    codes = {
        address: refusal(partial(mailbox.submit, letter(address, mailbox.address, "fremd"), envelope_from=address))
        for address in (other, STRANGER)
    }
    expect(set(codes.values()) <= {550, 553, 554}, f"answers: {codes}")
    return ", ".join(f"{address}: {code}" for address, code in codes.items())


def no_relaying(stage: Stage) -> str:
    mailbox = stage.first.account.mailbox
    codes = {
        sender: refusal(
            partial(deliver, mailbox.smtp[0], letter(sender, RELAYED, "weiter"), sender=sender, recipient=RELAYED)
        )
        for sender in (STRANGER, mailbox.address)
    }
    expect(set(codes.values()) <= {450, 454, 550, 554}, f"answers: {codes}")
    return f"port 25 → {RELAYED}: {codes[STRANGER]}"


def no_secret_in_the_mails(stage: Stage) -> str:
    found = mails(stage.lab.mail_sink, stage.first.who.email)
    texts = [text_of(message) for message in found]
    expect(found, "no mail has arrived")
    expect(not any(stage.first.who.password in text for text in texts), "a mail holds the password")
    return f"{len(found)} mails"


def _refused(code: int, *expected: int) -> str:
    expect(code in expected, f"the server answered {code or 'yes'}")
    return str(code)


PROOFS = (
    Proof("a mail sent from outside arrives and is read by IMAP", from_outside),
    Proof("a mail sent by authenticated submission arrives", by_submission),
    Proof("submission without a password is refused", not_without_password),
    Proof("submission with a wrong password is refused", not_with_a_wrong_password),
    Proof("submission under somebody else's address is refused", not_as_somebody_else),
    Proof("the server relays for nobody", no_relaying),
    Proof("no mail to the customer holds a password", no_secret_in_the_mails),
)
