"""The model card, from the figures of the evaluation and nothing else."""

from collections.abc import Mapping
from typing import Any

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
    "rusentitweet": ("RuSentiTweet, обучающая часть, без speech и skip", "не указана"),
    "rusentne2023": ("RuSentNE-2023, предложения новостей", "MIT"),
    "sentirueval2015_banks": ("SentiRuEval-2015, твиты о банках", "не указана"),
    "sentirueval2015_telecom": ("SentiRuEval-2015, твиты о связи", "не указана"),
}

_FIGURES = {
    "n": "текстов",
    "tone_accuracy": "тональность, доля верных (без mixed)",
    "tone_macro_f1": "тональность, macro-F1 трёх классов",
    "mixed_f1": "mixed, F1",
    "kind_accuracy": "вид текста, доля верных",
    "intents_f1": "намерения, micro-F1",
    "pairs_f1": "пары (точка, тональность), micro-F1",
    "touchpoints_f1": "точки контакта, micro-F1",
    "evidence_overlap": "цитата пересекается с эталонной, доля верных пар",
}

_HEAD = """# Модель «Отклика» {version}

Файл создан `python -m nlp.training`; правки вручную пропадут.

Шесть из двенадцати слоёв multilingual-e5-small (MIT), словарь урезан до русского, веса int8.
Один проход даёт тональность, вид текста, намерения и по каждому предложению – точки контакта с
тональностью. Лицензии исходных весов и токенизатора: файл NOTICE.

Чего модель не умеет: тональность к названному бренду (`target_tone`); тексты из одних смайлов
считает нейтральными; иронию понимает плохо; точки контакта, о которых сказано намёком, часто
пропускает. Разметка точек сделана языковыми моделями по единой инструкции.
"""


def _table(titles: tuple[str, ...], rows: list[tuple[object, ...]]) -> str:
    lines = [titles, ("---",) * len(titles), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines) + "\n"


def render(figures: Mapping[str, Any]) -> str:
    """The card as Markdown."""
    whole = figures["held_out_float32"]
    tones: list[tuple[object, ...]] = [
        (source, row["n"], row["macro_f1"], whole[source]["macro_f1"], row["accuracy"], row["ece"])
        for source, row in figures["held_out"].items()
    ]
    sets = {name: figures[name] for name in ("touchpoints_dev", "demo") if name in figures}
    marks: list[tuple[object, ...]] = [
        (title, *(row[key] for row in sets.values())) for key, title in _FIGURES.items()
    ]
    used: list[tuple[object, ...]] = [
        (source, *_SOURCES[source], rows) for source, rows in figures["train_rows"].items()
    ]
    columns = ("источник", "n", "macro-F1", "macro-F1 float32", "доля верных", "ECE")
    return "\n".join(
        [
            _HEAD.format(version=figures["version"]),
            "## Тональность на отложенной части (веса int8)\n",
            _table(columns, tones),
            "## Размеченные наборы, на которых модель не училась\n",
            _table(("показатель", *sets), marks),
            "## На чём обучена\n",
            "Тексты без указанной лицензии принадлежат авторам; сюда они не входят.\n",
            _table(("источник", "что это", "лицензия", "строк"), used),
        ]
    )
