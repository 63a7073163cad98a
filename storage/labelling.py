"""The one place that derives which labels hold for a mention, from the model and from humans.

An analysis holds if it is of the present text: the current model's, else the newest one. An
active correction of the present text outranks it field by field. Where a mention has several
brands, the tone towards a brand outranks the tone of the text as a whole; a human's tone
outranks both.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from storage import rollups, settings
from storage import tables as t
from storage.columns import INTENTS, WHOLE

#: What of an answer decides labels.
_ANSWER = (
    "id", "mention_id", "tone", "negative", "neutral", "positive", "kind", "intents", "opinions",
    "peak", "last", "mean", "targets", "unasked",
)  # fmt: skip


def relabel(session: Session, mention_ids: Iterable[int]) -> None:
    """Derive the labels of these mentions again and keep the roll-ups in step."""
    for chunk in t.in_chunks(mention_ids):
        with rollups.recounted(session, chunk):
            apply_labels(session, chunk)


def apply_labels(session: Session, mention_ids: Sequence[int]) -> None:
    """Write what holds into ``mention_brand`` and ``opinion``; the caller recounts."""
    row = t.mention_brand.c
    brands = session.execute(
        sa.select(row.mention_id, row.brand_id, row.source_id, row.day).where(
            row.mention_id.in_(mention_ids)
        )
    ).all()
    targets = _targets(brands)
    answers = _answers(session, mention_ids)
    _count_unasked(session, answers, targets)
    analyses = {answer.mention_id: answer for answer in answers}  # the last one holds
    corrections = holding_corrections(session, mention_ids)
    labels, opinions = [], []
    for brand in brands:
        analysis = analyses.get(brand.mention_id)
        correction = corrections.get(brand.mention_id)
        target_tone = None
        if analysis and brand.mention_id in targets:
            target_tone = analysis.targets.get(str(brand.brand_id))
        label = _labels(brand, analysis, correction, target_tone)
        labels.append(label)
        opinions += _opinions(brand, label["tone"], analysis, correction)
    session.execute(sa.delete(t.opinion).where(t.opinion.c.mention_id.in_(mention_ids)))
    t.update_all(session, t.mention_brand, labels)
    t.insert_all(session, t.opinion, opinions)
    _drop_marks(session, mention_ids)


def _drop_marks(session: Session, mention_ids: Sequence[int]) -> None:
    """Forget the themes of opinions that hold no longer."""
    mark, opinion = t.theme_mark.c, t.opinion.c
    names = ("mention_id", "touchpoint", "tone", "start")
    held = sa.exists().where(*(opinion[name] == mark[name] for name in names))
    session.execute(sa.delete(t.theme_mark).where(mark.mention_id.in_(mention_ids), ~held))


def use_model(session: Session, model_version: str) -> None:
    """From now on this model's answers hold; those it gave earlier replace the others' at once.

    What only the former model's answer held up now follows the newest one.
    """
    former = settings.get(session, settings.MODEL)
    if former == model_version:
        return
    settings.put(session, settings.MODEL, model_version)
    own = t.analysis.c.model_version
    affected = session.scalars(
        sa.select(t.mention.c.id)
        .join(t.analysis, _is_of_present_text())
        .where(sa.or_(own == model_version, sa.and_(own == former, _has_a_newer())))
    ).all()
    relabel(session, dict.fromkeys(affected))


def _has_a_newer() -> sa.ColumnElement[bool]:
    """Whether another model answered the same text later."""
    answer, newer = t.analysis.c, t.analysis.alias("newer").c
    return sa.exists().where(
        newer.mention_id == answer.mention_id,
        newer.content_hash == answer.content_hash,
        newer.error.is_(None),
        sa.tuple_(newer.analysed_at, newer.id) > sa.tuple_(answer.analysed_at, answer.id),
    )


def _is_of_present_text() -> sa.ColumnElement[bool]:
    return sa.and_(
        t.analysis.c.mention_id == t.mention.c.id,
        t.analysis.c.content_hash == t.mention.c.content_hash,
    )


def _targets(brands: Iterable[Any]) -> dict[int, set[str]]:
    """The brands of each mention that has several, as the keys of ``analysis.targets``."""
    found: dict[int, set[str]] = defaultdict(set)
    for brand in brands:
        found[brand.mention_id].add(str(brand.brand_id))
    return {mention_id: keys for mention_id, keys in found.items() if len(keys) > 1}


def _count_unasked(
    session: Session, answers: Iterable[Any], targets: Mapping[int, set[str]]
) -> None:
    """Tell the queue which answers lack a brand that came to their mention later."""
    counted = [
        (answer, len(targets.get(answer.mention_id, set()) - answer.targets.keys()))
        for answer in answers
    ]
    changed = [{"id": answer.id, "unasked": n} for answer, n in counted if n != answer.unasked]
    t.update_all(session, t.analysis, changed)


def _answers(session: Session, mention_ids: Sequence[int]) -> Sequence[Any]:
    """All answers for the present texts, of each mention the one that holds last."""
    analysis = t.analysis.c
    current = settings.get(session, settings.MODEL, "")
    return session.execute(
        sa.select(*(analysis[name] for name in _ANSWER))
        .join(t.mention, _is_of_present_text())
        # A text that failed in the current model keeps the labels of an earlier one.
        .where(analysis.mention_id.in_(mention_ids), analysis.error.is_(None))
        .order_by(analysis.model_version == current, analysis.analysed_at, analysis.id)
    ).all()


def holding_corrections(session: Session, mention_ids: Sequence[int]) -> dict[int, Any]:
    """What humans set of the present texts (tone, kind, opinions), by mention."""
    correction = t.correction.c
    rows = session.execute(
        sa.select(correction.mention_id, correction.tone, correction.kind, correction.opinions)
        .join(
            t.mention,
            sa.and_(
                t.mention.c.id == correction.mention_id,
                t.mention.c.content_hash == correction.content_hash,
            ),
        )
        .where(correction.mention_id.in_(mention_ids), correction.undone_at.is_(None))
        .order_by(correction.id)
    )
    return {row.mention_id: row for row in rows}


def _labels(brand: Any, analysis: Any, correction: Any, target_tone: str | None) -> dict[str, Any]:
    tone, kind = (analysis.tone, analysis.kind) if analysis else (None, None)
    tone = target_tone or tone
    if correction:
        tone, kind = correction.tone or tone, correction.kind or kind
    intents = analysis.intents if analysis else ()
    return {
        "mention_id": brand.mention_id,
        "brand_id": brand.brand_id,
        "tone": tone,
        "target_tone": target_tone,
        "kind": kind,
        **{column: intent in intents for intent, column in INTENTS.items()},
        **_measures(tone, analysis, correction),
    }


def _measures(tone: str | None, analysis: Any, correction: Any) -> dict[str, int | None]:
    """What the model is how sure of, and how it heard the sentences, in thousandths."""
    measures: dict[str, int | None] = dict.fromkeys(("certainty", "peak_end", "plain_mean"))
    if analysis is None:
        return measures
    scores = (analysis.negative, analysis.neutral, analysis.positive)
    if tone == analysis.tone and not (correction and correction.tone) and None not in scores:
        measures["certainty"] = round(max(scores) * 1000)
    if None not in (analysis.peak, analysis.last, analysis.mean):
        measures["peak_end"] = round((analysis.peak + analysis.last) * 500)
        measures["plain_mean"] = round(analysis.mean * 1000)
    return measures


def _opinions(
    brand: Any, mention_tone: str | None, analysis: Any, correction: Any
) -> list[dict[str, Any]]:
    if correction and correction.opinions is not None:
        opinions = correction.opinions
    else:
        opinions = analysis.opinions if analysis else ()
    weights = _weights(opinions, mention_tone)
    return [
        {
            "mention_id": brand.mention_id,
            "brand_id": brand.brand_id,
            "source_id": brand.source_id,
            "day": brand.day,
            "touchpoint": opinion["touchpoint"],
            "tone": opinion["tone"],
            "score": opinion.get("score"),
            "start": opinion["start"],
            "end": opinion["end"],
            "weight": weight,
        }
        for opinion, weight in zip(opinions, weights, strict=True)
    ]


def _weights(opinions: Sequence[Mapping[str, Any]], mention_tone: str | None) -> list[int]:
    """The share of each in the mention's tone: equal parts for the touchpoints of that sign.

    A mixed mention gives its point to either side. Of several opinions about one touchpoint the
    first bears its part.
    """
    signs = {"negative", "positive"} if mention_tone == "mixed" else {mention_tone}
    signs &= {"negative", "positive"}
    about: dict[str, set[str]] = defaultdict(set)
    for opinion in opinions:
        about[opinion["tone"]].add(opinion["touchpoint"])
    weights = []
    borne = set()
    for opinion in opinions:
        part = opinion["tone"], opinion["touchpoint"]
        bears = opinion["tone"] in signs and part not in borne
        weights.append(WHOLE // len(about[opinion["tone"]]) if bears else 0)
        borne.add(part)
    return weights
