"""`otklik alerts`: the rules, what they fired, and what they would have fired."""

from datetime import datetime
from typing import Annotated

import typer

from otklik import options

app = typer.Typer(
    help="Оповещения: правила, что сработало и что сработало бы.", no_args_is_help=True
)
First = Annotated[
    datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="С этого дня.", show_default=False)
]
Last = Annotated[
    datetime | None,
    typer.Option(
        "--to", formats=["%Y-%m-%d"], help="По этот день; без него — по сегодня.",
        show_default=False,
    ),
]  # fmt: skip


@app.command("list")
def list_(config: options.Config = None, as_json: options.Json = False) -> None:
    """Правила и когда они срабатывали."""
    from otklik import alert_commands

    raise typer.Exit(alert_commands.rules(options.house(config), as_json=as_json))


@app.command()
def history(
    limit: Annotated[int, typer.Option(min=1, help="Сколько последних показать.")] = 20,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Что сработало и кому отправлено."""
    from otklik import alert_commands

    raise typer.Exit(alert_commands.history(options.house(config), limit, as_json=as_json))


@app.command("test")
def trial(
    name: Annotated[str, typer.Argument(help="Имя правила.")],
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Сколько раз правило сработало бы за последние 30 дней; ничего не отправляется."""
    from otklik import alert_commands

    raise typer.Exit(alert_commands.trial(options.house(config), name, as_json=as_json))


@app.command()
def replay(
    first: First,
    last: Last = None,
    record: Annotated[
        bool, typer.Option("--record", help="Записать в историю с пометкой, что это прогон.")
    ] = False,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Пройти по сохранённым упоминаниям день за днём; ничего не отправляется."""
    from otklik import alert_commands

    until = last.date() if last else None
    raise typer.Exit(
        alert_commands.replay(
            options.house(config), first.date(), until, keep=record, as_json=as_json
        )
    )
