"""Teaching the model by corrections: what there is to learn, asking for it, what came of it."""

from dataclasses import dataclass
from datetime import UTC, datetime

import streamlit as st

from insights import quality as insight
from insights import quality_words as words
from insights import russian as ru
from nlp import quality
from nlp.lesson import LEAST_HELD_OUT, LEAST_TAUGHT, Count
from storage import commands, queries
from storage.queries import JobRow, TrainingRow
from views import context, data, style, worker
from views.data import Basics

_KINDS = ("train", "restore")
_LOOK_EVERY = 2
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class _Now:
    """What is asked of the worker, and what came of it before."""

    running: JobRow | None
    failed: str
    trainings: tuple[TrainingRow, ...]
    has_worker: bool


def draw(basics: Basics) -> None:
    """The part."""
    now = _read()
    shipped = quality.read().version
    used = now.trainings[0].model_version if now.trainings else (data.model() or shipped)
    st.markdown(
        "Правки и ответы из «Проверки» учат модель. Три из десяти она при обучении не видит: по "
        "ним и решается, стала ли она лучше. Не стала — остаётся прежняя."
    )
    _material(basics, shipped, used, is_busy=now.running is not None)
    if now.running:
        st.fragment(lambda: _watch(now), run_every=_LOOK_EVERY)()
    elif now.failed:
        st.error(style.plain(now.failed), icon=":material/error:")
    _history(now, shipped, used)


def _read() -> _Now:
    with context.get().db.read() as session:
        running = [job for job in queries.open_jobs(session) if job.kind in _KINDS]
        ended = [job for kind in _KINDS if (job := queries.last_job(session, kind))]
        last = max(ended, key=lambda job: job.id, default=None)
        return _Now(
            running=running[0] if running else None,
            failed=last.message if last and last.state == "failed" else "",
            trainings=queries.trainings(session, limit=_SHOWN),
            has_worker=queries.worker_is_alive(session, now=datetime.now(UTC)),
        )


def _material(basics: Basics, shipped: str, used: str, *, is_busy: bool) -> None:
    """What there is to learn from, field by field, and the button where something is enough."""
    mentions = sum(brand.mentions for brand in basics.catalog.brands)
    counts = insight.to_learn(data.ask(queries.lessons, shipped), mentions)
    if "+" in (data.model() or ""):
        st.caption("Тональность ставит другая модель: ей правки тональности не помогут.")
        counts.pop("tone")
    st.subheader("Чему есть учиться", anchor=False)
    st.html(_table(counts))
    is_ready = any(count.enough for count in counts.values())
    with st.container(horizontal=True, gap="small", key="learning_actions"):
        st.button(
            "Дообучить модель", key="train", type="primary", icon=":material/school:",
            disabled=is_busy or not is_ready, on_click=_ask, args=("train",),
        )  # fmt: skip
        if insight.is_taught(used, shipped):
            st.button(
                "Вернуть прежнюю", key="restore", icon=":material/undo:", disabled=is_busy,
                on_click=_ask, args=("restore",),
            )  # fmt: skip


def _table(counts: dict[str, Count]) -> str:
    rows = "".join(
        f"<tr><td>{words.FIELD_NAMES[field].capitalize()}</td>"
        f'<td class="num">{ru.number(count.taught)}</td>'
        f'<td class="num">{ru.number(count.examined)}</td>'
        f"<td>{'хватает' if count.enough else 'мало'}</td></tr>"
        for field, count in counts.items()
    )
    short = [
        f"{words.FIELD_NAMES[field].capitalize()}: {told}."
        for field, count in counts.items()
        if (told := words.missing(count))
    ]
    return (
        '<div class="ok-wide"><table class="ok-table ok-narrow"><tr><th>Что исправляли</th>'
        '<th class="num">для обучения</th><th class="num">для проверки</th><th></th></tr>'
        f"{rows}</table></div>"
        f'<p class="ok-note">Нужно не меньше {LEAST_TAUGHT} и {LEAST_HELD_OUT}, лучше сотня. '
        f"Подтверждения сюда не входят: они говорят модели, чего не менять. {' '.join(short)}</p>"
    )


def _ask(kind: str) -> None:
    with context.get().db.write() as session:
        commands.enqueue_job(session, kind, {}, now=datetime.now(UTC))


def _stop(job_id: int) -> None:
    with context.get().db.write() as session:
        commands.cancel_job(session, job_id, now=datetime.now(UTC))


def _watch(began: _Now) -> None:
    """How far it is; the whole page is drawn anew when it ends."""
    now = _read()
    if now.running is None or began.running is None or now.running.id != began.running.id:
        st.rerun()
    job = now.running
    with st.container(border=True, key="learning_now"):
        if job.state == "queued":
            st.markdown(":material/hourglass_top: Ждёт работника…")
            if not now.has_worker:
                worker.warn("нажатое ждёт")
        else:
            step, total = job.result.get("step", "Начинаем"), job.result.get("total")
            done = job.result.get("done", 0)
            told = f"{step}: {ru.number(done)}" + (f" из {ru.number(total)}" if total else "")
            st.progress(min(1.0, done / total) if total else 0.0, told)
            st.caption("Займёт несколько минут. Страницу можно закрыть, сбор не прервётся.")
        st.button(
            "Остановить", key="stop_training", type="tertiary", icon=":material/stop_circle:",
            on_click=_stop, args=(job.id,),
        )  # fmt: skip


def _history(now: _Now, shipped: str, used: str) -> None:
    """Every training and return, newest first, in words."""
    st.subheader("Что было", anchor=False)
    model = "исходная" if not insight.is_taught(used, shipped) else "дообученная"
    st.caption(f"Сейчас работает {model} модель: {style.plain(used)}.")
    labelled = data.model() or ""
    if now.trainings and not labelled.startswith(used):
        st.info(
            "Упоминания ещё размечены другой моделью: новая перечитает их сама, как только "
            "работник освободится.",
            icon=":material/autorenew:",
        )
    if now.trainings:
        st.caption(
            "Исправляют то, в чём модель ошиблась, поэтому «было» почти всегда около нуля. Мало "
            "исправить часть: новая модель не должна испортить остальное."
        )
    else:
        st.caption("Модель ещё не дообучали.")
    for row in now.trainings:
        _line(row)


def _line(row: TrainingRow) -> None:
    when = ru.moment(row.at.astimezone(context.get().zone))
    if row.kind == "restore":
        st.markdown(f"**{when}.** Возвращена модель {style.plain(row.model_version)}.")
        return
    ended = (
        f"Модель заменена на {style.plain(row.model_version)}."
        if row.result.get("switched")
        else "Модель осталась прежней."
    )
    told = "\n".join(f"- {sentence}" for sentence in words.verdicts(row.result))
    st.markdown(f"**{when}.** {ended}\n\n{told}")
