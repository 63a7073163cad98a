"""The courier: sends what stands in the outbox, at least once, and nothing that was taken again.

What a channel has taken is stored before anything else happens. Between the two only a process that
dies lets a part be sent twice, a letter with the same Message-ID.
"""

import logging
import random
import traceback
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from email.utils import make_msgid
from importlib import import_module
from pathlib import Path
from typing import Any

from collectors.secrets import hide_secrets
from otklik import channels
from otklik.channels import Channel
from otklik.config import Config
from otklik.house import House
from otklik.leases import Keeper, Stopped
from otklik.messages import ConfigError
from otklik.outgoing import CannotCompose, Message
from otklik.screen import note
from otklik.sending import Refused, Step, steps
from otklik.sending.line import line
from storage import outbox
from storage.errors import NotFound, OperationalError, StorageError
from storage.outbox import ClaimedDelivery

#: Messages on their way at once, each by a channel of its own.
MOST_AT_ONCE = 4
#: Attempts before a delivery is given up: with the waits below, three days.
MOST_ATTEMPTS = 21

_FIRST_WAIT, _LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=6)
_LONGEST_ASKED = timedelta(days=1)
_JITTER = 0.2
#: Seconds between two tries to store that a part was taken.
_STORE_AGAIN = 1.0

_BUG = "Ошибка программы; подробности — в выводе otklik schedule."
_CUT_OFF = "Программа каждый раз останавливалась посреди отправки. Отправьте снова."
_GIVEN_UP = " За трое суток не получилось. Устраните причину и отправьте снова."
_TRIAL = Message(
    "Отклик: канал работает",
    "Это проверочное сообщение. Раз вы его читаете, отчёты и оповещения сюда дойдут.",
)

Composer = Callable[[House, Mapping[str, Any]], Message]

log = logging.getLogger(__name__)


def _by(module: str) -> Composer:
    """The composer of a module that is loaded when the first message asks for it."""

    def compose(house: House, payload: Mapping[str, Any]) -> Message:
        message: Message = import_module(module).compose(house, payload)
        return message

    return compose


#: What makes the message of a delivery of each kind.
COMPOSERS: Mapping[str, Composer] = {
    "report": _by("otklik.report_mail"),
    "alert": _by("otklik.alert_message"),
    "test": lambda _house, _payload: _TRIAL,
}


class Courier:
    """Sends in threads of its own; what fails is told to the outbox and stops nothing else."""

    def __init__(
        self,
        keeper: Keeper,
        composers: Mapping[str, Composer] = COMPOSERS,
        dice: random.Random | None = None,
    ) -> None:
        self._keeper = keeper
        self._composers = composers
        self._dice = dice or random.Random()
        self._pool = ThreadPoolExecutor(MOST_AT_ONCE, "deliver")
        self._running: set[Future[None]] = set()

    def look(self, house: House) -> None:
        """Send what is due, as much of it as may go at once."""
        self._running = {future for future in self._running if not future.done()}
        while len(self._running) < MOST_AT_ONCE and not self._keeper.stop.is_set():
            claimed = self._keeper.claim_delivery()
            if claimed is None:
                return
            self._running.add(self._pool.submit(self._deliver, house, claimed))

    def finish(self) -> None:
        """Wait for what is on its way."""
        self._pool.shutdown()

    def _deliver(self, house: House, delivery: ClaimedDelivery) -> None:
        """One attempt, to whatever end it comes."""
        try:
            self._attempt(house, delivery)
        except StorageError as error:  # the right to send it runs out, and it is claimed again
            note(f"{delivery.channel}: {error}")
        finally:
            self._keeper.drop_delivery(delivery)

    def _attempt(self, house: House, delivery: ClaimedDelivery) -> None:
        channel: Channel | None = None
        try:
            channel = channels.find(house.config, delivery.channel)
            self._send(house, delivery, channel)
        except Stopped:
            with house.db.write() as session:
                outbox.put_back(session, delivery.id, self._keeper.holder)
        except (ConfigError, CannotCompose, NotFound) as error:
            self._end(house, delivery, Refused(str(error), again=False))
        except FileNotFoundError as error:
            words = f"Файла {Path(str(error.filename)).name} больше нет."
            self._end(house, delivery, Refused(words, again=False))
        except OperationalError as error:
            self._end(house, delivery, Refused(str(error), again=True))
        except Refused as refused:
            words = channel.hide(str(refused)) if channel else str(refused)
            self._end(house, delivery, Refused(words, again=refused.again, wait=refused.wait))
        except Exception as error:
            _tell_bug(delivery, channel, error)
            self._end(house, delivery, Refused(_BUG, again=True))

    def _send(self, house: House, delivery: ClaimedDelivery, channel: Channel) -> None:
        """Raises Refused for what was not taken, once everyone has been tried who can be."""
        if delivery.attempts > MOST_ATTEMPTS:
            raise CannotCompose(_CUT_OFF)
        compose = self._composers.get(delivery.kind)
        if compose is None:
            raise CannotCompose(f"Эта версия программы не знает сообщений «{delivery.kind}».")
        message = compose(house, delivery.payload)
        todo = steps(channel, message, delivery.message_id, line(house.config))
        left = [step for step in todo if step.part not in delivery.parts]
        refusals = list[Refused]()
        closed = set[str]()
        for step in left:
            if step.addressee in closed:
                continue
            self._check(house, delivery)
            try:
                step.send()
            except Refused as refused:
                refusals.append(refused)
                closed.add(step.addressee)
                if refused.everyone:
                    break
            else:
                self._store(house, delivery, step)
        if refusals:
            raise _together(refusals)
        with house.db.write() as session:
            outbox.finish(session, delivery.id, now=self._keeper.clock())
        note(f"{delivery.channel}: отправлено — {delivery.title}")

    def _check(self, house: House, delivery: ClaimedDelivery) -> None:
        """Raise Stopped where the next part is not ours to send."""
        with house.db.read() as session:
            if not outbox.is_held(session, delivery.id, self._keeper.holder):
                raise Stopped
        if self._keeper.stop.is_set():
            raise Stopped

    def _store(self, house: House, delivery: ClaimedDelivery, step: Step) -> None:
        """Store that a part was taken, however long the database does not let us."""
        while True:
            try:
                with house.db.write() as session:
                    outbox.acknowledge(session, delivery.id, step.part)
            except OperationalError as error:
                note(f"{delivery.channel}: отправлено, но не записано. {error}")
                if self._keeper.stop.wait(_STORE_AGAIN):
                    raise
            else:
                return

    def _end(self, house: House, delivery: ClaimedDelivery, refused: Refused) -> None:
        """Put it off, or give it up."""
        now, words = self._keeper.clock(), str(refused)
        holder = self._keeper.holder
        with house.db.write() as session:
            if refused.again and delivery.attempts < MOST_ATTEMPTS:
                due_at = now + self._wait(delivery.attempts, refused.wait)
                outbox.postpone(session, delivery.id, holder, error=words, due_at=due_at)
            else:
                words += _GIVEN_UP if refused.again else ""
                outbox.fail(session, delivery.id, holder, error=words, now=now)
        note(f"{delivery.channel}: не отправлено — {delivery.title}. {words}")

    def _wait(self, attempts: int, asked: timedelta | None) -> timedelta:
        """Twice as long each time, never all at once, and not before the channel wants us."""
        grown: timedelta = min(_FIRST_WAIT * 2 ** (attempts - 1), _LONGEST_WAIT)
        wait = grown * self._dice.uniform(1 - _JITTER, 1 + _JITTER)
        return max(wait, min(asked or timedelta(), _LONGEST_ASKED))


def try_out(config: Config, name: str) -> None:
    """Send the trial message to a channel now; raises ConfigError or Refused in words."""
    channel = channels.find(config, name)
    message_id = make_msgid(domain="otklik.invalid")
    for step in steps(channel, _TRIAL, message_id, line(config)):
        try:
            step.send()
        except Refused as refused:
            raise Refused(channel.hide(str(refused)), again=refused.again) from None


def _together(refusals: Sequence[Refused]) -> Refused:
    """One refusal for all: to be tried again where any of them may pass."""
    words = " ".join(dict.fromkeys(str(refused) for refused in refusals))
    waits = [refused.wait for refused in refusals if refused.wait]
    again = any(refused.again for refused in refusals)
    return Refused(words, again=again, wait=max(waits, default=None))


def _tell_bug(delivery: ClaimedDelivery, channel: Channel | None, error: Exception) -> None:
    """The traceback without the message, which may repeat a URL with its secrets."""
    said = channel.hide(str(error)) if channel else str(error)
    frames = "".join(traceback.format_tb(error.__traceback__))
    kind = type(error).__name__
    log.error("delivery %s failed\n%s%s: %s", delivery.id, frames, kind, hide_secrets(said))
