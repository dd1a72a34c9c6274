"""Commands that cost nothing: when one fails, it is asked again another time, and nobody has to look."""

from __future__ import annotations

from datetime import datetime, timedelta

from api.domains.epp import domains, transfers, verdicts
from api.domains.epp.markup import Element
from api.domains.epp.reply import Code, Reply
from api.domains.epp.session import LostError, Session, UnreachableError
from api.domains.epp.transfers import Transfer
from api.domains.registrar import FailedError, Outcome, Reason, Refused, RegistrarUnavailableError, Trade

#: Clocks are compared at each greeting, but it may have been another worker's that said when a trade began. Nothing of
#: ours is told apart by minutes: a name has one trade at a time.
TOLERANCE = timedelta(minutes=5)
#: A transfer that failed shortly before is told apart from the one that was ordered again at once.
EXACT = timedelta(seconds=2)


class Asking:
    """Asks a registry what it has."""

    def __init__(self, name: str, session: Session, client_id: str) -> None:
        self._name = name
        self._session = session
        self._client_id = client_id

    async def ask(self, verb: Element, extension: Element | None = None) -> Reply:
        """Return the answer to a command that may be asked any number of times.

        Raises:
            RegistrarUnavailableError: there is none now; FailedError: there is a session, and no answer to this.
        """
        try:
            return await self._session.ask(verb, extension=extension)
        except UnreachableError as error:
            raise RegistrarUnavailableError(f"{self._name}: {error}") from error
        except LostError as error:
            raise FailedError(f"{self._name}: {error}") from error

    async def good(self, verb: Element, extension: Element | None = None) -> Reply:
        """Return the answer to a command that has to be taken.

        Raises:
            RegistrarUnavailableError: there is none now, or it is a refusal.
        """
        answer = await self.ask(verb, extension)
        if not answer.good:
            raise FailedError(f"{self._name} answered {answer.code}")
        return answer

    async def look(self, trade: Trade) -> Outcome | None:
        """Say what became of *trade*; None = the registry knows nothing of it."""
        answer = await self.ask(domains.info(trade.name))
        if answer.code == Code.DOES_NOT_EXIST:
            return None if trade.action == "register" else Refused(Reason.NOT_REGISTERED, answer.words)
        if not answer.good and answer.code != Code.AUTHORIZATION:
            raise FailedError(f"{self._name} answered info with {answer.code}")
        state = domains.state(answer.data, answer.extension)
        ours = state.sponsor == self._client_id
        if trade.action == "register":
            return verdicts.held(state, self._since(trade, TOLERANCE)) if ours else Refused(Reason.TAKEN)
        latest = await self._latest_transfer(trade.name)
        if ours:
            return verdicts.moved(state, latest, self._since(trade, TOLERANCE), self._client_id)
        return verdicts.waiting(latest, self._since(trade, EXACT), self._client_id)

    async def look_again(self, trade: Trade, refused: Refused) -> Outcome:
        """Say what a refusal means whose reason lies in the domain: perhaps it is ours already, by the same trade."""
        found = await self.look(trade)
        if found is not None and found != Refused(Reason.TAKEN):
            return found
        if refused.reason is Reason.TOO_YOUNG:
            answer = await self.ask(domains.info(trade.name))
            if domains.state(answer.data, answer.extension).statuses & verdicts.LOCKS:
                return Refused(Reason.LOCKED, refused.text)
        return refused

    async def _latest_transfer(self, name: str) -> Transfer | None:
        """Return the last transfer of a domain, None where there is none that is ours to know."""
        answer = await self.ask(domains.transfer("query", name))
        if not answer.good and answer.code not in {Code.AUTHORIZATION, Code.NOT_PENDING_TRANSFER}:
            raise FailedError(f"{self._name} answered transfer query with {answer.code}")
        return transfers.transfer(answer.data)

    def _since(self, trade: Trade, tolerance: timedelta) -> datetime:
        """Return when the trade began, by the registry's clock."""
        return trade.since + self._session.ahead - tolerance
