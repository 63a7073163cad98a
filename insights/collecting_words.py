"""Collecting in words: how a crawl ended, what is next, what was covered, what to do.

``now`` is everywhere an aware moment in the zone of the screen; texts are plain, not HTML.
"""

from datetime import datetime, timedelta

from insights import russian as ru
from storage.queries import CrawlRow, JobRow, QuotaLeft, SourceNow, State

#: Outcomes as the collecting layer names them: a sign, words, and whether it is fine.
_OUTCOMES = {
    "ok": ("✓", "собран", True),
    "not_modified": ("✓", "ничего нового", True),
    "later": ("…", "не вышло", False),
    "needs_human": ("!", "нужен человек", False),
    "layout_changed": ("!", "сайт изменился", False),
    "bug": ("!", "ошибка программы", False),
}
_ADVICE = {
    "layout_changed": "Если адрес и настройки верны, источнику нужна новая версия программы.",
    "bug": "Собранное раньше цело. Если повторится, передайте разработчику подробности из истории.",
}
#: Sources that rest because somebody wanted so.
_RESTING = {State.PAUSED, State.OFF, State.GONE}
_PAGE: ru.Forms = ("страница", "страницы", "страниц")
_TIME: ru.Forms = ("раз", "раза", "раз")
_CALL: ru.Forms = ("вызова", "вызовов", "вызовов")
_KINDS = {"crawl": "Сбор", "check": "Проверка", "preview": "Предпросмотр"}


def is_troubled(source: SourceNow) -> bool:
    """Whether the latest crawl left a gap that somebody should know of."""
    if source.crawl is None or source.state in _RESTING:
        return False
    return not is_fine(source.crawl) or bool(source.crawl.cap_hit)


def is_fine(crawl: CrawlRow) -> bool:
    """Whether a crawl came to its end."""
    return _OUTCOMES.get(crawl.status, ("", "", False))[2]


def outcome(crawl: CrawlRow) -> str:
    """«✓ собран»."""
    sign, said, _ = _OUTCOMES.get(crawl.status, ("!", crawl.status, False))
    return f"{sign} {said}"


def last(source: SourceNow, now: datetime) -> str:
    """How the latest crawl ended, and what it brought."""
    crawl = source.crawl
    if crawl is None:
        return "ещё не собирался"
    when = ru.near(crawl.finished_at.astimezone(now.tzinfo), now)
    return " · ".join([f"{outcome(crawl)} {when}", *_counts(crawl)])


def _counts(crawl: CrawlRow) -> list[str]:
    """«новых 3», «изменённых 1», …: what is not zero, and after a fine crawl the new ones."""
    counted = {"новых": crawl.new, "изменённых": crawl.changed}
    counted |= {"удалённых": crawl.deleted, "пропущено": crawl.skipped}
    told = crawl.status == "ok"
    return [
        f"{name} {ru.number(n)}" for name, n in counted.items() if n or (told and name == "новых")
    ]


def coming(source: SourceNow, now: datetime, *, has_worker: bool) -> str:
    """What happens next."""
    match source.state:
        case State.RUNNING:
            return progress(source, now) + ("" if source.enabled else "; потом пауза")
        case State.GONE:
            return "не собирается; упоминания остались"
        case State.PAUSED:
            return "не собирается, пока его не возобновят"
        case State.OFF:
            return "не собирается: в config.yaml стоит enabled: false"
        case State.PARKED:
            return "сам не продолжит"
        case State.BY_HAND:
            return "пополняется командой otklik import"
        case State.DUE if has_worker:
            return "начнётся, как только освободится место"
        case State.DUE:
            return "начнётся, когда заработает сбор"
        case State.LATER:
            if is_spent(source):
                return f"лимит вызовов на сегодня исчерпан, продолжит {_due(source, now)}"
            return f"повторит {_due(source, now)}{_failures(source)}"
        case _:
            return f"следующий сбор {_due(source, now)}"


def progress(source: SourceNow, now: datetime) -> str:
    """«идёт 2 мин: 14 страниц, новых 120»."""
    told = "идёт"
    if source.running_since:
        told += f" {ru.lasting(now - source.running_since)}"
    done = source.progress
    if not done.get("pages"):
        return f"{told}: ждём первую страницу"
    parts = [ru.counted(done["pages"], _PAGE), f"новых {ru.number(done.get('new', 0))}"]
    if done.get("changed"):
        parts.append(f"изменённых {ru.number(done['changed'])}")
    if done.get("unchanged"):
        parts.append(f"прежних {ru.number(done['unchanged'])}")
    return f"{told}: {', '.join(parts)}"


def schedule(source: SourceNow) -> str:
    """The schedule, and that it is the app's where it is."""
    if not source.words:
        return ""
    changed = source.overridden and source.words != source.declared_words
    return f"{source.words} (изменено здесь)" if changed else source.words


def advice(source: SourceNow) -> list[str]:
    """What went wrong in the latest crawl and what to do, a line each; none where all is well.

    That the day's calls are spent is told by :func:`coming`, and nobody need do anything.
    """
    if not is_troubled(source) or source.crawl is None or is_spent(source):
        return []
    told = [source.crawl.error, _to_do(source, source.crawl)]
    return [" ".join(map(_sentence, filter(None, told))), gap(source.crawl)]


def _sentence(text: str) -> str:
    """With a full stop: an error of the config comes without one."""
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _to_do(source: SourceNow, crawl: CrawlRow) -> str:
    if source.state is State.PARKED:
        return "Устраните причину и нажмите «Возобновить»."
    if crawl.status == "needs_human":
        return "Устраните причину: следующий сбор пойдёт сам."
    return _ADVICE.get(crawl.status, "")


def coverage(crawl: CrawlRow, now: datetime) -> str:
    """The dates of what came: «1–7 марта 2026»; empty where nothing with a date did."""
    if crawl.oldest is None or crawl.newest is None:
        return ""
    first, final = (moment.astimezone(now.tzinfo).date() for moment in (crawl.oldest, crawl.newest))
    return ru.days(first, final)


def gap(crawl: CrawlRow) -> str:
    """That the source gave less than it was asked for; empty where it did not."""
    return f"Источник отдал не всё: {crawl.cap_hit}." if crawl.cap_hit else ""


def is_spent(source: SourceNow) -> bool:
    """Whether the source waits for the next day's calls."""
    left = source.quota
    return left is not None and left.left == 0 and source.state is State.LATER


def quota(left: QuotaLeft, now: datetime) -> str:
    """«на сегодня осталось 120 из 1 000 вызовов, счёт обновится завтра в 03:00»."""
    resets = ru.near(left.resets_at.astimezone(now.tzinfo), now)
    whole = ru.counted(left.per_day, _CALL)
    return f"осталось {ru.number(left.left)} из {whole} в сутки, счёт обновится {resets}"


def job(asked: JobRow, now: datetime) -> str:
    """What was asked for, and how far it is."""
    said = _KINDS.get(asked.kind, asked.kind)
    if asked.kind == "backfill":
        since, until = (
            datetime.fromisoformat(asked.payload[name]).astimezone(now.tzinfo)
            for name in ("since", "until")
        )
        final = until - timedelta(seconds=1)
        said = f"Сбор за {ru.days(since.date(), final.date())}"
    if asked.finished_at:
        return f"{said}, {ru.near(asked.finished_at.astimezone(now.tzinfo), now)}"
    return f"{said}: {'идёт' if asked.state == 'running' else 'ждёт своей очереди'}"


def _due(source: SourceNow, now: datetime) -> str:
    if source.next_due is None:
        return "скоро"
    return ru.near(source.next_due.astimezone(now.tzinfo), now)


def _failures(source: SourceNow) -> str:
    if source.failures < 2:
        return ""
    return f" (не удалось {ru.counted(source.failures, _TIME)} подряд)"
