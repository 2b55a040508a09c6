"""The files in deploy/, taken apart: which commands they run, with which variables."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import yaml

from celeryscope.commands import celeryscope
from celeryscope.settings import Settings, load_settings, variable_name
from celeryscope.worker.settings import Settings as WorkerSettings
from celeryscope.worker.settings import variable_name as worker_variable_name

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE = DEPLOY / "compose"
DEFAULTS = load_settings({}, environ={})
STACKS = ("embedded", "article", "prometheus")
PREFIX = "CELERYSCOPE_"
_PINNED = re.compile(r"[a-z0-9./-]+:v?\d+\.\d+\.\d+(-[a-z0-9.-]+)?\Z")
_LIST_KEYS = ("volumes", "ports", "secrets")


def settings_of(
    words: Sequence[str], environ: Mapping[str, str], config: Path | None = None
) -> Settings:
    """Return what `celeryscope serve` would run with; fail if it would refuse to."""
    program, name, *flags = words
    assert (Path(program).name, name) == ("celeryscope", "serve"), words
    given = celeryscope.commands[name].make_context(name, list(flags)).params
    options = {key: given[key] for key in Settings.model_fields if given.get(key) is not None}
    switches = {key: "yes" if value else "no" for key, value in options.items() if value in (0, 1)}
    own = {key: value for key, value in environ.items() if key.startswith(PREFIX)}
    return load_settings({**options, **switches}, own, config)


def is_variable(name: str) -> bool:
    """Tell whether the server or the workers' library reads a variable."""
    ours = {variable_name(key) for key in (*Settings.model_fields, "config")}
    theirs = {worker_variable_name(field.name) for field in fields(WorkerSettings)}
    return name in ours | theirs


def is_pinned(image: str) -> bool:
    return _PINNED.match(image) is not None


@dataclass(frozen=True)
class Instruction:
    """One of a Dockerfile's, with its lines joined."""

    name: str
    text: str

    @property
    def words(self) -> list[str]:
        """Return the strings of an instruction in its exec form."""
        found: list[str] = json.loads(self.text)
        return found


Stage = list[Instruction]


def dockerfile() -> dict[str, Stage]:
    """Return each stage of the Dockerfile by its name, FROM first; what is before them is ''."""
    stages: dict[str, Stage] = {"": []}
    name = ""
    for one in _instructions((DEPLOY / "Dockerfile").read_text()):
        if one.name == "FROM":
            name = one.text.rpartition(" AS ")[2]
            stages[name] = []
        stages[name].append(one)
    return stages


def _instructions(text: str) -> Iterator[Instruction]:
    lines = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    for line in lines.replace("\\\n", " ").splitlines():
        if line.strip():
            name, _, rest = line.partition(" ")
            yield Instruction(name, rest.strip())


def variables_of(stage: Stage) -> dict[str, str]:
    """Return what a stage's ENV instructions set."""
    texts = [one.text for one in stage if one.name == "ENV"]
    return dict(pair.split("=", 1) for text in texts for pair in text.split())


Service = dict[str, Any]


def services(stack: str) -> dict[str, Service]:
    """Return a stack's services by their names, put together with what they extend."""
    return {name: _extended(service) for name, service in _loaded(f"{stack}.yml").items()}


def _loaded(name: str) -> dict[str, Service]:
    found: dict[str, Service] = yaml.safe_load((COMPOSE / name).read_text())["services"]
    return found


def _extended(service: Service) -> Service:
    if "extends" not in service:
        return service
    source = service["extends"]
    merged = dict(_extended(_loaded(source["file"])[source["service"]]))
    for key, value in service.items():
        if key in _LIST_KEYS:
            merged[key] = [*merged.get(key, []), *value]
        elif isinstance(value, dict):
            merged[key] = {**merged.get(key, {}), **value}
        else:
            merged[key] = value
    return merged


def manifests(folder: str) -> list[dict[str, Any]]:
    """Return a kustomization's own resources."""
    base = DEPLOY / "kubernetes" / folder
    names = yaml.safe_load((base / "kustomization.yaml").read_text())["resources"]
    return [
        yaml.safe_load((base / name).read_text()) for name in names if not (base / name).is_dir()
    ]
