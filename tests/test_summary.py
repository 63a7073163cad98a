"""The five sentences: each is one of a few forms, and each number in it is a figure told anew."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insights import competitors, indices, stats
from insights.anomalies import Expected
from insights.changes import FEW, Measure
from insights.competitors import Parties
from insights.findings import Finding
from insights.pains import FEW_OPINIONS, Weighed, pain_points, strengths
from insights.summary import Facts, Said, summary
from insights.usual import WHOLE
from insights.words import Mood
from nlp.labels import TOUCHPOINT_NAMES, Tone, Touchpoint
from storage.queries import BrandRow, Figures, OpinionCount, Tones

START = date(2026, 4, 20)
EQUAL = "предыдущем таком же периоде"
#: A number as it is written, with a sign of ours, thin spaces and a decimal comma.
N = r"([+−]?\d[\d\u202f]*(?:,\d+)?)"
SOME_N = rf"n\xa0=\xa0{N}"
POINTS = rf"(?:{N}|меньше {N})\xa0пункта индекса \(от {N} до {N}, {SOME_N}\)"
SPAN = (
    r"(?:с\xa0.+? по\xa0[^,;]+|с\xa0[^,;]+ до конца периода|весь период, началось [^,;]+|\d[^,;]+)"
)


def number(text: str) -> float:
    return float(text.replace("\u202f", "").replace("−", "-").replace(",", "."))


def parts(form: str, text: str) -> list[float | None]:
    """The numbers of a sentence of this very form, from its first letter to its full stop."""
    found = re.fullmatch(form, text)
    assert found, (form, text)
    return [number(group) if group else None for group in found.groups()]


def points(groups: Sequence[float | None], one: Weighed) -> None:
    """What :data:`POINTS` finds."""
    value, tiny, low, high, n = groups
    assert n == one.impact.n
    if tiny is not None:
        assert tiny == 0.1
        assert one.impact.value < 0.0005
    else:
        assert value == pytest.approx(one.impact.value * 100, abs=0.051)
    assert low == pytest.approx(one.impact.low * 100, abs=0.051)
    assert high == pytest.approx(one.impact.high * 100, abs=0.051)


counts = st.one_of(st.integers(0, 40), st.integers(0, 200_000))
tones = st.builds(Tones, counts, counts, counts, counts)
touchpoints = st.sampled_from([str(touchpoint) for touchpoint in Touchpoint])


@st.composite
def weighing(draw: Any) -> tuple[list[OpinionCount], int]:
    n = draw(st.one_of(st.integers(1, 60), st.integers(1, 200_000)))
    known = draw(st.lists(touchpoints, unique=True, max_size=4))
    share = st.integers(0, n)
    return [
        OpinionCount(name, Tones(draw(share), 0, draw(share)), 0, draw(share), draw(share))
        for name in known
    ], n


@st.composite
def finding(draw: Any) -> Finding:
    """A surge, or a change against the period before."""
    start = START + timedelta(days=draw(st.integers(0, 5)))
    end = START + timedelta(days=draw(st.integers((start - START).days, 6)))
    touchpoint = draw(st.one_of(touchpoints, st.just(WHOLE)))
    tone = draw(st.sampled_from([Tone.NEGATIVE, Tone.POSITIVE]))
    if draw(st.booleans()):
        count, mean = draw(st.integers(10, 5_000)), draw(st.floats(0.1, 500))
        usual = Expected(mean, draw(st.floats(0.1, 600)))
        lasts = draw(st.booleans())
        began = start - timedelta(days=draw(st.integers(0, 40)))
        return Finding(
            touchpoint, tone, start, end, count, count - mean or 1.0,
            usual=usual, began=began, peak=start, lasts=lasts,
        )  # fmt: skip
    touchpoint = draw(touchpoints)
    of, of_before = draw(st.integers(20, 9_000)), draw(st.integers(20, 9_000))
    now, before = draw(st.integers(0, of)), draw(st.integers(0, of_before))
    excess = now - before * of / of_before or 1.0
    both = ((before, of_before), (now, of))
    return Finding(touchpoint, tone, START, START + timedelta(days=6), now, excess, before=both)


@st.composite
def rivals(draw: Any) -> dict[str, Any]:
    if draw(st.booleans()):
        return {"who": None, "voice": None, "rivals": None}
    names = [
        "Морошка",
        *draw(st.lists(st.sampled_from(["Амбар", "Купец"]), min_size=1, unique=True)),
    ]
    brands = [BrandRow(n, f"b{n}", name, n > 0, 1) for n, name in enumerate(names)]
    who = Parties(brands[0], tuple(brands[1:]))
    figures = {brand.id: Figures(1, 0, draw(tones)) for brand in brands}
    mentions = {brand.id: draw(st.integers(0, 3_000)) for brand in brands}
    table = {index.code: line for index, line in competitors.index_lines(figures, who)}
    voice = competitors.share_of_voice(mentions).get(0)
    return {"who": who, "voice": voice, "rivals": table.get("net")}


@st.composite
def facts(draw: Any) -> Facts:
    now, before = draw(tones), draw(tones)
    unread = draw(st.integers(0, 30))
    weighed, earlier = draw(weighing()), draw(st.one_of(st.none(), weighing()))
    sources = draw(st.integers(0, 300))
    length = draw(st.sampled_from([1, 7, 30, 300]))
    return Facts(
        brand="Морошка",
        start=START,
        end=START + timedelta(days=length - 1),
        mentions=now.n + unread,
        before=draw(st.one_of(st.just(0), st.just(before.n))),
        unread=unread,
        tones=now,
        net=Measure(stats.net_sentiment(now), stats.net_sentiment(before)),
        found=tuple(draw(st.lists(finding(), max_size=4))),
        pains=pain_points(weighed, earlier),
        joys=strengths(weighed, earlier),
        sources=sources,
        incomplete=draw(st.integers(0, sources)),
        **draw(rivals()),
    )


@given(facts())
def test_every_number_of_every_sentence_is_a_figure_told_anew(told: Facts) -> None:
    said = list(summary(told))
    around(told, said.pop().text)
    if not told.mentions:
        silence(told, said)
        return
    bad = [one for one in told.found if not one.is_good]
    if told.net.now is None:
        volume(told, said.pop(0).text)
        assert [number(n) for n in re.findall(N, said.pop().text)] == [told.unread, told.mentions]
        assert not said
        return
    if bad:
        trouble(told, said.pop(0), bad)
    volume(told, said.pop(0).text)
    level(told, said.pop(0))
    if not bad:
        top(told.pains, said.pop(0).text, "Негативных", "ругают")
    good = [one for one in told.found if one.is_good]
    if good:
        news(told, said.pop(0).text, good)
    else:
        top(told.joys, said.pop(0).text, "Позитивных", "хвалят")
    assert not said


@given(facts())
def test_five_sentences_each_ending_once(told: Facts) -> None:
    said = summary(told)
    expected = 2 if not told.mentions else 3 if told.net.now is None else 5
    assert len(said) == expected
    for one in said:
        assert one.text.endswith(".")
        assert ". " not in one.text
        assert ".." not in one.text
        assert re.match(r"[А-Я0-9]", one.text)
        assert "  " not in one.text
        assert "-" not in one.text
        # A number and its word stay together.
        assert not re.search(r"\d (?:раз|жалоб|похвал|пункт|негативн|позитивн|упомин)", one.text)


def silence(told: Facts, said: list[Said]) -> None:
    (one,) = said
    assert "не написали ни разу" in one.text
    tail = one.text.split("не написали ни разу")[1]
    assert [number(n) for n in re.findall(N, tail)] == ([told.before] if told.before else [])


def volume(told: Facts, text: str) -> None:
    when, rest = text.split(" о бренде «Морошка» написали ")
    days = (told.start, told.end)
    spoken = [int(n) for n in re.findall(r"\d+", when)]
    assert set(spoken) == {d.day for d in days} | {d.year for d in days}
    n, before = told.mentions, told.before
    forms = {
        rf"{N}\xa0раза? — в {EQUAL} упоминаний нет, сравнить не с чем\.": not before,
        rf"{N}\xa0раза? — столько же, сколько в {EQUAL} \({N}\)\.": n == before,
        rf"{N}\xa0раза? — примерно столько же, сколько в {EQUAL} \({N}\)\.": n != before,
        rf"{N}\xa0раза? — на\xa0{N}\u202f% (?:больше|меньше), чем в {EQUAL} \({N}\)\.": n != before,
        rf"{N}\xa0раза? — в\xa0{N}\xa0раза? больше, чем в {EQUAL} \({N}\)\.": n >= 2 * before,
        rf"{N}\xa0раза? — намного больше, чем в {EQUAL} \({N}\)\.": n >= 10 * before,
        rf"{N}\xa0раза? — в {EQUAL} — {N}, этого мало, чтобы сравнивать\.": max(n, before) < FEW,
    }
    (form,) = [form for form in forms if re.fullmatch(form, rest)]
    assert forms[form]
    first, *others = parts(form, rest)
    assert first == n
    if before:
        assert others[-1] == before
    if "%" in form:
        assert others[0] == pytest.approx(abs(n - before) / before * 100, abs=0.51)
        assert ("больше" in rest) == (n > before)
    elif len(others) == 2:
        assert others[0] == pytest.approx(n / before, abs=0.051)


def level(told: Facts, one: Said) -> None:
    lead, tail = one.text.rsplit("; негативных ", 1)
    n, negative = told.tones.n, told.tones.negative
    told_of = parts(rf"{N} из {N} \({N}\u202f%\)(?:, ещё {N} не проанализировано)?\.", tail)
    assert told_of[:2] == [negative, n]
    assert told_of[3] == (told.unread or None)
    assert told_of[2] == pytest.approx(negative / n * 100, abs=0.51)
    now, before = told.net.now, told.net.before
    assert now is not None
    own = rf"{N} \(от {N} до {N}, {SOME_N}\)"
    was = rf"{N} \({SOME_N}\)"
    new = [now.value * 100, now.low * 100, now.high * 100, n]
    old = [before.value * 100, before.n] if before else []
    if before is None:
        found, expected = parts(f"Индекс тональности {own}, сравнить его не с чем", lead), new
    elif min(n, before.n) < FEW:
        form = f"Индекс тональности {own}, был {was}: данных мало, чтобы делать выводы"
        found, expected = parts(form, lead), new + old
        assert one.mood is Mood.UNKNOWN
    elif one.mood is Mood.SAME:
        form = f"Индекс тональности {own} заметно не изменился: был {was}"
        found, expected = parts(form, lead), new + old
    else:
        verb = "вырос" if one.mood is Mood.BETTER else "упал"
        form = rf"Индекс тональности {verb} на {N}\xa0пункт(?:а|ов)?: с {was} до {own}"
        moved = round(now.value * 100) - round(before.value * 100)
        assert (moved > 0) == (one.mood is Mood.BETTER)
        found, expected = parts(form, lead), [abs(moved), *old, *new]
    assert found == pytest.approx(expected, abs=0.51)


def trouble(told: Facts, one: Said, bad: Sequence[Finding]) -> None:
    assert one.mood is Mood.WORSE
    assert one.text.startswith("Главная проблема — ")
    chosen = named(one.text, bad)
    costs = chosen.tone == Tone.NEGATIVE and chosen.excess > 0
    weight(one.text, told.pains if costs else (), chosen, "стоит бренду")
    assert one.behind == chosen.behind


def news(told: Facts, text: str, good: Sequence[Finding]) -> None:
    assert text.startswith("Лучшая новость — ")
    chosen = named(text, good)
    gives = chosen.tone == Tone.POSITIVE and chosen.excess > 0
    weight(text, told.joys if gives else (), chosen, "даёт бренду")


def named(text: str, found: Sequence[Finding]) -> Finding:
    """The finding that a sentence tells, which is the weightiest about a touchpoint if any is."""
    chosen = min(found, key=lambda one: (one.touchpoint == WHOLE, -abs(one.excess)))
    body = text.split(" — ", 1)[1].split("; за период")[0].rstrip(".")
    name = TOUCHPOINT_NAMES[Touchpoint(chosen.touchpoint)] if chosen.touchpoint else ""
    assert body.lower().startswith(name.lower() or ("негатив", "похвалы"))
    if chosen.usual:
        some = rf"(?:{N}±{N}|0–\u2060{N})"
        form = rf"[^:]+: {N}\xa0[а-яё ]+ вместо обычных {some}, {SPAN}(?:, началось раньше: [^,]+)?"
        count, mean, spread, most = parts(rf"{form}(?:, пик .+)?", body)
        assert count == chosen.count
        if most is None:
            assert (mean, spread) == (round(chosen.usual.mean), round(chosen.usual.spread))
        else:
            assert most == round(chosen.usual.mean) + round(chosen.usual.spread)
    else:
        assert chosen.before is not None
        (before, of_before), (now, of) = chosen.before
        share = rf"(?:меньше )?{N}\u202f%"
        form = rf"[^:]+: [а-яё]+ {share}, было {share} \({N} из {N}\xa0[а-я]+, раньше {N} из {N}\)"
        found_now, was, *of_how_many = parts(form, body)
        assert of_how_many == [now, of, before, of_before]
        for told, part in ((found_now, now / of), (was, before / of_before)):
            assert told == pytest.approx(max(part * 100, 1 if part else 0), abs=0.51)
    return chosen


def weight(text: str, ranked: Sequence[Weighed], chosen: Finding, verb: str) -> None:
    one = next((w for w in ranked if w.touchpoint == chosen.touchpoint), None)
    if one is None or one.is_uncertain:
        assert "за период" not in text
        return
    points(parts(rf"за период это {verb} {POINTS}\.", text.split("; ")[-1]), one)


def top(ranked: Sequence[Weighed], text: str, kind: str, verb: str) -> None:
    if not ranked:
        assert text == f"{kind} мнений о конкретных сторонах бренда нет."
        return
    one = ranked[0]
    assert TOUCHPOINT_NAMES[Touchpoint(one.touchpoint)] in text
    said = rf"«[^»]+»: {N}\xa0(?:нег|поз)ативн[а-яё]+ мнени[а-я]+".replace("ативн", "[а-я]+вн")
    if one.is_uncertain:
        assert one.opinions < FEW_OPINIONS or one.impact.n < FEW
        form = rf"Чаще всего {verb} {said}, это мало, чтобы делать выводы\."
        assert parts(form, text) == [one.opinions]
        return
    moved = rf"(?:, (?:больше|меньше), чем в {EQUAL} \({N}\))?"
    lead, cost = ("Дороже всего обходится", "стоят")
    if verb == "хвалят":
        lead, cost = ("Больше всего даёт", "дают")
    count, *weighed, before = parts(rf"{lead} {said} {cost} бренду {POINTS}{moved}\.", text)
    assert count == one.opinions
    points(weighed, one)
    assert before == (one.opinions_before if one.grows or one.shrinks else None)


def around(told: Facts, text: str) -> None:
    *lead, end = re.split(r"; (?=[^;]*$)", text)
    end = end[:1].lower() + end[1:]
    if not told.sources:
        assert not told.incomplete
        assert end == "ни один источник бренда за этот период не собирался."
    elif not told.incomplete:
        assert parts(rf"все источники \({N}\) прочитаны полностью\.", end) == [told.sources]
    else:
        form = rf"{N}\xa0источник(?:а|ов)? прочитаны? не полностью, всего их {N}\."
        assert parts(form, end) == [told.incomplete, told.sources]
    if told.who is None or told.voice is None:
        assert not lead
        return
    (spoken,) = lead
    share = rf"Доля упоминаний бренда рядом с конкурентами — {N}\u202f% \({N} из {N}\)"
    found = re.match(share, spoken)
    assert found
    value, part, n = map(number, found.groups())
    assert value == pytest.approx(told.voice.value * 100, abs=0.51)
    assert (part, n) == (round(told.voice.value * told.voice.n), told.voice.n)
    rest = spoken[found.end() :]
    against = told.rivals.against_mean if told.rivals else None
    if against is None or against.ours is None:
        assert not rest
    elif against.theirs is None:
        assert not re.search(r"\d", rest)
        assert "слишком мало" in rest
    else:
        form = rf", индекс {N} против {N} (?:у «[^»]+»|в среднем у конкурентов) \({SOME_N}\): (.+)"
        found = re.fullmatch(form, rest)
        assert found
        *figures, ending = found.groups()
        own = [against.ours.value * 100, against.theirs.value * 100, against.theirs.n]
        assert [number(n) for n in figures] == pytest.approx(own, abs=0.51)
        assert_ending(told, ending)


def assert_ending(told: Facts, ending: str) -> None:
    """Whoever is named as better or worse has the index that is told of them."""
    assert told.who is not None
    assert told.rivals is not None
    names = {brand.name: brand.id for brand in told.who.rivals}
    for name, value in re.findall(rf"чем у «([^»]+)» \({N}\)", ending):
        theirs = told.rivals.by_brand[names[name]].value * 100
        assert number(value) == pytest.approx(theirs, abs=0.51)


def plain(**changed: Any) -> Facts:
    """Nothing to tell but what is given."""
    standard = Facts(
        brand="Морошка",
        start=START,
        end=START + timedelta(days=6),
        mentions=0,
        before=0,
        unread=0,
        tones=Tones(),
        net=Measure(None, None),
        found=(),
        pains=(),
        joys=(),
        who=None,
        voice=None,
        rivals=None,
        sources=9,
        incomplete=0,
    )
    return replace(standard, **changed)


def texts(told: Facts) -> list[str]:
    return [one.text.replace("\xa0", " ").replace("\u202f", " ") for one in summary(told)]


def test_nobody_wrote() -> None:
    assert texts(plain()) == [
        "С 20 по 26 апреля 2026 о бренде «Морошка» не написали ни разу.",
        "Все источники (9) прочитаны полностью.",
    ]
    assert texts(plain(before=21, incomplete=2)) == [
        f"С 20 по 26 апреля 2026 о бренде «Морошка» не написали ни разу, а в {EQUAL} — 21 раз.",
        "2 источника прочитаны не полностью, всего их 9.",
    ]


def test_nothing_is_analysed_yet() -> None:
    assert texts(plain(mentions=21, unread=21, incomplete=1, end=START))[:2] == [
        f"20 апреля 2026 о бренде «Морошка» написали 21 раз — в {EQUAL} упоминаний нет, "
        "сравнить не с чем.",
        "Тональность ещё не известна: не проанализировано 21 из 21 упоминания.",
    ]


def test_few_mentions_allow_no_conclusion() -> None:
    now, before = Tones(9, 0, 6), Tones(2, 0, 30)
    net = Measure(stats.net_sentiment(now), stats.net_sentiment(before))
    said = texts(plain(mentions=15, before=32, tones=now, net=net))
    assert said[1].startswith("Индекс тональности −20 (от ")
    assert (
        "был +88 (n = 32): данных мало, чтобы делать выводы; негативных 9 из 15 (60 %)." in said[1]
    )


def test_trouble_comes_first_with_what_it_costs() -> None:
    now, before = Tones(60, 20, 20), Tones(10, 20, 70)
    net = Measure(stats.net_sentiment(now), stats.net_sentiment(before))
    count = OpinionCount("delivery", Tones(43), pain=40.0)
    late = Finding(
        "delivery", Tone.NEGATIVE, START, START + timedelta(days=6), 43, 31.0,
        usual=Expected(12.0, 5.0), began=START, peak=START + timedelta(days=4), lasts=True,
    )  # fmt: skip
    said = texts(
        plain(
            mentions=100,
            before=100,
            tones=now,
            net=net,
            found=(late,),
            pains=pain_points(([count], 100)),
        )
    )
    assert said[0] == (
        "Главная проблема — доставка и выдача: 43 жалобы вместо обычных 12±5, с 20 апреля до конца "
        "периода, пик 24 апреля; за период это стоит бренду 40,0 пункта индекса "
        "(от 30,9 до 49,8, n = 100)."
    )
    assert said[1].endswith(f"написали 100 раз — столько же, сколько в {EQUAL} (100).")
    assert said[2].startswith("Индекс тональности упал на 100 пунктов: с +60 (n = 100) до −40 (от ")


def test_periods_over_a_new_year_name_both_years() -> None:
    told = plain(start=date(2026, 12, 28), end=date(2027, 1, 3))
    assert texts(told)[0].startswith("С 28 декабря 2026 по 3 января 2027 о бренде")
    assert texts(plain(end=date(2026, 5, 3)))[0].startswith("С 20 апреля по 3 мая 2026 о бренде")


def test_links_open_what_is_spoken_of() -> None:
    count = OpinionCount("price", Tones(30, 0, 12), pain=20.0, joy=10.0)
    now = Tones(30, 40, 30)
    told = plain(
        mentions=100,
        tones=now,
        net=Measure(stats.net_sentiment(now), None),
        pains=pain_points(([count], 100)),
        joys=strengths(([count], 100)),
    )
    behind: list[Mapping[str, Any] | None] = [one.behind for one in summary(told)]
    assert behind == [
        {},
        {},
        {"touchpoints": ("price",), "tones": (Tone.NEGATIVE,)},
        {"touchpoints": ("price",), "tones": (Tone.POSITIVE,)},
        None,
    ]


def test_the_index_of_the_sentences_is_the_one_of_the_app() -> None:
    figures = Figures(100, 0, Tones(30, 40, 30))
    assert indices.NET.of(figures) == stats.net_sentiment(figures.tones)
