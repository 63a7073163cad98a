"""Crawl one source, whatever happens, to an :class:`~collectors.base.Outcome`.

Items first, cursor after, outcome on every path. The lower bound is the cursor minus the source's
lookback and stays fixed for the run; the cursor moves with each page only where the site lists
oldest first (all that is older is then stored), otherwise after a complete pass, and never past
the run's start (of a pass that took several runs, the first one's: :mod:`collectors.passes`). A
source whose options changed is read from its beginning, as a new one: a cursor of one address says
nothing of another.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import BaseModel

from collectors.base import EPOCH, Collector, Context, Deleted, Item, Mention, key_of
from collectors.cleaning import clean
from collectors.errors import (
    CollectError,
    LayoutChanged,
    NotModified,
    SkipItem,
    Transient,
)
from collectors.failures import StoreFailed, next_due, status_of, words_of
from collectors.http import Http
from collectors.outcomes import Counts, Coverage, Outcome, Saved, Status, Store
from collectors.passes import KEPT, Pass

VALIDATORS, OPTIONS = "_http", "_options"  # the runner's own part of a source's state

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Run:
    """One crawl under way: what it was given and what it has seen so far."""

    collector: Collector
    store: Store
    ctx: Context[BaseModel]
    saved: Saved
    whole: Pass
    validators: dict[str, Any] = field(default_factory=dict)
    fingerprint: str = ""
    counts: Counts = field(default_factory=Counts)
    oldest: datetime | None = None
    newest: datetime | None = None
    seen: set[str] = field(default_factory=set)

    @property
    def cursor(self) -> datetime | None:
        """How far the source has been read: the newest date seen, never past the pass's start."""
        seen = self.whole.newest
        newest = min(seen, self.whole.began) if seen else None
        known = [moment for moment in (self.saved.cursor, newest) if moment]
        return max(known, default=None)


def crawl(
    name: str,
    collector: Collector,
    options: BaseModel,
    store: Store,
    http: Http,
    *,
    interval: timedelta | None,
    now: datetime,
    since: datetime = EPOCH,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Outcome:
    """Read ``name`` from its cursor on; never raises but for KeyboardInterrupt and its kin.

    ``interval`` is how long it rests until its next turn; None means that it is not scheduled (a
    file import). ``now`` is the run's start (aware, UTC), ``clock`` tells when it ended; ``since``
    is the lower bound where there is no cursor.
    """
    ctx = Context(source=name, options=options, since=since, now=now, http=http)
    run = _Run(collector, store, ctx, Saved(), Pass(began=now))
    status, failure = Status.OK, None
    try:
        _prepare(run, http)
        _pass(run)
    except NotModified:
        status = Status.NOT_MODIFIED
    except Exception as error:
        status, failure = status_of(error), error
    fine = status in {Status.OK, Status.NOT_MODIFIED}
    failures = 0 if fine else run.saved.failures + 1
    words, detail = words_of(failure) if failure else ("", "")
    due = None if status is Status.NEEDS_HUMAN else next_due(now, interval, failure, failures)
    outcome = Outcome(
        source=name,
        status=status,
        started_at=now,
        finished_at=max(clock(), now),
        counts=run.counts,
        coverage=Coverage(
            asked_from=ctx.since, oldest=run.oldest, newest=run.newest, cap_hit=ctx.cap_hit
        ),
        skipped=tuple(ctx.skipped),
        notes=tuple(ctx.notes),
        error=words,
        detail=detail,
        next_due=due,
    )
    return _keep(store, outcome, failures)


def preview(
    name: str, collector: Collector, options: BaseModel, http: Http, now: datetime, limit: int
) -> list[Item]:
    """The first ``limit`` items of the first page, cleaned; nothing is stored.

    Raises CollectError, also for a bug in the collector (its cause is the bug).
    """
    ctx = Context(source=name, options=options, since=EPOCH, now=now, http=http.for_crawl({}))
    try:
        page = next(iter(collector.pages(ctx)), [])
        return _cleaned(ctx, page)[:limit]
    except CollectError:
        raise
    except Exception as error:
        raise CollectError(words_of(error)[0]) from error


def _prepare(run: _Run, http: Http) -> None:
    """Load what is known of the source and fix the run's lower bound."""
    run.fingerprint = key_of(run.ctx.options.model_dump_json())
    run.saved = _stored(run.store.load, run.ctx.source)
    if run.saved.state.get(OPTIONS, run.fingerprint) != run.fingerprint:
        run.saved = replace(run.saved, cursor=None, state={})
    state = {key: value for key, value in run.saved.state.items() if key != OPTIONS}
    run.validators = dict(state.pop(VALIDATORS, None) or {})
    broken_off = state.pop(KEPT, None)
    run.ctx.state = state
    run.ctx.http = http.for_crawl(run.validators)
    if run.saved.cursor:
        run.ctx.since = max(EPOCH, run.saved.cursor - run.collector.LOOKBACK)
    if broken_off:
        run.whole = Pass.kept(broken_off)
    run.ctx.place = run.whole.place


def _pass(run: _Run) -> None:
    """All pages, then the cursor; the validators only now, for the whole answer is stored now."""
    pages = run.collector.pages(run.ctx)
    try:
        for number, page in enumerate(pages, 1):
            if not _page(run, page, first=number == 1 and not run.whole.place):
                break
            if run.collector.ORDER == "oldest_first":
                _save_cursor(run, run.ctx.state)
    except CollectError as error:
        _break_off(run, run.ctx.place if isinstance(error, Transient) else "")
        raise
    finally:
        run.counts.skipped = run.ctx.left_out
        close = getattr(pages, "close", None)
        if close:
            close()
    state = dict(run.ctx.state)
    if run.validators:
        state[VALIDATORS] = run.validators
    _save_cursor(run, state)


def _page(run: _Run, page: list[Item], *, first: bool) -> bool:
    """Store one page; False where it repeats an earlier one (a looped token: the list's end)."""
    ctx = run.ctx
    if first and not page and not ctx.unreadable and run.saved.cursor:
        raise LayoutChanged("На первой странице нет ни одной записи, хотя раньше они были.")
    print_of_page = key_of(*sorted(item.external_id for item in page))
    if page and print_of_page in run.seen:
        ctx.note(f"страница {len(run.seen) + 1}", "Страница повторилась, список закончен.")
        return False
    run.seen.add(print_of_page)
    cards = len(page) + ctx.unreadable
    items = _cleaned(ctx, page)
    if items:
        run.counts.add(_stored(run.store.save_page, ctx.source, items))
    for item in items:
        if isinstance(item, Mention) and item.date_known:
            run.oldest = min(run.oldest or item.published_at, item.published_at)
            run.newest = max(run.newest or item.published_at, item.published_at)
            run.whole.newest = max(run.whole.newest or item.published_at, item.published_at)
    unreadable, ctx.unreadable = ctx.unreadable, 0
    if 2 * unreadable > cards:
        raise LayoutChanged(
            f"На одной странице не прочитано {unreadable} записей из {cards}: похоже, сайт "
            f"изменился. Последняя причина: {ctx.skipped[-1].reason}"
        )
    return True


def _cleaned(ctx: Context[BaseModel], page: list[Item]) -> list[Item]:
    """Items fit for storing, one for each id: the last of a page wins."""
    items: dict[str, Item] = {}
    for item in page:
        where = ctx.places.get(item.external_id) or item.external_id or "запись без id"

        def note(reason: str, where: str = where) -> None:
            ctx.note(where, reason)

        if isinstance(item, Mention) and item.published_at.tzinfo is None:
            ctx.skip(where, "Дата без часового пояса: ошибка в коде сборщика.")
            continue
        try:
            fit = item if isinstance(item, Deleted) else clean(item, ctx.source, ctx.now, note)
        except SkipItem as error:
            ctx.reject(where, str(error))
            continue
        if fit.external_id in items:
            ctx.reject(where, "Тот же id второй раз на одной странице: взята последняя запись.")
            del items[fit.external_id]
        items[fit.external_id] = fit
    return list(items.values())


def _break_off(run: _Run, place: str) -> None:
    """Keep where the pass is to go on; from its beginning, where the place itself may be at fault.

    Nothing else that it would leave behind when it ends is kept.
    """
    if place == run.whole.place:
        return
    run.whole.place = place
    by_page = run.collector.ORDER == "oldest_first"
    state = run.ctx.state if by_page else run.saved.state
    cursor = run.cursor if by_page else run.saved.cursor
    kept = {**state, OPTIONS: run.fingerprint, KEPT: run.whole.as_state() if place else None}
    _stored(run.store.save_cursor, run.ctx.source, cursor, kept)


def _save_cursor(run: _Run, state: dict[str, Any]) -> None:
    kept = {**state, OPTIONS: run.fingerprint}
    _stored(run.store.save_cursor, run.ctx.source, run.cursor, kept)


def _stored(call: Callable[..., Any], *args: object) -> Any:
    """Call storage; its errors are told from the collector's."""
    try:
        return call(*args)
    except Exception as error:
        raise StoreFailed from error


def _keep(store: Store, outcome: Outcome, failures: int) -> Outcome:
    """Store the outcome; where even that fails, the log and the caller still learn of it."""
    try:
        store.save_outcome(outcome, failures)
    except Exception:
        log.exception("outcome of %s was not stored", outcome.source)
    return outcome
