"""The contract of every source, on recorded pages; a new source adds a folder, no test.

``python tests/test_contract.py`` writes the expected mentions anew; read the difference.
"""

import json
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

import pytest
from memory import NOW, MemoryStore
from recorded import Case, cases, shown

from collectors import registry, runner
from collectors.base import Context, Item, Mention
from collectors.errors import LayoutChanged, NeedsHuman
from collectors.outcomes import Status
from collectors.sources import file, imap, webhook

CASES = {f"{case.kind}-{case.name}": case for case in cases()}
EVERY = pytest.mark.parametrize("make", [case.fresh for case in CASES.values()], ids=list(CASES))
Make = Callable[[], Case]
OWNED = (file, imap, webhook)  # what comes by these is its owner's: no developer need look at it
FOREIGN = {name: case for name, case in CASES.items() if case.collector not in OWNED}
STRANGERS = pytest.mark.parametrize(
    "make", [case.fresh for case in FOREIGN.values()], ids=list(FOREIGN)
)


def test_every_source_has_recorded_pages() -> None:
    assert set(registry.types()) == {case.kind for case in CASES.values()}


@EVERY
def test_expected_mentions(make: Make) -> None:
    case = make()
    found = [shown(mention) for mention in case.mentions()]
    assert found == json.loads(case.expected_file.read_text("utf-8"))
    assert case.unknown == []
    assert set(case.told.get("responses", {})) <= set(case.asked), "recorded, but never asked for"


@EVERY
def test_keys_are_unique_and_stable(make: Make) -> None:
    keys = [(mention.source, mention.external_id) for mention in make().mentions()]
    assert keys
    assert len(set(keys)) == len(keys)
    assert all(source == "src" and key for source, key in keys)
    assert keys == [(mention.source, mention.external_id) for mention in make().mentions()]


@EVERY
def test_dates_are_aware_and_past(make: Make) -> None:
    for mention in make().mentions():
        assert mention.published_at.utcoffset() == timedelta(0)
        assert mention.published_at <= NOW
        if not mention.date_known:
            assert mention.published_at == NOW


@EVERY
def test_there_is_something_to_read(make: Make) -> None:
    for mention in make().mentions():
        assert mention.text or mention.title or mention.rating is not None
        assert "<" not in mention.text
        if mention.rating is not None:
            assert 0 <= mention.rating <= mention.rating_scale
        json.dumps(mention.raw)


@EVERY
def test_pages_differ(make: Make) -> None:
    pages = [{item.external_id for item in page} for page in make().pages()]
    for number, page in enumerate(pages):
        assert all(page != other for other in pages[:number])


@EVERY
def test_since_stops_the_paging(make: Make) -> None:
    case, whole = make(), make()
    whole.pages()
    case.pages(since=NOW + timedelta(days=1))
    # A token that is got first, or several lists in one source, take a request each.
    fewest = case.told.get("fewest_requests", 1)
    limit = fewest if case.collector.ORDER == "newest_first" else len(whole.asked)
    assert len(case.asked) <= limit


@EVERY
def test_a_broken_page_is_a_changed_layout(make: Make) -> None:
    case = make()
    case.is_broken = True
    expected = NeedsHuman if case.collector in OWNED else LayoutChanged
    with pytest.raises(expected) as changed:
        case.pages()
    assert str(changed.value)


@STRANGERS
def test_cards_that_cannot_be_read_are_a_changed_layout(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(ctx: Context[Any], cards: Iterable[Any], _: object) -> list[Item]:
        for _card in cards:
            ctx.skip("карточка", "Поля переименованы.")
        return []

    case = make()
    monkeypatch.setattr(Context, "readable", unreadable)
    ctx = case.context()
    outcome = runner.crawl(
        "src", case.collector, ctx.options, MemoryStore(), ctx.http, interval=None, now=NOW
    )
    assert outcome.status is Status.LAYOUT_CHANGED, (outcome.status, outcome.error)


@EVERY
def test_a_second_crawl_writes_nothing(make: Make) -> None:
    store, statuses = MemoryStore(), []
    for _ in range(2):
        case = make()
        ctx = case.context()
        outcome = runner.crawl(
            "src",
            case.collector,
            ctx.options,
            store,
            ctx.http,
            interval=timedelta(hours=1),
            now=NOW,
        )
        statuses.append((outcome.status, outcome.error))
    assert statuses == [(Status.OK, "")] * 2
    assert store.writes == len(store.items) > 0


def test_unknown_types_are_named_with_their_neighbours() -> None:
    with pytest.raises(NeedsHuman, match="feed"):
        registry.find("fead")
    with pytest.raises(NeedsHuman, match="page"):
        registry.find("???")


if __name__ == "__main__":
    for one in CASES.values():
        found = [shown(mention) for mention in one.mentions() if isinstance(mention, Mention)]
        text = json.dumps(found, ensure_ascii=False, indent=1) + "\n"
        one.expected_file.write_text(text, encoding="utf-8")
