"""config.yaml: what is right is read, what is wrong is told with its place and a hint."""

from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from otklik import starter
from otklik.config import Config, ConfigError, load
from otklik.variables import resolve

ROOT = Path(__file__).parent.parent


def written(folder: Path, text: str) -> Path:
    path = folder / "config.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def complaint(folder: Path, text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load(written(folder, text))
    return str(caught.value)


def test_the_shipped_config_is_the_demo_and_is_valid() -> None:
    config = load(ROOT / "config.yaml")
    assert [brand.code for brand in config.brands] == ["moroshka", "ambar24", "kupec"]
    assert config.database_url == f"sqlite:///{ROOT / 'var' / 'demo.db'}"
    assert len(config.journey) == 6


@pytest.mark.parametrize("section", ["http", "personal"])
def test_the_config_and_the_template_explain_the_same_keys(tmp_path: Path, section: str) -> None:
    """Commented keys count; the model is what both must agree with."""
    model = Config.model_fields[section].annotation
    assert isinstance(model, type)
    template = starter.write(tmp_path, "Лавка «Уют»")
    for file in (ROOT / "config.yaml", template):
        _, _, rest = file.read_text(encoding="utf-8").partition(f"\n{section}:\n")
        part = rest.partition("\n\n")[0]
        lines = [line.removeprefix("  # ").strip() for line in part.splitlines()]
        told = yaml.safe_load("\n".join(lines))
        assert set(told) == set(model.model_fields), file
        model.model_validate(told)


def test_the_template_is_a_valid_config_that_stores_no_names(tmp_path: Path) -> None:
    config = load(starter.write(tmp_path, ""))
    assert (config.personal.store_authors, config.personal.keep) == (False, None)
    assert config.http.workers == 8


def test_an_empty_file_is_a_config_of_defaults(tmp_path: Path) -> None:
    assert load(written(tmp_path, "")).brands == ()


@pytest.mark.parametrize(
    ("text", "place", "hint"),
    [
        ("tiemzone: Europe/Moscow", "строка 1: tiemzone", "возможно, «timezone»"),
        ("app: {port: abc}", "app.port", "целое число"),
        ("app: {port: 99999}", "app.port", "не больше 65535"),
        ("timezone: Mars/Base", "timezone", "пример: Europe/Moscow"),
        ("brands:\n  - code: a\n    nane: A", "строка 3: brands[0].nane", "возможно, «name»"),
        ("brands:\n  - code: a", "brands[0].name", "не хватает"),
        ("brands:\n  - {code: A B, name: x}", "brands[0].code", "латинскими"),
        ("brands:\n  - {code: a, name: x}\n  - {code: a, name: y}", "brands", "дважды"),
        ("sources:\n  - {name: a, type: feed, every: иногда}", "sources[0].every", "30м, 2ч, 1д"),
        ("sources:\n  - {name: a, type: feed, every: 0 25 * * *}", "sources[0].every", "0 3 * * *"),
        ("sources:\n  - {name: a, type: feed, every: 999999д}", "sources[0].every", "не длиннее"),
        ("sources:\n  - {name: a, type: feed, every: 0м}", "sources[0].every", "30м"),
        ("http: {workers: 0}", "http.workers", "не меньше 1"),
        ("http: {workers: 65}", "http.workers", "не больше 64"),
        ("http: {workers: много}", "http.workers", "целое число"),
        ("sources:\n  - {name: a, type: feed, brand: zzz}", "sources[0].brand", "нет бренда"),
        ("sources: {name: a}", "sources", "ожидался список"),
        ("brands: [\n  - code", "строка 2", "не YAML"),
        ("brands: []\ntimezone: UTC\nbrands: []", "строка 3", "«brands» уже был выше"),
        ("nlp: {backend: tensorflow}", "nlp.backend", "onnx или torch"),
        ("- just\n- a list", "config.yaml", "ожидались ключи"),
        ("journey:\n  - {code: a, name: b, touchpoints: [dilivery]}", "journey[0]", "разрешено"),
    ],
)
def test_a_wrong_value_is_told_with_place_and_hint(
    tmp_path: Path, text: str, place: str, hint: str
) -> None:
    message = complaint(tmp_path, text)
    assert place in message
    assert hint in message


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    assert len(complaint(tmp_path, "tiemzone: x\nbrandz: []").splitlines()) == 2


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="otklik init"):
        load(tmp_path / "config.yaml")


def test_a_file_in_another_encoding_is_told(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_bytes("brands: [] # Морошка".encode("cp1251"))
    with pytest.raises(ConfigError, match="сохраните его в кодировке UTF-8"):
        load(path)


def with_secret(folder: Path) -> Config:
    return load(
        written(folder, "sources:\n  - {name: a, type: feed, url: 'https://x.ru/?key=${OT_KEY}'}")
    )


def test_a_secret_comes_from_the_environment_before_the_env_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = with_secret(tmp_path)
    (tmp_path / ".env").write_text("OT_KEY=from-file\n")
    assert config.options_of(config.sources[0]) == {"url": "https://x.ru/?key=from-file"}
    monkeypatch.setenv("OT_KEY", "from-shell")
    assert config.options_of(config.sources[0]) == {"url": "https://x.ru/?key=from-shell"}


def test_a_missing_secret_is_told_only_when_it_is_needed(tmp_path: Path) -> None:
    config = with_secret(tmp_path)
    with pytest.raises(ConfigError, match=r"sources\[0\]\.url.*OT_KEY.*\.env"):
        config.options_of(config.sources[0])


def test_the_options_kept_in_the_database_hold_no_secret(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("OT_KEY=hush\n")
    assert with_secret(tmp_path).sources[0].options == {"url": "https://x.ru/?key=${OT_KEY}"}


@pytest.mark.parametrize(
    ("written_as", "means"),
    [
        ("30м", timedelta(minutes=30)),
        ("2 часа", timedelta(hours=2)),
        ("1d", timedelta(days=1)),
        ("10 мин", timedelta(minutes=10)),
    ],
)
def test_a_period_is_a_number_and_a_unit(tmp_path: Path, written_as: str, means: timedelta) -> None:
    text = f"sources:\n  - {{name: a, type: feed, every: {written_as}}}"
    assert load(written(tmp_path, text)).sources[0].every.interval == means


def test_resolve_walks_lists_and_mappings() -> None:
    value = {"a": ["${X}", 1], "b": {"c": "x${X}y"}}
    assert resolve(value, {"X": "1"}, "here") == {"a": ["1", 1], "b": {"c": "x1y"}}
