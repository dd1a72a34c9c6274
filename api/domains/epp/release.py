"""A code with which a customer's domain may move to another registrar: made when it is asked for, kept nowhere."""

from __future__ import annotations

from api import journal
from api.domains.epp import domains
from api.domains.epp.preparation import fresh_code
from api.domains.epp.session import Session

CODE_SET = "AUTH_CODE_SET"


class NotReleasedError(LookupError):
    """The registry does not set a code; the message says what it answered."""


async def release(session: Session, name: str, *, actor: str) -> str:
    """Set a new auth code for *name* at the registry, write down that it was set, and return it, this once.

    Raises:
        NotReleasedError: the registry refused.
        UnreachableError: it cannot be asked.
        LostError: nobody knows whether it was set; setting another one is no harm.
    """
    code = fresh_code()
    answer = await session.ask(domains.update(name, change=[domains.code(code)]))
    if not answer.good:
        raise NotReleasedError(f"the registry answers {answer.code} {answer.words}; is {name} ours?")
    await journal.write(subject="domain", subject_id=name, event=CODE_SET, actor=actor)
    return code
