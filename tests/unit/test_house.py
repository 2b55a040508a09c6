"""The rules that hold the house together, read from the source itself."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import quantiles

import pytest

import celeryscope

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "celeryscope"
MODULES = {
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
}

# A part of the house, and all that it may import of the others.
MAY_IMPORT = {
    "celeryscope": {"worker"},
    "__main__": {"cli"},
    "access": set(),
    "access_commands": {"access", "settings"},
    "address": set(),
    "auto": {"worker"},
    "carbon": {"address", "newcomers", "sockets", "store.protocol", "tally"},
    "cli": {"commands"},
    "commands": {
        "celeryscope",
        "access_commands",
        "demo",
        "grafana_commands",
        "server",
        "settings",
        "store.tiers",
        "store_commands",
    },
    "demo": {"celeryscope", "server", "settings"},
    "django": {"worker"},
    "flush": {"sketch", "timerset"},
    "grafana": {"metrics", "namespace", "outputs.prometheus.names", "statistics"},
    "grafana_commands": {"grafana"},
    "graphite": {
        "carbon.paths",
        "metrics",
        "namespace",
        "sketch",
        "statistics",
        "store.glob",
        "store.protocol",
        "store.stop",
        "store.tagnames",
    },
    "metrics": set(),
    "namespace": {"metrics"},
    "naming": set(),
    "newcomers": set(),
    "outputs": {
        "address",
        "carbon",
        "flush",
        "metrics",
        "namespace",
        "naming",
        "sketch",
        "statistics",
        "timers",
        "timerset",
    },
    "server": {
        "celeryscope",
        "access",
        "address",
        "carbon",
        "namespace",
        "outputs",
        "flush",
        "graphite",
        "metrics",
        "settings",
        "sockets",
        "statsd",
        "store",
        "timers",
        "web",
    },
    "settings": {
        "address",
        "carbon.target",
        "metrics",
        "naming",
        "outputs.prometheus.histogram",
        "store.patterns",
        "store.tiers",
    },
    "sketch": set(),
    "sockets": {"address"},
    "statistics": {"sketch"},
    "statsd": {
        "address",
        "flush",
        "metrics",
        "newcomers",
        "sketch",
        "sockets",
        "tally",
        "timerset",
        "totals",
    },
    "store": {"flush", "metrics", "sketch", "timerset"},
    "store_commands": {"metrics", "settings", "store"},
    "tally": set(),
    "testing": {"worker"},
    "timers": {"sketch", "statistics", "timerset"},
    "timerset": {"sketch"},
    "totals": {"metrics"},
    "web": {
        "celeryscope",
        "address",
        "flush",
        "graphite",
        "metrics",
        "naming",
        "sketch",
        "store.protocol",
        "totals",
    },
    "worker": {"metrics", "naming"},
}

# A package that is not of the standard library, and the parts that may import it.
MAY_BE_IMPORTED_BY = {
    "celery": {"auto", "demo", "django", "testing", "worker"},
    "click": {"access_commands", "commands", "grafana_commands", "store_commands"},
    "django": {"django"},
    "duckdb": {"store"},
    "grafana_foundation_sdk": {"grafana"},
    "jinja2": {"web"},
    "kombu": {"demo", "worker"},  # comes with Celery, as its messaging half
    "markupsafe": {"web"},
    "matplotlib": {"graphite"},
    "numpy": {
        "carbon",
        "demo",
        "graphite",
        "outputs",
        "sketch",
        "statistics",
        "statsd",
        "store",
        "timers",
        "timerset",
        "web",
    },
    "orjson": {"carbon", "graphite", "outputs", "statsd", "web"},
    "prometheus_client": {"outputs"},
    "pydantic": {"settings"},
    "regex": {"graphite"},
    "starlette": {"access", "graphite", "outputs", "server", "web"},
    "uvicorn": {"server"},
    "whisper": {"store"},
    "yaml": {"grafana"},
}

RUNS_IN_WORKERS = {"celeryscope", "auto", "django", "metrics", "naming", "testing", "worker"}
CELERYS_OWN = {"amqp", "billiard", "celery", "kombu", "vine"}
SERVER_PACKAGES = {"duckdb", "jinja2", "numpy", "orjson", "pydantic", "starlette", "uvicorn"}
MAX_LINES = 300
MAX_FUNCTION_P95 = 40


def imports(module: str) -> Iterator[str]:
    """Yield the full name of each module that a module imports, wherever in it."""
    for node in ast.walk(ast.parse(MODULES[module].read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports relatively"
            source = node.module or ""
            for alias in node.names:
                inner = f"{source}.{alias.name}"
                yield inner if inner in MODULES else source


def part_of(module: str) -> str:
    """Return a module's part: the name that follows the package's, or the package's own."""
    return module.split(".")[1] if "." in module else module


def test_every_part_of_the_house_has_its_rule() -> None:
    assert {part_of(module) for module in MODULES} == set(MAY_IMPORT)


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_only_what_its_part_may(module: str) -> None:
    part = part_of(module)
    for imported in imports(module):
        package, _, inner = imported.partition(".")
        if package == "celeryscope":
            name = inner or package
            allowed = MAY_IMPORT[part] | {part}
            assert any(name == one or name.startswith(f"{one}.") for one in allowed), imported
        elif package not in sys.stdlib_module_names:
            assert part in MAY_BE_IMPORTED_BY.get(package, set()), imported


@pytest.mark.parametrize("part", ["server", "commands", "demo"])
def test_only_the_command_line_reaches_the_composition_root(part: str) -> None:
    importers = {name for name, allowed in MAY_IMPORT.items() if part in allowed}
    assert importers <= {"cli", "commands", "demo"}


def test_what_needs_grafanas_sdk_is_imported_by_its_own_makers_only() -> None:
    makers = {"celeryscope.grafana.builder", "celeryscope.grafana.alerts.builder"}
    for module in MODULES:
        needs = {one for one in imports(module) if one.startswith((*makers, "grafana_foundation"))}
        assert not needs or module.startswith(tuple(makers)), module


def test_the_worker_library_can_be_parsed_by_the_oldest_python_it_supports() -> None:
    for module, path in MODULES.items():
        if part_of(module) in RUNS_IN_WORKERS:
            ast.parse(path.read_text(), feature_version=(3, 10))


def test_no_module_is_longer_than_one_noun_needs() -> None:
    lengths = {module: path.read_text().count("\n") for module, path in MODULES.items()}
    assert {module: lines for module, lines in lengths.items() if lines > MAX_LINES} == {}


def test_functions_are_short() -> None:
    lengths = [
        (node.end_lineno or node.lineno) - node.lineno + 1
        for path in MODULES.values()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    assert quantiles(lengths, n=20)[-1] < MAX_FUNCTION_P95


def test_nothing_is_imported_by_wildcard() -> None:
    for folder in ("src", "tests", "benchmarks", "docs"):
        for path in (ROOT / folder).rglob("*.py"):
            assert not re.search(r"^\s*from \S+ import \*", path.read_text(), re.MULTILINE), path


def test_every_rule_that_is_off_has_its_reason_beside_it() -> None:
    settings = (ROOT / "pyproject.toml").read_text()
    section = settings[settings.index("\nignore = [") : settings.index("[tool.ruff.lint.pylint]")]
    rules = [line for line in section.splitlines() if re.search(r'"[A-Z]+[0-9]*"', line)]
    assert rules
    assert [line for line in rules if not re.search(r"# \w", line)] == []


def test_the_package_offers_exactly_its_public_names() -> None:
    assert celeryscope.__all__ == ["__version__", "instrument"]
    assert all(hasattr(celeryscope, name) for name in celeryscope.__all__)
    assert not hasattr(celeryscope, "Instrument")


def modules_after(program: str) -> set[str]:
    """Return what a fresh interpreter has imported when a program has run."""
    report = "\nimport sys; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program + report], check=True, capture_output=True, text=True
    )
    return set(done.stdout.split())


def test_the_package_alone_imports_no_other() -> None:
    packages = {name.partition(".")[0] for name in modules_after("import celeryscope")}
    assert packages & (SERVER_PACKAGES | {"celery", "click"}) == set()


def test_the_server_does_not_load_what_only_pictures_need() -> None:
    modules = modules_after("import celeryscope.server")
    assert "matplotlib" not in modules


def test_instrumenting_an_app_brings_in_the_worker_library_and_nothing_else() -> None:
    app = "from celery import Celery, signals, states; app = Celery('app'); app.conf.timezone\n"
    before = modules_after(app)
    after = modules_after(app + "import celeryscope; celeryscope.instrument(app)")
    added = {name for name in after - before if not is_celerys_or_pythons(name)}
    assert "celeryscope.worker.instrumentation" in added
    assert {part_of(name) for name in added} <= {"celeryscope", "worker"} | MAY_IMPORT["worker"]


def is_celerys_or_pythons(module: str) -> bool:
    package = module.partition(".")[0]
    return package in CELERYS_OWN or package in sys.stdlib_module_names
