"""What a rule looks at: the pickers of the filter bar, for a filter of its own."""

from dataclasses import replace
from typing import Any

import streamlit as st

from nlp.labels import INTENT_NAMES, KIND_NAMES, TOUCHPOINT_NAMES, Tone
from storage.filters import LANGUAGES, Filter
from storage.queries import When
from views import filter_chips
from views.alert_state import Now
from views.filter_words import ANY_RATING, rating_label, tone_label

_RATINGS = (ANY_RATING, (1, 2), (1, 3), (4, 5), (1, 1), (2, 2), (3, 3), (4, 4), (5, 5))
#: Parts that a rule cannot be given here, but may have from a link or config.yaml.
_KEPT = ("facets", "author", "theme", "voices_only", "repeats", "statuses", "assignees")


def draw(
    key: str, now: Now, given: Filter, reach: int | None, when: When
) -> tuple[Filter, int | None]:
    """The filter and the least reach, as they are chosen."""
    st.subheader("О чём", anchor=False)
    where = replace(given, day_from=None, day_to=None, before=None, lemmas="")
    where = replace(where, **_main(key, now, given, when))
    with st.expander("Ещё условия", expanded=_has_more(given, reach)):
        where = replace(where, **_more(key, now, given))
        reach = None if when is When.SURGE else _reach(key, reach)
    _tell_kept(now, where)
    return where, reach


def _main(key: str, now: Now, given: Filter, when: When) -> dict[str, Any]:
    catalog = now.basics.catalog
    brands = {brand.id: brand.name or "без бренда" for brand in catalog.brands}
    topics = {str(code): name for code, name in TOUCHPOINT_NAMES.items()}
    parts = {
        "brands": _many(f"{key}_brands", "Бренды", brands, given.brands, "все бренды"),
        "touchpoints": _many(
            f"{key}_topics", "Точки контакта", topics, given.touchpoints, "о чём угодно"
        ),
    }
    if when is When.SURGE:
        return parts | {"tones": ()}
    tones = st.pills(
        "Тональность мнений об этом" if parts["touchpoints"] else "Тональность",
        [str(tone) for tone in Tone],
        format_func=tone_label,
        selection_mode="multi",
        default=[tone for tone in given.tones if tone],
        key=f"{key}_tones",
    )
    rating = st.selectbox(
        "Оценка",
        list(dict.fromkeys([*_RATINGS, given.rating or ANY_RATING])),
        index=list(dict.fromkeys([*_RATINGS, given.rating or ANY_RATING])).index(
            given.rating or ANY_RATING
        ),
        format_func=rating_label,
        key=f"{key}_rating",
    )
    return parts | {"tones": tuple(tones), "rating": None if rating == ANY_RATING else rating}


def _more(key: str, now: Now, given: Filter) -> dict[str, Any]:
    sources = {source.id: source.label for source in now.basics.catalog.sources}
    kinds = {str(code): name for code, name in KIND_NAMES.items()}
    intents = {str(code): name for code, name in INTENT_NAMES.items()}
    text = st.text_input(
        "Слова в тексте",
        given.text,
        help="Все слова, в любой форме и в любом порядке, как в поиске упоминаний",
        max_chars=500,
        key=f"{key}_text",
    )
    return {
        "text": text.strip(),
        "sources": _many(f"{key}_sources", "Источники", sources, given.sources, "все источники"),
        "intents": _many(
            f"{key}_intents", "Что собирается делать автор", intents, given.intents, "неважно"
        ),
        "kinds": _many(f"{key}_kinds", "Что это за текст", kinds, given.kinds, "любой"),
        "languages": _many(f"{key}_languages", "Язык", dict(LANGUAGES), given.languages, "любой"),
    }


def _has_more(given: Filter, reach: int | None) -> bool:
    parts = (given.text, given.sources, given.intents, given.kinds, given.languages, reach)
    return any(parts)


def _reach(key: str, given: int | None) -> int | None:
    chosen = st.number_input(
        "Охват не меньше",
        min_value=0,
        value=given or 0,
        step=100,
        help="Просмотры, а где источник их не говорит — лайки, комментарии и репосты вместе, "
        "какими они были при первом сборе. 0 — неважно",
        key=f"{key}_reach",
    )
    return int(chosen) or None


def _many(
    key: str, title: str, names: dict[Any, str], chosen: tuple[Any, ...], placeholder: str
) -> tuple[Any, ...]:
    return tuple(
        st.multiselect(
            title,
            list(names),
            default=[code for code in chosen if code in names],
            format_func=lambda code: names.get(code, "?"),
            placeholder=placeholder,
            select_all=False,
            key=key,
        )
    )


def _tell_kept(now: Now, where: Filter) -> None:
    """The other parts of the filter, which stay as they are."""
    kept = Filter(**{part: getattr(where, part) for part in _KEPT})
    labels = [chip.label for chip in filter_chips.of(now.basics, kept)]
    if labels:
        st.caption(f"И ещё, из ссылки: {' · '.join(labels)}")
