"""Files in and lines through: `otklik import` and `otklik classify`."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from collectors import runner
from collectors.http import Http
from collectors.outcomes import Outcome
from collectors.sources import file as file_source
from collectors.sources.file import Options
from nlp.analyser import Analyser
from nlp.analysis import Analysis, Failure, Query
from nlp.labels import MODEL_TONES
from otklik.brands import Matcher
from otklik.house import House
from otklik.messages import ConfigError, describe
from storage.crawls import SourceDeclaration

#: Lines held at once: as much as the model sorts by length in one window.
_WINDOW = 2048


def options_for(house: House, file: Path, source: str, given: Mapping[str, Any]) -> Options:
    """Options of the file: those of the configured source of that name, then those given.

    Raises ConfigError where there is no such file, ``source`` is configured as another type or an
    option is wrong.
    """
    if not file.is_file():
        raise ConfigError(
            f"«{file}» — папка, а нужен файл" if file.is_dir() else f"файла «{file}» нет"
        )
    configured = next((s for s in house.config.sources if s.name == source), None)
    if configured and configured.type != "file":
        raise ConfigError(
            f"источник «{source}» в config.yaml имеет тип {configured.type}: файл в него не "
            f"загружается — выберите другое имя: --source ИМЯ"
        )
    base = house.config.options_of(configured) if configured else {}
    own = {"timezone": house.config.timezone, "path": file.absolute()}
    try:
        return Options.model_validate({**base, **own, **given})
    except ValidationError as error:
        raise ConfigError(describe(error, Options, "параметры импорта", "")) from error


def import_file(
    house: House, options: Options, source: str, brand: str | None, on_page: Callable[[int], None]
) -> Outcome:
    """Read the file into the source; rows that were read before cost one comparison each."""
    new = None
    if all(known.name != source for known in house.config.sources):
        if brand and all(known.code != brand for known in house.config.brands):
            raise ConfigError(f"нет бренда «{brand}» — опишите его в config.yaml, раздел brands")
        new = SourceDeclaration(name=source, type="file", brand_code=brand)
    return runner.crawl(
        source,
        file_source,
        options,
        house.import_store(on_page, new),
        Http(),
        interval=None,
        now=datetime.now(UTC),
    )


def classify(lines: Iterable[str], analyser: Analyser, *, plain: bool) -> Iterator[dict[str, Any]]:
    """One answer for every line, in order; a broken line gets ``error``. Memory stays bounded.

    A line with ``target`` gets ``target_tone``, null where its text does not name the target.
    """
    source = iter(lines)
    while window := list(islice(source, _WINDOW)):
        rows = [_parse(line, plain=plain) for line in window]
        queries = [_query(row) for row in rows if "error" not in row]
        answers = iter(analyser.analyse(queries))
        for row in rows:
            yield row if "error" in row else row | _answer(row, next(answers), analyser.version)


def _parse(line: str, *, plain: bool) -> dict[str, Any]:
    stripped = line.rstrip("\r\n")
    if plain:
        return {"text": stripped}
    try:
        row = json.loads(stripped, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        return {"error": f"это не JSON: {error}"}
    if not isinstance(row, dict):
        return {"error": "ожидался объект с ключом text"}
    if not isinstance(row.get("text"), str):
        return {**row, "error": "нет ключа text с текстом"}
    if not isinstance(row.get("target", ""), str | None):
        return {**row, "error": "в ключе target ожидалось название — строка"}
    row.pop("error", None)
    return row


def _refuse(constant: str) -> None:
    """NaN and Infinity, which Python reads and JSON does not have."""
    raise ValueError(f"{constant} не бывает в JSON")


def _query(row: dict[str, Any]) -> Query:
    text, target = row["text"], row.get("target")
    if not target:
        return Query(text)
    return Query(text, target, _matcher(target).places(text).get(0, ()))


@lru_cache(maxsize=1000)
def _matcher(target: str) -> Matcher:
    """A stream asks about few targets many times."""
    return Matcher({0: [target]})


def _answer(row: dict[str, Any], result: Analysis | Failure, model: str) -> dict[str, Any]:
    if isinstance(result, Failure):
        return {"error": result.reason, "model": model}
    answer: dict[str, Any] = {
        "tone": result.tone,
        "tone_scores": dict(zip(MODEL_TONES, map(_rounded, result.tone_scores), strict=True)),
        "kind": result.kind,
        "intents": list(result.intents),
        "opinions": [
            {
                "touchpoint": opinion.touchpoint,
                "tone": opinion.tone,
                "score": _rounded(opinion.score),
                "start": opinion.start,
                "end": opinion.end,
                "quote": row["text"][opinion.start : opinion.end],
            }
            for opinion in result.opinions
        ],
        "model": model,
    }
    if row.get("target"):
        answer["target_tone"] = result.target_tone
    return answer


def _rounded(score: float) -> float:
    return round(score, 4)
