"""The model card, from the figures of the evaluation and nothing else."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Figures = Mapping[str, Any]
Table = tuple[str, Sequence[str], Sequence[Sequence[object]]]

_LIVE = "измеряется на поставляемых весах"
_RECORDED = "записано при обучении"

_SOURCES = {
    "labelled": (
        "тексты клиентов с точками контакта, настоящие и придуманные для проекта",
        "не указана; придуманные – MIT",
    ),
    "books": ("отзывы о книгах, звёзды", "не указана"),
    "kinopoisk": ("отзывы о фильмах", "не указана"),
    "maps_dealer": ("отзывы об автосалонах, звёзды", "не указана"),
    "otzovik_bank": ("отзывы о банках, звёзды", "не указана"),
    "ozon": ("отзывы о товарах, звёзды", "не указана"),
    "ozon_long": ("длинные отзывы о товарах, звёзды", "не указана"),
    "rusentitweet": ("RuSentiTweet, обучающая часть", "не указана"),
    "rusentne2023": ("RuSentNE-2023, предложения новостей", "MIT"),
    "sentirueval2015_banks": ("SentiRuEval-2015, твиты о банках", "не указана"),
    "sentirueval2015_telecom": ("SentiRuEval-2015, твиты о связи", "не указана"),
    "targets_sentirueval2015": ("SentiRuEval-2015, отношение к названному бренду", "не указана"),
    "targets_rusentne2023": ("RuSentNE-2023, отношение к названному", "MIT"),
    "targets_syn": ("придуманные тексты, отношение к названному бренду", "MIT"),
    "unlabelled": ("тексты без разметки, для ученика", "не указана"),
}

#: Title of each figure, and how far two annotators agreed on it (240 texts of the same guide).
FIGURES = {
    "n": ("текстов", ""),
    "tone_exact": ("тональность, доля верных среди четырёх", ""),
    "tone_accuracy": ("тональность, доля верных (без mixed)", 0.97),
    "tone_macro_f1": ("тональность, macro-F1 трёх классов", ""),
    "mixed_f1": ("mixed, F1", ""),
    "kind_accuracy": ("вид текста, доля верных", 0.95),
    "intents_f1": ("намерения, micro-F1", 0.95),
    "pairs_f1": ("пары (точка, тональность), micro-F1", 0.94),
    "touchpoints_f1": ("точки контакта, micro-F1", ""),
    "evidence_overlap": ("цитата пересекается с эталонной, доля верных пар", ""),
}

#: The same agreements, with the number of texts that two annotators labelled each.
AGREEMENT = {"n": 240} | {key: told for key, (_, told) in FIGURES.items() if told}

_HEAD = """# Модель «Отклика» {version}

Файл создан `python -m nlp.training`; правки вручную пропадут.

Шесть слоёв, выученных у учителя из двенадцати слоёв multilingual-e5-small (MIT); словарь урезан до
русского, веса int8. Один проход даёт тональность, вид текста, намерения и по каждому предложению –
точки контакта с тональностью; второй, где спрошено, – отношение к названному бренду. Лицензии
исходных весов и токенизатора: файл NOTICE.

Чего модель не умеет: иронию понимает хуже прямой речи; точки контакта, о которых сказано намёком,
пропускает чаще названных; новости и политика – не её область. Разметка точек сделана языковыми
моделями по единой инструкции, согласие двух разметчиков – верхняя граница. Часть обучающих текстов
придумана для проекта (`nlp/training/invented`). В квадратных скобках – 95-процентный интервал
(бутстреп). Предсказанное mixed считается более вероятным полюсом там, где в эталоне mixed нет.
Отзывы с тремя звёздами в тональность не входят: у них нет верного ответа.
"""


def _table(titles: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [titles, ("---",) * len(titles), *rows]
    return "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines) + "\n"


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.3f}"
    return str(value).replace("|", "\\|").replace("\n", " ")


def _with(value: float, ends: Sequence[float]) -> str:
    return f"{value:.3f} [{ends[0]:.3f}–{ends[1]:.3f}]"


def _tones(groups: Figures) -> list[list[object]]:
    return [
        [
            name,
            row["n"],
            _with(row["macro_f1"], row["macro_f1_interval"]),
            _with(row["polar_f1"], row["polar_f1_interval"]),
            row["accuracy"],
            row["ece"],
        ]
        for name, row in groups.items()
    ]


_TONE_COLUMNS = ("источник", "n", "macro-F1", "F1 негатива и позитива", "доля верных", "ECE")


def _marks(sets: Figures) -> Table:
    rows = [
        [
            title,
            *(
                _with(own[key], own["intervals"][key]) if key in own["intervals"] else own[key]
                for own in sets.values()
            ),
            agreement,
        ]
        for key, (title, agreement) in FIGURES.items()
    ]
    return ("Размеченные наборы", ("показатель", *sets, "согласие разметчиков"), rows)


def _parts(title: str, sets: Figures) -> Table:
    """F1 of each label with the number of texts that have it, of either set."""
    rows = []
    for label in dict.fromkeys(label for own in sets.values() for label in own):
        cells: list[object] = [label]
        for own in sets.values():
            told = own.get(label)
            cells += [told["gold"], _with(told["f1"], told["interval"])] if told else ["", ""]
        rows.append(cells)
    titles = ["метка", *(cell for name in sets for cell in (f"{name}: n", "F1"))]
    return title, titles, rows


def _reliability(sets: Figures) -> Table:
    rows = [
        [
            name,
            f"{row['low']:.2f}–{row['high']:.2f}",
            row["n"],
            row["certainty"],
            row["hit"] / row["n"],
        ]
        for name, own in sets.items()
        for row in own["reliability"]
    ]
    titles = ("набор", "вероятность тональности", "n", "в среднем", "доля верных среди четырёх")
    return "Чего стоит уверенность", titles, rows


def _live(live: Figures) -> Iterator[Table]:
    yield "Тональность на отложенной части", _TONE_COLUMNS, _tones(live["tone"])
    yield "Тональность к названному", _TONE_COLUMNS, _tones(live["targets"])
    tweets = {"RuSentiTweet, тест без skip и speech": live["rusentitweet_test"]}
    yield "Публичное мерило, три класса", _TONE_COLUMNS, _tones(tweets)
    sets = {name: live[name] for name in _SETS}
    yield _marks(sets)
    for title, part in (("Тональность по классам", "tone_f1"), ("Точки контакта", "touchpoints")):
        yield _parts(title, {name: own[part] for name, own in sets.items()})
    yield _reliability(sets)
    edits = [[name, share] for name, share in live["stability"].items()]
    yield "Как часто мелкая правка меняет тональность", ("правка", "доля текстов"), edits
    wrong = [[each["text"], each["gold"], each["found"]] for each in live["mistakes"]]
    yield "Самые уверенные ошибки на демо", ("текст", "верно", "ответ"), wrong


def _recorded(recorded: Figures) -> Iterator[Table]:
    whole = {name: row for name, row in recorded.items() if "float32" in name}
    for name, row in whole.items():
        yield f"Тональность: {name}", _TONE_COLUMNS, _tones(row["tone"])
        yield f"Тональность к названному: {name}", _TONE_COLUMNS, _tones(row["targets"])
    if whole:
        yield _marks({f"{name}: {key}": row[key] for name, row in whole.items() for key in _SETS})
    five = [
        [f"{name}, {how}", row["n"], _with(row["macro_f1"], row["macro_f1_interval"])]
        for name, ways in recorded.get("RuSentiTweet, 5 classes", {}).items()
        for how, row in ways.items()
    ]
    if five:
        yield "RuSentiTweet, официальный тест, 5 классов", ("сеть", "n", "macro-F1"), five
    if left_out := recorded.get("RuSentiTweet left out"):
        rows = _tones({"RuSentiTweet, тест без skip и speech": left_out})
        yield "Обучение без RuSentiTweet", _TONE_COLUMNS, rows
    if curve := recorded.get("curve"):
        rows = [[name, *row.values()] for name, row in curve.items()]
        yield "Глубина против качества и скорости, int8", _CURVE_COLUMNS, rows


_CURVE_COLUMNS = (
    "сеть",
    "слоёв",
    "проходов обучения",
    "touchpoints_dev: текстов/с",
    "тональность",
    "пары",
    "демо: текстов/с",
    "тональность",
    "пары",
)
_SETS = ("touchpoints_dev", "demo")


def _sources(rows: Figures) -> Table:
    told = [[source, *_told(source), count] for source, count in rows.items()]
    return "На чём обучена", ("источник", "что это", "лицензия", "доступно строк"), told


def _told(source: str) -> tuple[str, str]:
    """What a source is and its licence; files of invented texts and texts without labels share."""
    shared = (name for name in ("targets_syn", "unlabelled") if source.startswith(name))
    return _SOURCES[next(shared, source)]


def tables(content: Figures) -> str:
    """All figures as Markdown tables, each marked as measured live or as recorded."""
    marked = [
        *((table, _LIVE) for table in _live(content["live"])),
        *((table, _RECORDED) for table in _recorded(content.get("recorded", {}))),
    ]
    return "\n".join(
        f"## {title} ({mark})\n\n{_table(titles, rows)}" for (title, titles, rows), mark in marked
    )


def render(content: Figures) -> str:
    """The card as Markdown."""
    title, titles, rows = _sources(content["live"]["train_rows"])
    note = "Тексты без указанной лицензии принадлежат авторам; сюда они не входят."
    used = f"## {title}\n\n{note}\n\n{_table(titles, rows)}"
    return "\n".join([_HEAD.format(version=content["live"]["version"]), tables(content), used])
