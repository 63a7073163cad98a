"""`otklik channels`: does what is told to people outside arrive there?"""

from typing import Annotated

import typer

from otklik import options
from otklik.screen import NOT_ALL, OK, note

app = typer.Typer(
    help="Каналы отчётов и оповещений: почта, Телеграм и другие.", no_args_is_help=True
)


@app.callback()
def channels() -> None:
    """Каналы отчётов и оповещений: почта, Телеграм и другие."""


@app.command("test")
def trial(
    name: Annotated[str, typer.Argument(help="Имя канала из config.yaml.")],
    config: options.Config = None,
) -> None:
    """Отправить в канал проверочное сообщение и сказать, что вышло."""
    from otklik import delivering
    from otklik.config import load
    from otklik.sending import Refused

    try:
        delivering.try_out(load(config), name)
    except Refused as refused:
        note(f"{name}: не отправлено. {refused}")
        raise typer.Exit(NOT_ALL) from None
    note(f"{name}: отправлено. Проверьте, что сообщение пришло.")
    raise typer.Exit(OK)
