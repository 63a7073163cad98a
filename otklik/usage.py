"""Wrong use of the command line in the user's words: typer says it in English."""

import re
from typing import Any

from otklik.screen import console, note

_SENTENCES = (
    (r"No such command '(.+?)'\.(?: Did you mean (.+)\?)?", "Нет команды «{}»."),
    (r"No such option: (\S+?)(?: .*?(--[\w-].*?)[?)])?", "Нет параметра {}."),
    (r"(?:Option|Argument) '(.+)' requires an argument\.", "После {} нужно значение."),
    (r"Option '(.+)' does not take a value\.", "После {} значения не бывает."),
    (r"Missing (?:argument|option|parameter):? '?(.+?)'?\.?", "Не хватает: {}."),
    (r"Got unexpected extra argument\(s\) \((.+)\)", "Лишнее в команде: {}."),
    (r"Invalid value for (?:.* )?'(?:.* )?(-.+?)': .*%Y-%m-%d.*", "{} пишется как 2026-01-31."),
    (r"Invalid value for (?:.* )?'(?:.* )?(-.+?)': .*integer.*", "После {} нужно целое число."),
    (
        r"Invalid value for '(-.+?)': .*(?:less|greater) than .* (\d+)",
        "{}: недопустимое число, граница — {}.",
    ),
)


def tell(error: Any) -> None:
    """Print what is wrong with the words of a command (click's error), and where its help is."""
    if type(error).__name__ == "NoArgsIsHelpError":
        return  # the help was shown instead
    console.print(_sentence(error.format_message()), style="red", markup=False)
    if error.ctx is not None:
        note(f"Справка: {error.ctx.command_path} --help")


def _sentence(said: str) -> str:
    said = " ".join(said.split())
    for pattern, words in _SENTENCES:
        if found := re.fullmatch(pattern, said):
            near = found[2].replace("'", "") if "No such" in pattern and found[2] else ""
            return words.format(*found.groups()) + (f" Может быть, {near}?" if near else "")
    return said
