"""The command line: its help, and the one line that whoever calls it wrongly is told."""

import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner

from celeryscope import __version__
from celeryscope.commands import celeryscope
from celeryscope.settings import Settings, option_name, variable_name
from support.processes import free_port
from support.server import celeryscope_server

COMMANDS = ["serve", "demo"]


def refused(*arguments: str, **environ: str) -> str:
    """Run a command that must not start; return its one line on standard error."""
    env = {n: text for n, text in os.environ.items() if not n.startswith("CELERYSCOPE_")}
    done = subprocess.run(
        [sys.executable, "-m", "celeryscope", *arguments],
        env=env | environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    return line


def on_free_ports(folder: Path) -> list[str]:
    ports = ["--http", "127.0.0.1:0", "--statsd", "127.0.0.1:0", "--admin", "127.0.0.1:0"]
    return [*ports, "--data", str(folder / "data")]


@pytest.mark.parametrize("command", COMMANDS)
def test_help_shows_every_setting_with_its_variable(command: str) -> None:
    text = CliRunner().invoke(celeryscope, [command, "--help"]).output
    for key in Settings.model_fields:
        assert option_name(key) in text
        assert variable_name(key) in text


def test_it_tells_its_version() -> None:
    result = CliRunner().invoke(celeryscope, ["--version"])
    assert result.output == f"celeryscope, version {__version__}\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_an_unknown_option_is_a_usage_error(command: str) -> None:
    result = CliRunner().invoke(celeryscope, [command, "--retention", "10s:2d"])
    assert result.exit_code == 2
    assert "No such option" in result.stderr
    assert "--retentions" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--retentions", "10s:2d,15s:30d"],
            "retentions = '10s:2d,15s:30d' (--retentions): step 15s must be a larger multiple of",
        ),
        (
            ["--http", "localhost"],
            "http = 'localhost' (--http): allowed is HOST:PORT, as in 127.0.0.1:8125 or [::1]:8125",
        ),
        (
            ["--config", "absent.toml"],
            "config = 'absent.toml' (--config): No such file or directory; allowed is a TOML file",
        ),
    ],
)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_wrong_value_is_told_in_one_line(
    command: str, arguments: Sequence[str], message: str
) -> None:
    result = CliRunner().invoke(celeryscope, [command, *arguments])
    assert result.exit_code == 2
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"celeryscope: {message}")


def test_a_demo_of_no_length_is_told_in_one_line() -> None:
    result = CliRunner().invoke(celeryscope, ["demo", "--for", "ever"])
    assert result.exit_code == 2
    assert result.stderr == (
        "celeryscope: --for = 'ever': 'ever' is not a duration; "
        "allowed is a number with a unit: s, m, h, d, w or y, as in 10s\n"
    )


def test_an_unknown_setting_is_told_in_one_line(tmp_path: Path) -> None:
    config = tmp_path / "celeryscope.toml"
    config.write_text('htp = "127.0.0.1:80"\n')
    assert "(did you mean http?)" in refused("serve", "--config", str(config))
    assert "(did you mean CELERYSCOPE_HTTP?)" in refused("serve", CELERYSCOPE_HTP="127.0.0.1:80")


def test_a_data_folder_that_cannot_be_written_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file, not a folder")
    line = refused("serve", *on_free_ports(tmp_path))
    assert line.startswith(f"celeryscope: data = {str(tmp_path / 'data')!r} cannot be written (")
    assert "allowed is a folder that this user may create and write" in line


@pytest.mark.parametrize(
    ("key", "kind"), [("http", socket.SOCK_STREAM), ("statsd", socket.SOCK_DGRAM)]
)
def test_a_taken_port_is_told_in_one_line(
    key: str, kind: socket.SocketKind, tmp_path: Path
) -> None:
    with socket.socket(socket.AF_INET, kind) as taken:
        taken.bind(("127.0.0.1", 0))
        if kind is socket.SOCK_STREAM:
            taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        line = refused("serve", *on_free_ports(tmp_path), option_name(key), address)
    assert line == (
        f"celeryscope: {key} = '{address}' cannot be listened on (Address already in use); "
        f"allowed is a free address of this machine, as in {option_name(key)} 127.0.0.1:0"
    )


@pytest.mark.parametrize("key", ["http", "statsd"])
@pytest.mark.parametrize("address", ["192.0.2.1:0", "nowhere.invalid:1"])
def test_an_address_that_is_not_this_machines_is_told_in_one_line(
    key: str, address: str, tmp_path: Path
) -> None:
    line = refused("serve", *on_free_ports(tmp_path), option_name(key), address)
    assert line.startswith(f"celeryscope: {key} = '{address}' cannot be listened on (")
    assert "Unknown error" not in line
    assert "while" not in line


def test_a_second_server_on_the_same_data_is_told_who_holds_it(tmp_path: Path) -> None:
    with celeryscope_server(tmp_path) as first:
        line = refused("serve", *on_free_ports(tmp_path))
        holder = f"process {first.running.process.pid} ({first.url})"
    assert line == (
        f"celeryscope: data = {str(tmp_path / 'data')!r} is held by {holder}; "
        "allowed is a folder of its own for each server"
    )


def test_without_the_servers_packages_it_says_how_to_get_them() -> None:
    program = "import sys; sys.modules['duckdb'] = None; from celeryscope.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.rstrip().endswith("the server needs: pip install 'celeryscope[server]'")
    assert done.stderr.count("\n") == 1


def test_a_repeater_to_the_server_itself_is_told_in_one_line(tmp_path: Path) -> None:
    port = free_port(socket.SOCK_DGRAM)
    line = refused(
        "serve",
        *on_free_ports(tmp_path),
        "--statsd",
        f"0.0.0.0:{port}",
        "--repeater",
        f"other.example:1,localhost:{port}",
    )
    assert line.startswith(
        f"celeryscope: repeater = 'localhost:{port}' is where this server listens itself "
        f"(0.0.0.0:{port})"
    )
