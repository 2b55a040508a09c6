"""What is packaged for Grafana: it equals what the makers make, and finds its way to a folder."""

import json
from pathlib import Path
from runpy import run_module

import pytest
import yaml
from click.testing import CliRunner, Result

from celeryscope.grafana.builder.files import files
from celeryscope.grafana.layout import DASHBOARDS_PATH, datasource_uid
from celeryscope.grafana.model import Edition
from celeryscope.grafana.packaged import packaged
from celeryscope.grafana_commands import dashboards as command

PROVISIONED = [
    (edition, name, text) for edition in Edition for name, text in packaged(edition).items()
]
every_edition = pytest.mark.parametrize("edition", Edition, ids=lambda one: one.value)


def dashboards(folder: Path, *flags: str) -> Result:
    return CliRunner().invoke(command, ["--dir", str(folder), *flags])


def in_folder(folder: Path) -> dict[str, str]:
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in paths}


def test_what_is_packaged_is_what_the_catalogue_says() -> None:
    for name, text in files().items():
        edition, _, path = name.partition("/")
        assert packaged(Edition(edition)).get(path) == text, f"run scripts/dashboards: {name}"
    assert len(files()) == len(PROVISIONED)


def test_a_difference_fails_the_check(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("sys.argv", ["dashboards", "--check"])
    module = "celeryscope.grafana.builder.__main__"
    main = run_module(module)["main"]
    with pytest.raises(SystemExit) as told:
        main()
    assert told.value.code == 0
    main.__globals__["_FOLDER"] = tmp_path
    with pytest.raises(SystemExit, match=r"run scripts/dashboards: .*celeryscope-task-graphite"):
        main()
    monkeypatch.setattr("sys.argv", ["dashboards"])
    (tmp_path / "graphite").mkdir()
    (tmp_path / "graphite" / "old.json").write_text("{}")
    main()
    found = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert found == set(files())


@pytest.mark.parametrize(
    ("edition", "name", "text"), PROVISIONED, ids=lambda value: str(value)[:60]
)
def test_what_is_provisioned_can_be_read_and_names_its_own(
    edition: Edition, name: str, text: str
) -> None:
    if name.startswith("provisioning/datasources"):
        (one,) = yaml.safe_load(text)["datasources"]
        assert (one["uid"], one["type"]) == (datasource_uid(edition), edition.value)
    elif name.startswith("provisioning/dashboards"):
        (provider,) = yaml.safe_load(text)["providers"]
        assert provider["options"]["path"] == DASHBOARDS_PATH
        assert not provider["allowUiUpdates"]
    elif name.startswith("provisioning/alerting/contact"):
        (point,) = yaml.safe_load(text)["contactPoints"]
        assert point["receivers"]
    else:
        assert yaml.safe_load(text)


@every_edition
def test_an_edition_is_written_as_it_is_but_for_where_the_dashboards_are(
    edition: Edition, tmp_path: Path
) -> None:
    folder = tmp_path / "a: b"
    result = dashboards(folder, "--edition", edition.value)
    assert result.exit_code == 0
    found = in_folder(folder)
    provider = found.pop("provisioning/dashboards/celeryscope.yaml")
    (one,) = yaml.safe_load(provider)["providers"]
    assert one["options"]["path"] == str(folder / "dashboards")
    assert found == {name: text for name, text in packaged(edition).items() if name in found}
    assert len(found) == len(packaged(edition)) - 1
    assert all(f"wrote {folder / name}" in result.output for name in found)
    assert "Next:\n  1. Set " in result.output
    assert ("rule_files" in result.output) is (edition is Edition.PROMETHEUS)


def test_what_is_there_already_is_said_and_left(tmp_path: Path) -> None:
    dashboards(tmp_path)
    again = json.loads(dashboards(tmp_path, "--json").output)
    assert again["written"] == []
    assert len(again["unchanged"]) == len(packaged(Edition.GRAPHITE))
    assert again["next"]


def test_a_file_that_somebody_changed_is_overwritten_only_by_force(tmp_path: Path) -> None:
    dashboards(tmp_path)
    changed = tmp_path / "dashboards" / "celeryscope-task-graphite.json"
    changed.write_text("mine")
    (tmp_path / "dashboards" / "celeryscope-tasks-graphite.json").unlink()
    refused = dashboards(tmp_path)
    assert refused.exit_code == 2
    assert str(changed) in refused.output
    assert "--force" in refused.output
    assert changed.read_text() == "mine"
    assert not (tmp_path / "dashboards" / "celeryscope-tasks-graphite.json").exists()
    forced = json.loads(dashboards(tmp_path, "--force", "--json").output)
    assert len(forced["written"]) == 2
    assert changed.read_text() != "mine"


def test_a_folder_that_cannot_be_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = dashboards(tmp_path / "file" / "below")
    assert result.exit_code == 2
    (line,) = result.output.splitlines()
    assert "--dir" in line
