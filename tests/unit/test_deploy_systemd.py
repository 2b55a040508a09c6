"""systemd's units: understood by systemd, shut in, and in agreement with the server."""

import re
import subprocess
import sys
from configparser import RawConfigParser
from pathlib import Path

import pytest

from celeryscope.sockets.udp import WANTED_BUFFER
from support.deploy import DEFAULTS, DEPLOY, settings_of
from support.processes import required

FOLDER = DEPLOY / "systemd"
UNITS = sorted(FOLDER.glob("*.service"))
INSTALLED = "/opt/celeryscope/bin/celeryscope"
# Of 100, in which systemd reckons; under 20 it says OK and smiles.
MOST_EXPOSED = 15
every_unit = pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)


class Options(RawConfigParser):
    """A unit's options, whose names have capitals; of those given twice the last counts."""

    def optionxform(self, optionstr: str) -> str:
        return optionstr


def options(unit: Path) -> dict[str, str]:
    parser = Options(strict=False, delimiters="=")
    parser.read(unit)
    return dict(parser["Service"])


def here(unit: Path, folder: Path) -> Path:
    """Return a copy that starts what is installed on this machine."""
    text = unit.read_text()
    assert INSTALLED in text
    copy = folder / unit.name
    copy.write_text(text.replace(INSTALLED, str(Path(sys.executable).parent / "celeryscope")))
    return copy


def analyse(*arguments: str | Path) -> str:
    """Return what systemd-analyze says of itself, beside its answer."""
    program = required("systemd-analyze", "systemd")
    done = subprocess.run(
        [program, *arguments], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stderr


@every_unit
def test_systemd_understands_every_line(unit: Path, tmp_path: Path) -> None:
    assert analyse("verify", "--man=no", here(unit, tmp_path)) == ""


@every_unit
def test_systemd_finds_little_that_is_exposed(unit: Path, tmp_path: Path) -> None:
    analyse("security", "--offline=true", f"--threshold={MOST_EXPOSED}", here(unit, tmp_path))


@every_unit
def test_sockets_are_kept_and_the_end_has_time(unit: Path) -> None:
    found = options(unit)
    assert found["Type"] == "notify"
    assert int(found["FileDescriptorStoreMax"]) >= len(DEFAULTS.statsd)
    assert found["Restart"] == "always"
    assert int(found["TimeoutStopSec"]) >= 30


def test_the_server_starts_with_the_settings_beside_it() -> None:
    program, name, option, config = options(FOLDER / "celeryscope.service")["ExecStart"].split()
    assert option == "--config"
    assert config == "/etc/celeryscope/celeryscope.toml"
    settings = settings_of([program, name], {}, FOLDER / "celeryscope.toml")
    assert settings == DEFAULTS


def test_a_hosts_own_server_hands_on_to_the_one_with_the_store() -> None:
    unit = FOLDER / "celeryscope-edge.service"
    named = re.search(r"^# (CELERYSCOPE_\w+)=(\S+) ", unit.read_text(), re.MULTILINE)
    assert named
    settings = settings_of(options(unit)["ExecStart"].split(), {named[1]: named[2]})
    assert not settings.store
    assert settings.repeater
    assert settings.statsd == DEFAULTS.statsd
    assert settings.http.port != DEFAULTS.http.port


def test_the_kernels_limit_is_what_the_server_asks_for() -> None:
    lines = (FOLDER / "60-celeryscope.conf").read_text().splitlines()
    assert lines[-1] == f"net.core.rmem_max = {WANTED_BUFFER}"
