"""The Dockerfile: pinned, small, not root, and of what the repository has."""

import subprocess

import pytest

from celeryscope.access.health import HEALTH
from support.deploy import DEFAULTS, DEPLOY, ROOT, dockerfile, is_pinned, settings_of, variables_of
from support.processes import required

LINTER = ROOT / ".cache/dockerfile-utils/node_modules/.bin/dockerfile-utils"
STAGES = dockerfile()
NOT_ROOT = "10001:10001"


def test_the_linter_has_nothing_to_say() -> None:
    required("node", "nodejs")
    assert LINTER.exists(), "the linter is missing: scripts/dockerfile-utils installs it"
    done = subprocess.run(
        [LINTER, "lint", DEPLOY / "Dockerfile"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_it_builds_on_one_pinned_image_that_an_argument_names() -> None:
    (argument,) = (one.text for one in STAGES[""] if one.name == "ARG")
    name, _, image = argument.partition("=")
    assert is_pinned(image)
    bases = {
        one.text.split()[0] for stage in STAGES.values() for one in stage if one.name == "FROM"
    }
    assert bases == {f"${{{name}}}", "runtime"}


def test_nothing_is_added_but_by_copying_what_is_there() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    for one in (one for stage in STAGES.values() for one in stage):
        assert one.name != "ADD"
        if one.name == "COPY" and not one.text.startswith("--from=build "):
            for source in one.text.split()[:-1]:
                assert (ROOT / source).exists(), source
                assert f"!{source}" in ignored


def test_no_compiler_and_no_package_is_installed_beside_python_wheels() -> None:
    for one in (one for stage in STAGES.values() for one in stage if one.name == "RUN"):
        assert "apt" not in one.text
        if "pip " in one.text and " install " in one.text:
            assert {"--only-binary", ":all:", "--constraint"} <= set(one.text.split())


@pytest.mark.parametrize("name", ["runtime", "example"])
def test_it_ends_as_a_user_that_is_not_root_and_named_by_number(name: str) -> None:
    users = [one.text for one in STAGES[name] if one.name == "USER"]
    assert users[-1] == NOT_ROOT
    assert not [one for one in STAGES["server"] if one.name == "USER"]


def test_the_last_stage_serves_on_all_addresses_and_the_usual_ports() -> None:
    last = list(STAGES)[-1]
    assert last == "server"
    (command,) = (one.words for one in STAGES[last] if one.name == "CMD")
    settings = settings_of(command, variables_of(STAGES["runtime"]))
    assert settings.http.host == "0.0.0.0"
    assert settings.http.port == DEFAULTS.http.port
    (statsd,), (usual,) = settings.statsd, DEFAULTS.statsd
    assert statsd.address is not None
    assert usual.address is not None
    assert statsd.address.port == usual.address.port
    volumes = [one.text for one in STAGES[last] if one.name == "VOLUME"]
    assert volumes == [str(settings.data)]
    (exposed,) = (one.text for one in STAGES[last] if one.name == "EXPOSE")
    assert exposed == f"{statsd.address.port}/udp {settings.http.port}/tcp"


def test_it_is_asked_whether_it_is_healthy_where_it_serves() -> None:
    (check,) = (one.text for one in STAGES["server"] if one.name == "HEALTHCHECK")
    assert f"http://127.0.0.1:{DEFAULTS.http.port}{HEALTH}" in check
