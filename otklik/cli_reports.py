"""`otklik report`: a tone report as files, and on its way to people."""

from pathlib import Path
from typing import Annotated

import typer

from otklik import options

Brand = Annotated[str, typer.Option(help="Код бренда из config.yaml.")]
Period = Annotated[
    str,
    typer.Option(
        help="2026-09-01..2026-09-30, неделя 2026-W17, месяц 2026-09, квартал 2026-Q3; "
        "неделя, месяц, квартал — последние целиком прошедшие."
    ),
]
Formats = Annotated[str, typer.Option("--format", help="Через запятую: pdf, html, xlsx.")]
Out = Annotated[
    Path | None,
    typer.Option(help="Папка для файлов; без неё — reports.folder.", show_default=False),
]
Send = Annotated[
    list[str] | None,
    typer.Option(help="И отправить в этот канал из config.yaml.", show_default=False),
]


def report(
    brand: Brand,
    period: Period,
    formats: Formats = "pdf,html,xlsx",
    out: Out = None,
    send: Send = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Отчёт о тональности за период: PDF, HTML и XLSX."""
    from otklik import report_command

    house = options.house(config)
    asked = report_command.Asked(brand, period, formats, out, tuple(send or ()))
    raise typer.Exit(report_command.report(house, asked, as_json=as_json))
