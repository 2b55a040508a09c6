"""Kubernetes' manifests: of its schemas, shut in, and in agreement with the server."""

import re
import subprocess
import sys
from typing import Any

import pytest
import yaml

from celeryscope.access.health import HEALTH, READINESS
from support.deploy import DEFAULTS, DEPLOY, dockerfile, is_variable, manifests, settings_of
from support.deploy import variables_of as variables_of_stage

FOLDER = DEPLOY / "kubernetes"
OVERLAYS = ("base", "monitoring", "edge")
NOT_ROOT = 10001
PODS = [
    one for overlay in OVERLAYS for one in manifests(overlay) if "template" in one.get("spec", {})
]
SERVICES = [one for overlay in OVERLAYS for one in manifests(overlay) if one["kind"] == "Service"]
POLICIES = [
    one for overlay in OVERLAYS for one in manifests(overlay) if one["kind"] == "NetworkPolicy"
]
every_pod = pytest.mark.parametrize("pod", PODS, ids=lambda one: one["metadata"]["name"])
every_service = pytest.mark.parametrize(
    "service", SERVICES, ids=lambda one: one["metadata"]["name"]
)
every_policy = pytest.mark.parametrize("policy", POLICIES, ids=lambda one: one["metadata"]["name"])


def labels_of(pod: dict[str, Any]) -> dict[str, str]:
    found: dict[str, str] = pod["spec"]["template"]["metadata"]["labels"]
    return found


def container_of(pod: dict[str, Any]) -> dict[str, Any]:
    (container,) = pod["spec"]["template"]["spec"]["containers"]
    assert isinstance(container, dict)
    return container


def ports_of(pod: dict[str, Any]) -> dict[tuple[str, str], int]:
    return {
        (one["name"], one["protocol"]): one["containerPort"] for one in container_of(pod)["ports"]
    }


def pod_of(labels: dict[str, str]) -> dict[str, Any]:
    (pod,) = (one for one in PODS if labels.items() <= labels_of(one).items())
    assert isinstance(pod, dict)
    return pod


@pytest.mark.parametrize("version", ["1.30.0", "1.37.0"])
def test_the_schemas_of_old_and_new_versions_hold(version: str) -> None:
    files = sorted(FOLDER.glob("*/*.yaml"))
    known = [path for path in files if path.stem not in ("kustomization", "servicemonitor")]
    assert len(known) == 8
    command = [sys.executable, "-m", "kubernetes_validate", "--strict", "-k", version]
    done = subprocess.run(
        [*command, *map(str, known)], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (done.stdout + done.stderr).count("passed for resource") == len(known)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_a_kustomization_names_all_that_is_beside_it_and_pins_the_image(overlay: str) -> None:
    folder = FOLDER / overlay
    found = yaml.safe_load((folder / "kustomization.yaml").read_text())
    beside = {path.name for path in folder.glob("*.yaml")} - {"kustomization.yaml"}
    bases = {name for name in found["resources"] if (folder / name).is_dir()}
    assert bases == (set() if overlay == "base" else {"../base"})
    assert set(found["resources"]) - bases == beside
    for image in found.get("images", []):
        assert re.match(r"\d+\.\d+\.\d+\Z", image["newTag"])


@every_pod
def test_a_pod_runs_what_the_server_understands_on_the_ports_it_names(pod: dict[str, Any]) -> None:
    container = container_of(pod)
    environ = {one["name"]: one["value"] for one in container["env"]}
    assert all(map(is_variable, environ))
    settings = settings_of(container["args"], variables_of_stage(dockerfile()["runtime"]) | environ)
    (statsd,) = settings.statsd
    assert statsd.address is not None
    assert ports_of(pod) == {
        ("statsd", "UDP"): statsd.address.port,
        ("http", "TCP"): settings.http.port,
    }
    assert settings.http.port == DEFAULTS.http.port
    assert (statsd.address.host, settings.http.host) == ("0.0.0.0", "0.0.0.0")


@every_pod
def test_a_pod_is_restricted_as_far_as_can_be(pod: dict[str, Any]) -> None:
    spec, container = pod["spec"]["template"]["spec"], container_of(pod)
    assert spec["automountServiceAccountToken"] is False
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["runAsUser"] == NOT_ROOT
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert {"requests", "limits"} == set(container["resources"])
    assert not any(one.get("hostPort") for one in container["ports"])


@every_pod
def test_a_pod_is_asked_where_the_server_answers(pod: dict[str, Any]) -> None:
    container = container_of(pod)
    asked = {
        name: (probe["httpGet"]["path"], probe["httpGet"]["port"])
        for name, probe in container.items()
        if name.endswith("Probe")
    }
    assert asked.pop("readinessProbe") == (READINESS, "http")
    assert set(asked.values()) == {(HEALTH, "http")}


def test_the_store_has_one_writer_and_its_volume() -> None:
    (server,) = (one for one in PODS if one["kind"] == "Deployment")
    assert server["spec"]["replicas"] == 1
    assert server["spec"]["strategy"] == {"type": "Recreate"}
    (claim,) = (one for one in manifests("base") if one["kind"] == "PersistentVolumeClaim")
    volumes = {one["name"]: one for one in server["spec"]["template"]["spec"]["volumes"]}
    mounts = {
        one["mountPath"]: volumes[one["name"]] for one in container_of(server)["volumeMounts"]
    }
    data = variables_of_stage(dockerfile()["runtime"])["CELERYSCOPE_DATA"]
    name = claim["metadata"]["name"]
    assert mounts[data]["persistentVolumeClaim"] == {"claimName": name}
    assert claim["spec"]["accessModes"] == ["ReadWriteOnce"]


@every_service
def test_a_service_leads_to_a_pods_ports(service: dict[str, Any]) -> None:
    pod = pod_of(service["spec"]["selector"])
    for port in service["spec"]["ports"]:
        assert ports_of(pod)[port["targetPort"], port["protocol"]] == port["port"]


@every_service
def test_a_pod_that_is_not_ready_gets_datagrams_all_the_same(service: dict[str, Any]) -> None:
    assert "statsd" in [port["name"] for port in service["spec"]["ports"]]
    assert service["spec"]["publishNotReadyAddresses"] is True


@every_policy
def test_a_policy_is_for_a_pod_and_its_ports(policy: dict[str, Any]) -> None:
    spec = policy["spec"]
    pod = pod_of(spec["podSelector"]["matchLabels"])
    named = [port for rule in spec["ingress"] for port in rule["ports"]]
    assert {(port["port"], port["protocol"]) for port in named} <= set(ports_of(pod))
    assert spec["policyTypes"] == ["Ingress", "Egress"]


def test_an_edge_may_send_where_it_repeats_to() -> None:
    (edge,) = (one for one in PODS if one["kind"] == "DaemonSet")
    (repeater,) = settings_of(container_of(edge)["args"], {}).repeater
    (service,) = (one for one in SERVICES if one["metadata"]["name"] == repeater.host)
    assert repeater.port in [one["port"] for one in service["spec"]["ports"]]
    (policy,) = (one for one in POLICIES if one["metadata"]["name"] == edge["metadata"]["name"])
    to = [one for rule in policy["spec"]["egress"] for one in rule["to"] if "podSelector" in one]
    assert [one["podSelector"]["matchLabels"] for one in to] == [service["spec"]["selector"]]


def test_prometheus_operator_finds_the_service() -> None:
    (monitor,) = manifests("monitoring")
    wanted = monitor["spec"]["selector"]["matchLabels"]
    (service,) = (one for one in SERVICES if wanted.items() <= one["metadata"]["labels"].items())
    (endpoint,) = monitor["spec"]["endpoints"]
    assert endpoint["port"] in [one["name"] for one in service["spec"]["ports"]]
    assert endpoint["path"] == "/metrics"
    (namespace,) = (one for one in manifests("base") if one["kind"] == "Namespace")
    assert monitor["spec"]["namespaceSelector"]["matchNames"] == [namespace["metadata"]["name"]]


def test_the_server_answers_to_the_names_that_its_service_has() -> None:
    (server,) = (one for one in PODS if one["kind"] == "Deployment")
    (names,) = (
        one["value"]
        for one in container_of(server)["env"]
        if one["name"] == "CELERYSCOPE_ALLOWED_HOSTS"
    )
    (service,) = (
        one for one in SERVICES if one["spec"]["selector"].items() <= labels_of(server).items()
    )
    (namespace,) = (one for one in manifests("base") if one["kind"] == "Namespace")
    name = service["metadata"]["name"]
    long = f"{name}.{namespace['metadata']['name']}"
    assert names.split(",") == [name, long, f"{long}.svc", f"{long}.svc.cluster.local"]
