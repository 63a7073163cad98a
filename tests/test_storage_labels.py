"""Which labels hold: model, newer model, human, edit, deletion, other brands, another zone."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from conftest import make_mention
from shop import Shop, make_analysis, rematch_all

from collectors.base import Deleted
from nlp.analysis import Failure
from nlp.labels import Intent, Kind, Tone, Touchpoint
from storage import commands, mentions, settings
from storage import tables as t
from storage.commands import CorrectedOpinion
from storage.errors import NotFound, StorageError
from storage.labelling import use_model

PRICE = (Touchpoint.PRICE, Tone.NEGATIVE)
STAFF = (Touchpoint.STAFF, Tone.POSITIVE)


def labels(shop: Shop) -> list[tuple[str | None, str | None]]:
    return [(row.tone, row.kind) for row in shop.rows(t.mention_brand)]


def opinions(shop: Shop) -> list[tuple[str, str]]:
    return [(row.touchpoint, row.tone) for row in shop.rows(t.opinion)]


def tones(shop: Shop) -> list[tuple[str | None, str | None]]:
    return [(row.tone, row.target_tone) for row in shop.rows(t.mention_brand)]


def both(shop: Shop) -> list[int]:
    return [shop.brands["moroshka"], shop.brands["ambar"]]


def rematch(shop: Shop, brand_ids: list[int], mention_id: int) -> None:
    """Give one mention other brands; the others keep theirs."""
    key = shop.rows()[mention_id - 1].external_id
    with shop.db.write() as session:
        rematch_all(session, lambda item: brand_ids if item.external_id == key else shop.matched)


def correct(shop: Shop, mention_id: int = 1, **fields: Any) -> None:
    with shop.db.write() as session:
        commands.correct(session, mention_id, now=shop.clock.tick(), **fields)


def undo(shop: Shop, mention_id: int = 1) -> None:
    with shop.db.write() as session:
        commands.undo_correction(session, mention_id, now=shop.clock.tick())


def test_an_answer_is_kept_and_holds(shop: Shop) -> None:
    shop.matched = [shop.brands["moroshka"], shop.brands["ambar"]]
    shop.put(make_mention())
    shop.analyse(make_analysis(intents=[Intent.CHURN, Intent.RETURN], opinions=[PRICE]))
    (row,) = shop.rows(t.analysis)
    assert (row.negative, row.neutral, row.positive) == (0.7, 0.2, 0.1)
    assert (row.peak, row.last, row.mean, row.error) == (-0.5, -0.25, -0.125, None)
    assert row.intents == ["churn", "return"]
    assert labels(shop) == [("negative", "complaint")] * 2
    assert opinions(shop) == [("price", "negative")] * 2
    (row, _) = shop.rows(t.mention_daily)
    assert (row.tone, row.kind, row.n) == ("negative", "complaint", 1)
    assert (row.churn, row.will_return, row.warn) == (1, 1, 0)
    (row, _) = shop.rows(t.opinion_daily)
    assert (row.touchpoint, row.tone, row.rating, row.voice, row.n) == (
        "price",
        "negative",
        4,
        True,
        1,
    )
    assert shop.queue() == []


def test_the_queue_goes_by_ids_and_may_be_cut(shop: Shop) -> None:
    shop.put(*(make_mention() for _ in range(5)))
    with shop.db.read() as session:
        first = mentions.pending(session, "v1", limit=2)
        rest = mentions.pending(session, "v1", limit=10, after_id=first[-1].mention_id)
        assert mentions.count_pending(session, "v1") == 5
    assert [waiting.mention_id for waiting in first + rest] == [1, 2, 3, 4, 5]


def test_saving_an_answer_twice_changes_nothing(shop: Shop) -> None:
    shop.put(make_mention())
    (waiting,) = shop.queue()
    shop.answer((waiting, make_analysis(opinions=[PRICE])))
    shop.answer((waiting, make_analysis(tone=Tone.POSITIVE)))
    assert labels(shop) == [("negative", "complaint")]
    assert len(shop.rows(t.analysis)) == len(shop.rows(t.opinion)) == 1


def test_a_failure_is_kept_with_its_reason_and_leaves_the_queue(shop: Shop) -> None:
    shop.put(make_mention(), make_mention())
    bad, good = shop.queue()
    shop.answer((bad, Failure("не\x00 текст")), (good, make_analysis()))
    assert [row.error for row in shop.rows(t.analysis)] == ["не\ufffd текст", None]
    assert labels(shop) == [(None, None), ("negative", "complaint")]
    assert shop.queue() == []


def test_an_edited_text_loses_its_labels_and_is_pending(shop: Shop) -> None:
    item = make_mention()
    shop.put(item)
    shop.analyse(make_analysis(opinions=[PRICE]))
    shop.put(replace(item, text="Совсем другое"))
    assert labels(shop) == [(None, None)]
    assert shop.rows(t.opinion) == shop.rows(t.opinion_daily) == []
    assert [waiting.text for waiting in shop.queue()] == ["Совсем другое"]
    shop.put(item)  # taken back: what is known of this text holds again
    assert labels(shop) == [("negative", "complaint")]
    assert shop.queue() == []


def test_an_answer_for_a_text_that_was_edited_meanwhile_is_not_applied(shop: Shop) -> None:
    item = make_mention()
    shop.put(item)
    (stale,) = shop.queue()
    shop.put(replace(item, text="Совсем другое"))
    shop.answer((stale, make_analysis()))
    assert labels(shop) == [(None, None)]
    assert len(shop.rows(t.analysis)) == len(shop.queue()) == 1


def test_an_answer_for_a_mention_deleted_meanwhile_holds_when_it_is_back(shop: Shop) -> None:
    item = make_mention()
    shop.put(item)
    (waiting,) = shop.queue()
    shop.put(Deleted(item.external_id))
    shop.answer((waiting, make_analysis()))
    assert labels(shop) == []
    assert shop.rows(t.mention_daily) == []
    shop.put(item)
    assert labels(shop) == [("negative", "complaint")]


def test_the_newer_model_replaces_and_the_chosen_one_outranks(shop: Shop) -> None:
    shop.put(make_mention())
    shop.analyse(make_analysis(tone=Tone.NEGATIVE), model="v1")
    shop.analyse(make_analysis(tone=Tone.POSITIVE), model="v2")
    assert labels(shop) == [("positive", "complaint")]
    with shop.db.write() as session:
        use_model(session, "v1")
    assert labels(shop) == [("negative", "complaint")]
    shop.analyse(make_analysis(tone=Tone.NEUTRAL), model="v3")
    assert labels(shop) == [("negative", "complaint")]
    with shop.db.write() as session:
        use_model(session, "v4")  # has said nothing yet, so the newest answer holds
    assert labels(shop) == [("neutral", "complaint")]
    assert [row.tone for row in shop.rows(t.mention_daily)] == ["neutral"]


def test_a_failure_of_the_newer_model_leaves_the_older_answer(shop: Shop) -> None:
    shop.put(make_mention())
    shop.analyse(make_analysis(), model="v1")
    shop.analyse(Failure("слишком длинно"), model="v2")
    assert labels(shop) == [("negative", "complaint")]


def test_a_correction_outranks_every_model_until_undone(shop: Shop) -> None:
    shop.put(make_mention())
    shop.analyse(make_analysis(intents=[Intent.WARN], opinions=[PRICE]))
    correct(shop, tone=Tone.POSITIVE)
    correct(shop, opinions=[CorrectedOpinion(*STAFF, 0, 5)])
    assert labels(shop) == [("positive", "complaint")]
    shop.analyse(make_analysis(tone=Tone.NEUTRAL, kind=Kind.REVIEW), model="v2")
    assert labels(shop) == [("positive", "review")]
    assert opinions(shop) == [("staff", "positive")]
    assert [row.score for row in shop.rows(t.opinion)] == [None]
    undo(shop)
    assert labels(shop) == [("positive", "review")]
    assert opinions(shop) == []
    undo(shop)
    assert labels(shop) == [("neutral", "review")]


def test_a_correction_may_take_all_opinions_away_and_needs_no_model(shop: Shop) -> None:
    shop.put(make_mention(), make_mention())
    correct(shop, 1, kind=Kind.PROMO, opinions=[CorrectedOpinion(*PRICE, 0, 0)])
    assert labels(shop)[0] == (None, "promo")
    assert [row.voice for row in shop.rows(t.opinion_daily)] == [False]
    correct(shop, 1, opinions=[])
    assert shop.rows(t.opinion) == shop.rows(t.opinion_daily) == []
    assert labels(shop)[0] == (None, "promo")
    correct(shop, 1, tone=Tone.NEUTRAL)
    assert labels(shop)[0] == ("neutral", "promo")
    assert [row.opinions for row in shop.rows(t.correction)][-1] == []


def test_a_correction_is_of_the_text_it_judged(shop: Shop) -> None:
    item = make_mention()
    shop.put(item)
    correct(shop, tone=Tone.POSITIVE)
    shop.put(replace(item, text="Иной текст"))
    assert labels(shop) == [(None, None)]
    with pytest.raises(NotFound):
        undo(shop)
    shop.put(item)
    assert labels(shop) == [("positive", None)]


def test_what_cannot_be_corrected_is_told(shop: Shop) -> None:
    with pytest.raises(NotFound, match="Упоминания 77 нет"):
        correct(shop, 77, tone=Tone.POSITIVE)
    with pytest.raises(NotFound, match="Упоминания 77 нет"):
        undo(shop, 77)
    shop.put(make_mention(text="пять!"))
    with pytest.raises(NotFound, match="нет исправлений"):
        undo(shop)
    with pytest.raises(StorageError, match="за пределы"):
        correct(shop, opinions=[CorrectedOpinion(*PRICE, 2, 6)])
    correct(shop, opinions=[CorrectedOpinion(*PRICE, 2, 5)])


def test_the_tone_towards_a_brand_outranks_the_text_as_a_whole(shop: Shop) -> None:
    shop.matched = both(shop)
    shop.put(make_mention())
    assert [waiting.brand_ids for waiting in shop.queue()] == [tuple(both(shop))]
    shop.analyse(make_analysis(), towards={"ambar": Tone.POSITIVE})
    assert tones(shop) == [("negative", None), ("positive", "positive")]
    assert [(row.brand_id, row.tone) for row in shop.rows(t.mention_daily)] == [
        (shop.brands["moroshka"], "negative"),
        (shop.brands["ambar"], "positive"),
    ]
    correct(shop, kind=Kind.REVIEW)
    assert labels(shop) == [("negative", "review"), ("positive", "review")]
    correct(shop, tone=Tone.MIXED)
    assert [tone for tone, _ in labels(shop)] == ["mixed", "mixed"]
    undo(shop)
    assert [tone for tone, _ in labels(shop)] == ["negative", "positive"]


def test_a_mention_of_one_brand_keeps_the_tone_of_its_text(shop: Shop) -> None:
    shop.matched = [shop.brands["ambar"]]
    shop.put(make_mention())
    assert [waiting.brand_ids for waiting in shop.queue()] == [()]
    shop.analyse(make_analysis())
    assert tones(shop) == [("negative", None)]


def test_the_tones_towards_brands_follow_the_model_and_the_text(shop: Shop) -> None:
    shop.matched, item = both(shop), make_mention()
    shop.put(item)
    shop.analyse(make_analysis(), towards={"ambar": Tone.POSITIVE}, model="v1")
    shop.analyse(make_analysis(), towards={"moroshka": Tone.NEUTRAL}, model="v2")
    assert tones(shop) == [("neutral", "neutral"), ("negative", None)]
    with shop.db.write() as session:
        use_model(session, "v1")
    shop.analyse(Failure("не вышло"), model="v3")
    assert tones(shop) == [("negative", None), ("positive", "positive")]
    shop.put(replace(item, text="Совсем другое"))
    assert tones(shop) == [(None, None), (None, None)]
    shop.put(item)
    assert tones(shop) == [("negative", None), ("positive", "positive")]
    assert shop.queue() == []


def test_a_brand_that_comes_later_is_asked_about_later(shop: Shop) -> None:
    shop.matched = [shop.brands["moroshka"]]
    shop.put(make_mention(), make_mention())
    shop.analyse(make_analysis(opinions=[PRICE]))
    rematch(shop, both(shop), mention_id=1)
    assert tones(shop) == [("negative", None)] * 3  # until it is asked, the text's tone holds
    (waiting,) = shop.queue()
    assert (waiting.mention_id, waiting.brand_ids) == (1, tuple(both(shop)))
    with shop.db.read() as session:
        assert mentions.count_pending(session, "v1") == 1
    answer = make_analysis(tone=Tone.MIXED)  # of the first answer nothing is overwritten
    shop.answer((waiting, answer), towards={(1, shop.brands["ambar"]): Tone.POSITIVE})
    assert tones(shop) == [("negative", None), ("positive", "positive"), ("negative", None)]
    assert (len(shop.rows(t.analysis)), shop.queue()) == (2, [])
    rematch(shop, [shop.brands["ambar"]], mention_id=1)
    assert tones(shop) == [("negative", None)] * 2
    rematch(shop, both(shop), mention_id=1)
    assert tones(shop) == [("negative", None), ("positive", "positive"), ("negative", None)]
    assert shop.queue() == []


def test_brands_that_change_during_the_analysis_are_asked_about_next_time(shop: Shop) -> None:
    shop.matched = both(shop)
    shop.put(make_mention())
    (waiting,) = shop.queue()
    rematch(shop, [shop.brands["ambar"], shop.nobody], mention_id=1)
    ambar = shop.brands["ambar"]
    shop.answer((waiting, make_analysis()), towards={(1, ambar): Tone.POSITIVE})
    assert tones(shop) == [("negative", None), ("positive", "positive")]
    (again,) = shop.queue()
    assert again.brand_ids == (shop.nobody, ambar)
    # A failure of the second half takes nothing away and leaves the queue too.
    shop.answer((again, Failure("не вышло")))
    assert [tone for tone, _ in labels(shop)] == ["negative"] * 2
    assert shop.queue() == []


def test_rematch_moves_mentions_with_their_labels(shop: Shop) -> None:
    shop.put(make_mention(text="Морошка лучше Амбара"), make_mention())
    shop.analyse(make_analysis(opinions=[PRICE]))
    both = [shop.brands["moroshka"], shop.brands["ambar"]]
    with shop.db.write() as session:
        moved = rematch_all(session, lambda item: both if "Морошка" in item.text else [])
    assert moved == 1
    assert [(row.mention_id, row.brand_id) for row in shop.rows(t.mention_brand)] == [
        (1, both[0]),
        (1, both[1]),
        (2, shop.nobody),
    ]
    assert labels(shop) == [("negative", "complaint")] * 3
    assert len(shop.rows(t.opinion)) == sum(row.n for row in shop.rows(t.opinion_daily)) == 3
    with shop.db.write() as session:
        assert rematch_all(session, lambda _: []) == 1


def test_rematch_leaves_the_source_of_one_brand_alone(shop: Shop) -> None:
    shop.put(make_mention())
    own = shop.brands["moroshka"]
    with shop.db.write() as session:
        session.execute(sa.update(t.source).values(brand_id=own))
        rematch_all(session, lambda _: [shop.brands["ambar"]])
    assert [row.brand_id for row in shop.rows(t.mention_brand)] == [own]


def test_rezone_moves_the_days(shop: Shop) -> None:
    evening = datetime(2026, 2, 20, 20, 30, tzinfo=UTC)
    shop.put(make_mention(published_at=evening), make_mention())
    shop.analyse(make_analysis(opinions=[PRICE]))
    tables = (t.mention, t.mention_brand, t.opinion)
    with shop.db.write() as session:
        mentions.rezone(session, ZoneInfo("Asia/Vladivostok"))
    for table in tables:
        assert [row.day for row in shop.rows(table)] == [date(2026, 2, 21), date(2026, 2, 20)]
    assert len(shop.rows(t.mention_daily)) == len(shop.rows(t.opinion_daily)) == 2
    with shop.db.read() as session:
        assert settings.get(session, settings.ZONE) == "Asia/Vladivostok"


def test_settings(shop: Shop) -> None:
    with shop.db.write() as session:
        assert settings.get(session, "x", 1) == 1
        settings.put(session, "x", {"a": [1]})
        settings.put(session, "x", {"a": [2]})
        settings.put(session, "y", None)
    with shop.db.read() as session:
        assert settings.get(session, "x") == {"a": [2]}
        assert settings.get(session, "y", 5) is None
