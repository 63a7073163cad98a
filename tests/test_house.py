"""The house keeps its shape: arrows point one way, start-up is light, documents are true."""

import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

import pytest
import yaml
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).parent.parent

#: Who may import whom (a room's own modules are always allowed). DESIGN: arrows in one direction.
ALLOWED = {
    "app.py": {
        "otklik.brand_queries",
        "otklik.config",
        "otklik.messages",
        "views",
        "storage",
        "nlp",
        "insights",
    },
    "collectors": {"collectors"},
    "collectors/sources": {"collectors"},
    "demo": set(),
    "insights": {
        "storage.queries",
        "storage.filters",
        "nlp.labels",
        "nlp.journey",
        "nlp.lesson",
        "nlp.quality",
    },
    "nlp": set(),
    "otklik": {"collectors", "demo", "insights", "nlp", "reports", "storage", "views"},
    "reports": {
        "insights",
        "nlp.labels",
        "nlp.journey",
        "nlp.quality",
        "storage.queries",
        "storage.filters",
    },
    "storage": {
        "collectors.base",
        "collectors.outcomes",
        "collectors.schedules",
        "nlp.labels",
        "nlp.analysis",
    },
    "views": {
        "insights",
        "nlp.labels",
        "nlp.journey",
        "nlp.lesson",
        "nlp.quality",
        "reports",
        "storage.commands",
        "storage.database",
        "storage.errors",
        "storage.filters",
        "storage.queries",
    },
}
ROOMS = sorted({name.split("/")[0].removesuffix(".py") for name in ALLOWED})
HEAVY = ("torch", "transformers", "onnxruntime", "sklearn")


def imports_of(file: Path) -> set[str]:
    """Our own modules that ``file`` imports anywhere, also inside functions."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= names if node.module in ROOMS or node.module == "storage" else {node.module}
    return {name for name in found if name.split(".")[0] in ROOMS}


def may(room: str, imported: str) -> bool:
    own = room.split("/")[0].removesuffix(".py")
    if imported.split(".")[0] == own and room != "collectors/sources":
        return True
    return any(imported == name or imported.startswith(name + ".") for name in ALLOWED[room])


@pytest.mark.parametrize("room", ALLOWED)
def test_arrows_point_one_way(room: str) -> None:
    path = ROOT / room
    files = [path] if path.is_file() else sorted(path.rglob("*.py"))
    assert files, f"{room} is empty"
    wrong = {
        f"{file.relative_to(ROOT)} -> {name}"
        for file in files
        for name in imports_of(file)
        if not may(room, name)
    }
    assert not wrong


def loaded_by(code: str) -> set[str]:
    script = f"import sys\n{code}\nprint(*sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=True
    )
    return set(result.stdout.split())


def test_the_app_loads_without_the_model() -> None:
    assert not loaded_by("import app") & set(HEAVY)


def test_help_loads_neither_model_nor_app() -> None:
    code = (
        "import otklik.cli, contextlib, io\n"
        "sys.argv = ['otklik', '--help']\n"
        "with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()):\n"
        "    otklik.cli.main()"
    )
    assert not loaded_by(code) & {*HEAVY, "streamlit", "altair", "pandas"}


def test_only_the_door_imports_an_http_client() -> None:
    rooms = [room for room in ROOMS if (ROOT / room).is_dir()]
    files = [file for room in rooms for file in (ROOT / room).rglob("*.py")]
    clients = {"httpx", "requests", "urllib3", "aiohttp", "httpcore"}
    users = set()
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            if any(name.split(".")[0] in clients for name in names):
                users.add(file.relative_to(ROOT).as_posix())
    assert users <= {f"collectors/{name}.py" for name in ("http", "network", "transport")}


def commands() -> list[str]:
    import typer.main

    from otklik.cli import app

    return sorted(typer.main.get_command(app).commands)  # type: ignore[attr-defined]


def test_readme_names_every_command_source_type_and_config_key() -> None:
    from collectors import registry
    from otklik.config import Config

    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    keys = [info.alias or name for name, info in Config.model_fields.items() if name != "path"]
    wanted = [f"otklik {name}" for name in commands()]
    wanted += [f"`{name}`" for name in (*registry.types(), *keys)]
    assert [name for name in wanted if name not in readme] == []


def test_every_key_of_the_shipped_config_is_explained() -> None:
    text = (ROOT / "config.yaml").read_text(encoding="utf-8")
    top = yaml.safe_load(text)
    assert set(top) >= {"database", "timezone", "brands", "sources", "nlp", "http", "app"}
    assert text.count("#") > len(top)


def test_readme_has_the_table_of_sources_that_the_code_tells() -> None:
    from collectors import registry

    assert registry.table() in (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_source_type_has_an_example_that_is_valid() -> None:
    from collectors import registry

    text = (ROOT / "config.yaml").read_text(encoding="utf-8")
    shipped = yaml.safe_load(text)["sources"]
    _, _, rest = text.partition("# More source types.")
    lines = rest.partition("\nnlp:")[0].splitlines()[1:]
    examples = yaml.safe_load("\n".join(line.removeprefix("  # ") for line in lines))
    assert set(registry.types()) == {source["type"] for source in (*shipped, *examples)}
    names = [source["name"] for source in (*shipped, *examples)]
    assert len(set(names)) == len(names)
    for source in examples:
        own = {key: source[key] for key in source.keys() - _COMMON}
        registry.find(source["type"]).Options.model_validate(own, context={"folder": ROOT})


#: Keys of every source; the others are its type's own.
_COMMON = {"name", "type", "title", "brand", "every", "enabled"}


def test_pinned_packages_run_on_the_lowest_python_that_is_promised() -> None:
    """pip blames other packages where a pin needs a newer Python, and says nothing of the pin."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lowest = project["requires-python"].removeprefix(">=") + ".0"
    pins = dict(re.findall(r"^(\S+)==(\S+)$", (ROOT / "constraints.txt").read_text(), re.M))
    needs = {name: python_of(name) for name, version in pins.items() if has(name, version)}
    assert len(needs) > 80
    assert {name for name, said in needs.items() if lowest not in SpecifierSet(said)} == set()


def has(name: str, version: str) -> bool:
    """Packages for training are pinned, too, and not always installed."""
    try:
        return metadata(name)["Version"] == version
    except PackageNotFoundError:
        return False


def python_of(name: str) -> str:
    return str(metadata(name).get("Requires-Python", ""))


def test_makefile_explains_every_target() -> None:
    help_text = subprocess.run(
        ["make", "help"], capture_output=True, text=True, cwd=ROOT, check=True
    ).stdout
    for target in ("setup", "demo", "test", "lint", "model", "model-eval"):
        assert f"make {target}" in help_text
