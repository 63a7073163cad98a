"""Rules and what fired in words: what is looked for, why it was told, and when it is told."""

from datetime import datetime, timedelta

from insights import delivery_words, words
from insights import russian as ru
from insights.anomalies import Surge
from insights.usual import WHOLE
from nlp.labels import Tone
from storage.queries import AlertRow, Condition, Digest, Manners, RuleRow, When, Window

DAY: ru.Forms = ("день", "дня", "дней")
HOUR: ru.Forms = ("час", "часа", "часов")
ALERT: ru.Forms = ("оповещение", "оповещения", "оповещений")
NEW: ru.Forms = ("новое упоминание", "новых упоминания", "новых упоминаний")
MESSAGE: ru.Forms = ("сообщение", "сообщения", "сообщений")
TIME: ru.Forms = ("раз", "раза", "раз")
_NEGATIVE: ru.Forms = ru.NEGATIVE_MENTION
_POSITIVE: ru.Forms = ru.POSITIVE_MENTION


def new(n: int) -> str:
    """«Новое упоминание», «3 новых упоминания»."""
    return "Новое упоминание" if n == 1 else ru.counted(n, NEW)


def enough(condition: Condition, window: Window) -> str:
    """«12 упоминаний за 24 часа при пороге 10»."""
    told = ru.counted(window.n, ru.MENTION)
    return f"{told} за {span(condition.hours)} при пороге {ru.number(condition.n)}"


def low(condition: Condition, window: Window) -> str:
    """«Средняя оценка 2,41 за 7 дней (25 оценок), ниже порога 3»."""
    mean, below = ru.number(window.mean or 0, 2), threshold(condition.below)
    n = ru.counted(window.rated, ru.RATING)
    return f"Средняя оценка {mean} за {span(condition.hours)} ({n}), ниже порога {below}"


def more(n: int) -> str:
    """«после прошлого оповещения — ещё 12 упоминаний»."""
    return f"после прошлого оповещения — ещё {ru.counted(n, ru.MENTION)}"


def surge(found: Surge) -> str:
    """«Доставка и выдача: 43 жалобы за 3 дня вместо обычных 12±5»."""
    is_whole = found.touchpoint == WHOLE
    if is_whole:
        forms = _NEGATIVE if found.tone == Tone.NEGATIVE else _POSITIVE
    else:
        forms = ru.COMPLAINT if found.tone == Tone.NEGATIVE else ru.PRAISE
    days = (found.end - found.start).days + 1
    told = f"{ru.counted(found.count, forms)} за {ru.counted(days, DAY)}"
    told += f" вместо обычных {words.usual(found.usual)}"
    return told if is_whole else f"{words.name(found.touchpoint)}: {told}"


def span(hours: int) -> str:
    """«24 часа», «3 дня»."""
    if hours % 24 == 0 and hours > 24:
        return ru.counted(hours // 24, DAY)
    return ru.counted(hours, HOUR)


def threshold(mean: float) -> str:
    """«3», «2,8», «2,75»."""
    digits = next((n for n in (0, 1) if round(mean, n) == mean), 2)
    return ru.number(mean, digits)


def condition(of: Condition, touchpoints: int = 0) -> str:
    """What a rule waits for: «всплеск жалоб», «не меньше 10 упоминаний за 24 часа»."""
    if of.when is When.EACH:
        return "каждое новое упоминание"
    if of.when is When.COUNT:
        return f"не меньше {ru.number(of.n)} за {span(of.hours)}"
    if of.when is When.RATING:
        least = f"если оценок не меньше {ru.number(of.n)}"
        return f"средняя оценка ниже {threshold(of.below)} за {span(of.hours)}, {least}"
    if touchpoints:
        return "всплеск жалоб" if of.tone == Tone.NEGATIVE else "всплеск похвал"
    return "всплеск негатива" if of.tone == Tone.NEGATIVE else "всплеск похвал в целом"


def manners(of: Manners, when: Condition) -> str:
    """When it is told: «сразу, не чаще раза в 6 часов, кроме 22:00–08:00»."""
    gathered = {
        Digest.NONE: "сразу",
        Digest.HOURLY: "сводкой раз в час",
        Digest.DAILY: f"сводкой в {of.at}",
    }
    parts = [gathered[of.digest]]
    if pause := of.pause(when):
        parts.append(f"не чаще раза в {_every(pause)}")
    if of.quiet:
        parts.append(f"кроме {of.quiet[0]}–{of.quiet[1]}")
    if (of.quiet or of.digest is Digest.DAILY) and of.zone:
        parts.append(f"по времени {of.zone}")
    return ", ".join(parts)


def _every(pause: timedelta) -> str:
    hours = round(pause.total_seconds() / 3600)
    if hours == 1:
        return "час"
    return "сутки" if hours == 24 else span(hours)


def trial(n: int, of: Condition) -> str:
    """«За последние 30 дней сработало бы 37 раз»; without any, what that may mean."""
    if n:
        return f"За последние 30{ru.NBSP}дней сработало бы {ru.counted(n, TIME)}."
    if of.when is When.SURGE:
        return f"За последние 30{ru.NBSP}дней не сработало бы: всплесков не было."
    return f"За последние 30{ru.NBSP}дней не сработало бы ни разу."


def state(alert: AlertRow, rule: RuleRow, now: datetime) -> str:
    """Whom it was told, or why nobody; ``now`` is in the zone of the screen."""
    if alert.replayed:
        end = "" if rule.channels else ", канал не указан"
        return f"прогон по истории, никому не отправлено{end}"
    if alert.deliveries:
        return "; ".join(delivery_words.of_alert(one, now)[2] for one in alert.deliveries)
    if alert.told_at is None:
        return "ждёт своего времени"
    if not rule.channels:
        return "никому не отправлено: канал не указан"
    return "не отправлено: правило было на паузе или удалено"
