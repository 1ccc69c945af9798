"""Settings come by option, environment, file, default, in this order, and slips are named."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from kg.errors import BadInput
from kg.settings import Settings, variable
from kg.store import Versions
from tests.test_front import asked, get, serving_with

SECRET = "a secret"  # noqa: S105
REFERENCE = Path(__file__).resolve().parents[1] / "docs" / "reference.md"


def written(folder: Path, text: str, mode: int = 0o644) -> str:
    """The path of a file of settings."""
    path = folder / "kg.toml"
    path.write_text(text, "utf-8")
    path.chmod(mode)
    return str(path)


def test_the_order(tmp_path: Path) -> None:
    """Of each setting the first that is given."""
    config = written(tmp_path, "port = 1\ndeadline = 1\nqueue = 1\nhide = 'http://a/g'\n")
    environment = {"KG_CONFIG": config, "KG_PORT": "2", "KG_DEADLINE": "2", "KG_LOG": ""}

    loaded = Settings.load(environment, port="3", log=None)

    assert (loaded.port, loaded.deadline, loaded.queue, loaded.threads) == (3, 2, 1, 4)
    assert (loaded.hide, loaded.log, loaded.config) == ("http://a/g", "", config)
    assert Settings.load(environment, config="").queue == 64


def test_every_setting_may_be_in_the_file(tmp_path: Path) -> None:
    """By its name, with a value of the type of its default."""
    names = [setting for setting in fields(Settings) if setting.name != "config"]
    assert len(names) > 14
    values = [repr("x") if isinstance(s.default, str) else s.default + 1 for s in names]
    lines = [f"{s.name} = {value}\n" for s, value in zip(names, values, strict=True)]
    loaded = Settings.load({}, config=written(tmp_path, "".join(lines), 0o600))

    for setting in names:
        assert getattr(loaded, setting.name) not in (setting.default, None)


def test_the_example_of_the_docs(tmp_path: Path) -> None:
    """It is one."""
    reference = REFERENCE.read_text("utf-8")
    (example,) = re.findall(r"^```toml\n(.*?)^```$", reference, re.MULTILINE | re.DOTALL)
    loaded = Settings.load({}, config=written(tmp_path, example))
    assert (loaded.host, loaded.port) == ("0.0.0.0", 8080)  # noqa: S104


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("prot = 1", "there is no setting 'prot'. Did you mean port?"),
        ("public-url = 'http://a'", "there is no setting 'public-url'. Did you mean public_url?"),
        ("config = 'other.toml'", "there is no setting 'config'"),
        ("[serve]\nport = 1", "there is no setting 'serve'"),
        ("port = '8000'", "port must be a whole number without quotes, not '8000'."),
        ("port = true", "port must be a whole number without quotes, not True."),
        ("port = 1.5", "port must be a whole number without quotes, not 1.5."),
        ("port = 65536", "port must be a whole number from 0 to 65535, not 65536."),
        ("host = 1", "host must be a text in quotes, not 1."),
        ("port = ", "is not TOML: "),
        ("port = 1\nport = 2", "is not TOML: "),
        ("host = '\udcff'", "is not TOML: "),
    ],
)
def test_what_is_wrong_in_a_file(tmp_path: Path, text: str, said: str) -> None:
    """One sentence that names the file."""
    path = tmp_path / "kg.toml"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(BadInput, match=re.escape(said)) as caught:
        Settings.load({}, config=str(path))
    assert str(caught.value).startswith(str(path))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """Its name, and why."""
    with pytest.raises(BadInput, match=r"none\.toml cannot be read: No such file"):
        Settings.load({variable("config"): str(tmp_path / "none.toml")})
    with pytest.raises(BadInput, match=r"cannot be read: Is a directory"):
        Settings.load({}, config=str(tmp_path))


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o606])
def test_a_token_that_others_may_read(tmp_path: Path, mode: int) -> None:
    """It is refused, whatever else gives a token."""
    config = written(tmp_path, f"token = '{SECRET}'\n", mode)
    with pytest.raises(BadInput, match=r"kg\.toml has the token and may be read by others"):
        Settings.load({"KG_TOKEN": "another"}, config=config)
    assert Settings.load({}, config=written(tmp_path, f"token = '{SECRET}'\n", 0o640)).token


def test_a_server_with_a_file(versions: Versions, tmp_path: Path) -> None:
    """It serves by it, and a wrong one is refused before it does."""
    config = written(tmp_path, f"store = '{versions.root}'\ndeadline = 7\n")
    with serving_with(["--config", config]) as address:
        assert get(asked(address, "ASK {}"))[2]["x-kg-limits"].startswith("deadline=7s")

    written(tmp_path, "deadline = 'long'\n")
    command = [sys.executable, "-c", "from kg.cli import main; main()"]
    for words, more in ((["serve", "--config", config], {}), (["versions"], {"KG_CONFIG": config})):
        done = subprocess.run(
            [*command, *words],
            env={**os.environ, **more},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith(f"kg: {config}: deadline must be a whole number")


def test_secrets_are_not_shown() -> None:
    """Where the settings are."""
    loaded = Settings.load({}, token="who-knows", store_password="who-knows-either")  # noqa: S106
    assert (loaded.token, loaded.store_password) == ("who-knows", "who-knows-either")
    assert "who-knows" not in repr(loaded)
