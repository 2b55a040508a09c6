"""Compose's stacks: of its schema, closed to others, and in agreement with the server."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from celeryscope.demo.shop import KINDS
from celeryscope.demo.tasks import BROKER_VARIABLE, FOLDER_VARIABLE
from celeryscope.grafana.layout import DASHBOARDS_PATH, datasource_uid
from celeryscope.grafana.model import Edition
from celeryscope.store.patterns import parse_aggregations, parse_schemas
from support.deploy import (
    COMPOSE,
    DEFAULTS,
    STACKS,
    Service,
    dockerfile,
    is_pinned,
    is_variable,
    services,
    settings_of,
    variables_of,
)
from support.docs import blocks, read
from support.node_statsd import node_statsd
from support.promtool import promtool

ARTICLES_PORTS = [
    "8888:80",
    "2003-2004:2003-2004",
    "2023-2024:2023-2024",
    "8125:8125/udp",
    "8126:8126",
]
HERE = "127.0.0.1:"
WITHOUT_A_SOCKET = {"load"}
SECRET = re.compile(r"PASSWORD|SECRET|TOKEN|KEY")
ALL = [(stack, name, service) for stack in STACKS for name, service in services(stack).items()]
EDITIONS = {
    "embedded": Edition.GRAPHITE,
    "article": Edition.GRAPHITE,
    "prometheus": Edition.PROMETHEUS,
}
every_stack = pytest.mark.parametrize("stack", STACKS)


def ours() -> Iterator[tuple[str, Service]]:
    """Yield the services that run an image of this repository, by their stage."""
    for _, _, service in ALL:
        if "build" in service:
            yield service["build"]["target"], service


def mounted(service: Service) -> dict[str, Path]:
    """Return what is mounted of the repository, by where the container sees it."""
    found = (one.split(":") for one in service.get("volumes", []) if one.startswith("."))
    return {target: COMPOSE / source for source, target, _ in found}


def test_the_schema_of_compose_holds() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    files = [str(path) for path in sorted(COMPOSE.glob("*.yml"))]
    done = subprocess.run([*command, *files], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_images_are_pinned_and_all_is_restarted_and_asked_how_it_is() -> None:
    for _, name, service in ALL:
        assert is_pinned(service["image"])
        assert service["restart"] == "unless-stopped"
        ask_by_image = service.get("build", {}).get("target") == "server"
        assert "healthcheck" in service or ask_by_image or name in WITHOUT_A_SOCKET


def test_nothing_is_reached_from_other_machines() -> None:
    published = [port for _, _, service in ALL for port in service.get("ports", [])]
    assert published
    assert [port for port in published if not port.startswith(HERE)] == []


def test_no_secret_stands_in_a_file_or_an_environment() -> None:
    for _, name, service in ALL:
        for variable, value in service.get("environment", {}).items():
            if SECRET.search(variable):
                assert variable.endswith("__FILE"), variable
                assert value.removeprefix("/run/secrets/") in service["secrets"]
        assert ("secrets" in service) is (name == "grafana")
    assert "deploy/compose/secrets/" in read(".gitignore").splitlines()


@every_stack
def test_all_that_a_stack_names_is_there(stack: str) -> None:
    whole = yaml.safe_load((COMPOSE / f"{stack}.yml").read_text())
    found = services(stack)
    for service in found.values():
        assert set(service.get("depends_on", {})) <= set(found)
        assert set(service.get("secrets", [])) <= set(whole["secrets"])
        named = {one.split(":")[0] for one in service.get("volumes", [])}
        assert {one for one in named if not one.startswith(".")} <= set(whole["volumes"])
        assert all(path.exists() for path in mounted(service).values())
        if "build" in service:
            assert (COMPOSE / service["build"]["context"] / service["build"]["dockerfile"]).exists()
            assert service["build"]["target"] in dockerfile()


def test_a_server_runs_with_what_it_understands_on_its_usual_ports() -> None:
    (last,) = (one.words for one in dockerfile()["server"] if one.name == "CMD")
    servers = [service for stage, service in ours() if stage == "server"]
    assert len(servers) == 2
    for server in servers:
        environ = variables_of(dockerfile()["runtime"]) | server["environment"]
        settings = settings_of(server.get("command", last), environ)
        (statsd,) = settings.statsd
        assert statsd.address is not None
        assert server["ports"] == [
            f"{HERE}{settings.http.port}:{DEFAULTS.http.port}",
            f"{HERE}{statsd.address.port}:8125/udp",
        ]
        assert settings.allowed_hosts == ("celeryscope",)


@every_stack
def test_the_example_sends_where_its_stack_receives(stack: str) -> None:
    found = services(stack)
    for name in ("worker", "load"):
        environ = found[name]["environment"]
        assert set(environ) == {BROKER_VARIABLE, "CELERYSCOPE_STATSD"}
        assert is_variable("CELERYSCOPE_STATSD")
        host, port = environ["CELERYSCOPE_STATSD"].split(":")
        assert any(one.endswith(f":{port}/udp") for one in found[host]["ports"])
        assert environ[BROKER_VARIABLE] == "redis://redis:6379/0"
    assert FOLDER_VARIABLE in variables_of(dockerfile()["example"])


@every_stack
def test_the_example_takes_from_all_queues(stack: str) -> None:
    (queues,) = (one for one in services(stack)["worker"]["command"] if one.startswith("--queues="))
    assert queues == f"--queues={','.join(sorted({kind.queue for kind in KINDS}))}"


def test_the_articles_ports_are_the_articles() -> None:
    graphite = services("article")["graphite"]
    assert graphite["ports"] == [HERE + port for port in ARTICLES_PORTS]


@every_stack
def test_grafana_is_given_the_data_source_that_dashboards_and_alerts_ask(stack: str) -> None:
    edition, grafana = EDITIONS[stack], services(stack)["grafana"]
    files = mounted(grafana)
    provisioned = f"/etc/grafana/provisioning/datasources/{edition.value}.yaml"
    (source,) = yaml.safe_load(files[provisioned].read_text())["datasources"]
    assert (source["uid"], source["type"]) == (datasource_uid(edition), edition.value)
    host, _, port = grafana["environment"][source["url"].removeprefix("$")][7:].partition(":")
    assert host in services(stack)
    assert port in ("", "8888", "9090")
    assert list(files[DASHBOARDS_PATH].glob(f"*-{edition.value}.json"))


@every_stack
def test_grafana_has_alerts_where_it_asks_celeryscope(stack: str) -> None:
    folders = mounted(services(stack)["grafana"])
    asks = services(stack)["grafana"]["environment"].get("GRAPHITE_URL", "")
    has_alerts = "/etc/grafana/provisioning/alerting" in folders
    assert has_alerts is asks.startswith("http://celeryscope:")


def test_prometheus_understands_its_configuration_and_finds_the_server(tmp_path: Path) -> None:
    files = mounted(services("prometheus")["prometheus"])
    text = files["/etc/prometheus/prometheus.yml"].read_text()
    rules = files["/etc/prometheus/rules"]
    assert list(rules.glob("*.yaml"))
    (tmp_path / "prometheus.yml").write_text(text.replace("/etc/prometheus/rules", str(rules)))
    assert promtool("check", "config", str(tmp_path / "prometheus.yml")) == ""
    targets = [
        target
        for job in yaml.safe_load(text)["scrape_configs"]
        for one in job["static_configs"]
        for target in one["targets"]
    ]
    assert f"celeryscope:{DEFAULTS.http.port}" in targets


def test_node_statsd_runs_with_the_articles_settings(tmp_path: Path) -> None:
    config: dict[str, Any] = json.loads((COMPOSE / "article/statsd.json").read_text())
    assert config.pop("mgmt_port") == 8126
    (receiver,) = config.pop("servers")
    assert receiver["port"] == 8125
    assert config["percentThreshold"] == list(DEFAULTS.percentiles)
    assert config["flushInterval"] == DEFAULTS.flush_interval * 1000
    assert config["graphite"]["legacyNamespace"] is DEFAULTS.legacy_namespace
    local = config | {"mgmt_address": "127.0.0.1"}
    with node_statsd(tmp_path, local) as node:
        assert "error" not in node.running.output().lower()


def test_carbon_keeps_what_the_server_would_and_rolls_up_as_documented() -> None:
    rules = (COMPOSE / "article/storage-aggregation.conf").read_text()
    assert rules in [block.text for block in blocks(read("docs/outputs.md"), "ini")]
    assert parse_aggregations(rules)
    (schema,) = parse_schemas((COMPOSE / "article/storage-schemas.conf").read_text())
    assert schema.tiers == DEFAULTS.retentions


@every_stack
def test_one_command_makes_a_password_once_and_starts_a_stack(stack: str, tmp_path: Path) -> None:
    (tmp_path / "up").write_text((COMPOSE / "up").read_text())
    (tmp_path / "bin").mkdir()
    docker = tmp_path / "bin" / "docker"
    docker.write_text('#!/bin/sh\necho "$@"\n')
    docker.chmod(0o755)
    env = {"PATH": f"{docker.parent}{os.pathsep}{os.environ['PATH']}"}
    command = ["sh", str(tmp_path / "up"), stack, "--pull=always"]
    secret = tmp_path / "secrets" / "grafana_admin_password"
    passwords = set()
    for _ in range(2):
        answer = subprocess.run(command, env=env, check=True, capture_output=True, text=True).stdout
        assert answer == f"compose --file {stack}.yml up --build --detach --wait --pull=always\n"
        passwords.add(secret.read_text())
    (password,) = passwords
    assert re.match(r"[A-Za-z0-9+/]{24}\Z", password)
    assert secret.parent.stat().st_mode & 0o777 == 0o700


def test_an_unknown_stack_is_refused() -> None:
    done = subprocess.run(
        ["sh", COMPOSE / "up", "flower"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "embedded|article|prometheus" in done.stderr
