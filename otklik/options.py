"""What several commands of `otklik` take: options and arguments (long ones, too), the house."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from otklik.house import House

Config = Annotated[
    Path | None,
    typer.Option(
        "--config", "-c", envvar="OTKLIK_CONFIG", help="Файл настроек.", show_default=False
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Ответ в JSON, для программ.")]
Sources = Annotated[
    list[str] | None, typer.Argument(help="Имена источников; без них — все.", show_default=False)
]

Since = Annotated[
    datetime | None,
    typer.Option(
        "--from", formats=["%Y-%m-%d"], help="Собрать период с этого дня.", show_default=False
    ),
]
Until = Annotated[
    datetime | None,
    typer.Option(
        "--to", formats=["%Y-%m-%d"], help="… до этого, не включая его.", show_default=False
    ),
]
SourceName = Annotated[
    str, typer.Option(help="Имя источника; по умолчанию — имя файла.", show_default=False)
]
Brand = Annotated[
    str | None,
    typer.Option(help="Код бренда, о котором весь файл.", show_default=False),
]
Columns = Annotated[
    list[str] | None,
    typer.Option(help="Поле=столбец, если угадано неверно: text=Отзыв", show_default=False),
]
Encoding = Annotated[str | None, typer.Option(help="Кодировка.", show_default=False)]
Delimiter = Annotated[str | None, typer.Option(help="Разделитель.", show_default=False)]
Author = Annotated[str, typer.Argument(help="Имя, id, ссылка на профиль или хеш («автор a1b2c3»).")]
SourceOfAuthor = Annotated[
    str | None,
    typer.Option(
        "--source",
        help="Только в этом источнике: имена и id бывают у разных людей.",
        show_default=False,
    ),
]
ErasesNothing = Annotated[
    bool, typer.Option("--dry-run", help="Показать, сколько будет стёрто, и ничего не менять.")
]
Rebuild = Annotated[
    bool,
    typer.Option(
        "--rebuild", help="Найти темы заново; переименованные и объединённые вами останутся."
    ),
]
FromCorrections = Annotated[
    bool, typer.Option("--from-corrections", help="Дообучить на исправлениях из приложения.")
]


def house(config: Path | None) -> "House":
    """The open house of a config file; what it needs is imported only then."""
    from otklik.config import load
    from otklik.house import open_house

    return open_house(load(config))
