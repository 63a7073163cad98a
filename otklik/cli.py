"""The `otklik` command. torch, transformers and streamlit are imported only when needed.

Exit codes: 0 fine, 1 a source needs later or a human, 2 wrong use or config, 3 a bug.
"""

from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from typer import rich_utils

from otklik import cli_alerts, cli_channels, cli_reports, options, usage
from otklik.screen import fail, guarded, note

rich_utils.OPTIONS_PANEL_TITLE = "Параметры"
rich_utils.ARGUMENTS_PANEL_TITLE = "Аргументы"
rich_utils.COMMANDS_PANEL_TITLE = "Команды"
rich_utils.rich_format_error = usage.tell  # type: ignore[assignment]

app = typer.Typer(
    name="otklik",
    help="Отклик: монитор отзывов и упоминаний. Обычный порядок: init → check → run → serve.",
    epilog="Коды выхода: 0 — всё хорошо; 1 — источнику нужно время или человек; "
    "2 — неверная команда или config.yaml; 3 — ошибка программы.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(cli_channels.app, name="channels")
app.add_typer(cli_alerts.app, name="alerts")


def main() -> NoReturn:
    """Entry point of the console script: every error ends in words and an exit code."""
    guarded(app)


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="Папка для config.yaml и базы.")] = Path(),
    brand: Annotated[str, typer.Option(help="Название вашего бренда.")] = "",
) -> None:
    """Создать свой config.yaml и пустую базу."""
    from otklik import starter

    path = starter.write(folder, brand)
    options.house(path)
    note(f"Создан {path} и база рядом с ним. Опишите в нём бренды и источники, затем: otklik check")


@app.command()
def check(
    sources: options.Sources = None, config: options.Config = None, as_json: options.Json = False
) -> None:
    """Проверить настройки и каждый источник; ничего не сохраняется."""
    from otklik import commands
    from otklik.config import load

    raise typer.Exit(commands.check(load(config), sources, as_json=as_json))


@app.command()
def crawl(
    sources: options.Sources = None,
    since: options.Since = None,
    until: options.Until = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Собрать новые упоминания; названные источники опрашиваются и вне очереди.

    С --from собирается только указанный период, обычный сбор продолжится с прежнего места.
    """
    from otklik import commands

    if since is None:
        if until is not None:
            fail("--to пишется вместе с --from: otklik crawl ИСТОЧНИК --from 2026-01-01")
        raise typer.Exit(commands.crawl(options.house(config), sources, as_json=as_json))
    if not sources:
        fail("Назовите источники: otklik crawl ИСТОЧНИК --from 2026-01-01")
    begin, end = since.date(), until.date() if until else None
    raise typer.Exit(commands.backfill(options.house(config), sources, begin, end, as_json=as_json))


@app.command()
def schedule(
    attached: Annotated[
        bool,
        typer.Option("--attached", hidden=True, help="Закончить со стандартным вводом."),
    ] = False,
    config: options.Config = None,
) -> None:
    """Собирать и анализировать по расписанию, пока не остановят (Ctrl+C)."""
    from otklik.serving import work

    raise typer.Exit(work(options.house(config), attached=attached))


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="CSV, XLSX или JSONL.")],
    source: options.SourceName = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Показать, что понято, и ничего не сохранять.")
    ] = False,
    brand: options.Brand = None,
    column: options.Columns = None,
    encoding: options.Encoding = None,
    delimiter: options.Delimiter = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Загрузить файл с отзывами; повторная загрузка ничего не удваивает."""
    from otklik import commands

    pairs = dict(part.split("=", 1) for part in column or () if "=" in part)
    if len(pairs) != len(column or ()):
        fail("--column пишется как поле=столбец, например --column text=Отзыв")
    # A shell hands «\t» over as two characters.
    separator = delimiter.replace("\\t", "\t") if delimiter else None
    given: dict[str, Any] = {"columns": pairs, "encoding": encoding, "delimiter": separator}
    given = {key: value for key, value in given.items() if value}
    house = options.house(config)
    name = source or file.stem
    if dry_run:
        raise typer.Exit(commands.inspect(house, file, name, given, as_json=as_json))
    raise typer.Exit(commands.import_file(house, file, name, given, brand, as_json=as_json))


@app.command()
def analyse(config: options.Config = None, as_json: options.Json = False) -> None:
    """Определить тон, точки контакта и темы у всего, что ещё не проанализировано."""
    from otklik import commands

    raise typer.Exit(commands.analyse(options.house(config), as_json=as_json))


@app.command()
def train(
    from_corrections: options.FromCorrections = False,
    restore: Annotated[
        bool, typer.Option("--restore", help="Вернуть модель, которая была до последней замены.")
    ] = False,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Дообучить модель на ваших исправлениях; заменяется только на лучшую."""
    from otklik import teaching

    if from_corrections == restore:
        fail("Укажите одно из двух: otklik train --from-corrections или otklik train --restore")
    house = options.house(config)
    step = teaching.restore if restore else teaching.train
    raise typer.Exit(step(house, as_json=as_json))


@app.command()
def themes(
    rebuild: options.Rebuild = False, config: options.Config = None, as_json: options.Json = False
) -> None:
    """Сколько тем найдено внутри точек контакта; с --rebuild — найти их заново."""
    from otklik import theming

    step = theming.rebuild if rebuild else theming.status
    raise typer.Exit(step(options.house(config), as_json=as_json))


@app.command()
def run(config: options.Config = None) -> None:
    """Все шаги один раз: собрать и проанализировать."""
    from otklik import commands

    house = options.house(config)
    worst = commands.crawl(house, None, as_json=False)
    raise typer.Exit(max(worst, commands.analyse(house, as_json=False)))


@app.command()
def status(config: options.Config = None, as_json: options.Json = False) -> None:
    """Сколько собрано и проанализировано, чем закончился последний сбор."""
    from otklik import commands

    raise typer.Exit(commands.status(options.house(config), as_json=as_json))


@app.command()
def export(
    form: Annotated[str, typer.Option("--format", help="jsonl, csv или xlsx.")] = "jsonl",
    out: Annotated[
        Path | None, typer.Option(help="Файл; без него — на экран.", show_default=False)
    ] = None,
    config: options.Config = None,
) -> None:
    """Выгрузить упоминания с разметкой."""
    from otklik import commands

    raise typer.Exit(commands.export(options.house(config), form, out))


@app.command()
def prune(config: options.Config = None, as_json: options.Json = False) -> None:
    """Стереть упоминания старше срока хранения (personal.keep в config.yaml)."""
    from otklik import personal

    raise typer.Exit(personal.tell_prune(options.house(config), as_json=as_json))


@app.command()
def forget(
    author: options.Author,
    source: options.SourceOfAuthor = None,
    dry_run: options.ErasesNothing = False,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Стереть всё, что написал один автор, и больше его записей не сохранять."""
    from otklik import personal

    raise typer.Exit(
        personal.forget(options.house(config), author, source, dry_run=dry_run, as_json=as_json)
    )


@app.command(name="accept-key")
def accept_key(config: options.Config = None) -> None:
    """Принять новый ключ хешей авторов, когда прежнего больше нет."""
    from otklik import personal
    from otklik.config import load

    raise typer.Exit(personal.accept_key(load(config)))


@app.command()
def classify(
    file: Annotated[str, typer.Argument(help="Файл или «-» — стандартный ввод.")] = "-",
    plain: Annotated[
        bool, typer.Option("--plain", help="На входе один текст в строке, а не JSON.")
    ] = False,
    config: options.Config = None,
) -> None:
    """Разметить строки JSON с ключом text; на каждую строку — одна строка ответа."""
    from otklik import commands

    raise typer.Exit(commands.classify(file, config, plain=plain))


@app.command()
def serve(
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Порт; по умолчанию из config.yaml.")
    ] = None,
    headless: Annotated[bool, typer.Option("--headless", help="Не открывать браузер.")] = False,
    config: options.Config = None,
) -> None:
    """Открыть приложение (только на этой машине) и собирать по расписанию, пока оно открыто."""
    from otklik.serving import serve as run_app

    raise typer.Exit(run_app(options.house(config), port, headless=headless))


@app.command()
def hooks(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Порт на этой машине.")] = 8502,
    config: options.Config = None,
) -> None:
    """Принимать события для источников типа webhook (подписанные, на этой машине)."""
    from otklik import hooks as service
    from otklik.config import load

    raise typer.Exit(service.serve(load(config), port))


@app.command()
def demo(
    no_serve: Annotated[
        bool, typer.Option("--no-serve", help="Только наполнить базу, не открывая приложение.")
    ] = False,
    headless: Annotated[bool, typer.Option("--headless", help="Не открывать браузер.")] = False,
    config: options.Config = None,
) -> None:
    """Наполнить базу вымышленной сетью «Морошка» и открыть приложение."""
    from otklik import commands

    house = options.house(config)
    raise typer.Exit(commands.demo(house, then_serve=not no_serve, headless=headless))


app.command()(cli_reports.report)


if __name__ == "__main__":
    main()
