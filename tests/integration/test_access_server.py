"""A real server that asks who comes, as strangers and friends meet it."""

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from starlette.routing import Route

from celeryscope.server import Server, StartError
from celeryscope.settings import load_settings
from celeryscope.statsd.udp import UdpListener
from support.access import ALICE, GRAFANA, PASSWORD, TOKEN, access_text, basic, quick
from support.processes import free_port, wait_until
from support.server import ServerUnderTest, celeryscope_server

# Questions that may be long, and the one thing that is written.
TAKE_POSTS = ("/render", "/metrics/", "/functions", "/version", "/tags", "/events")
OPEN = ("/healthz", "/readyz")
ON_FREE_PORTS = dict.fromkeys(("http", "statsd", "admin"), "127.0.0.1:0")


@dataclass(frozen=True)
class Here:
    """A client of a server in a thread of the tests, and an address for each of its routes."""

    client: httpx.Client
    paths: Sequence[str]


def access_file(folder: Path) -> Path:
    file = folder / "access"
    file.touch(mode=0o600)
    file.write_text(access_text())
    return file


@pytest.fixture(scope="module", params=["yes", "no"], ids=["with-store", "edge"])
def here(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Here]:
    folder = tmp_path_factory.mktemp("here")
    file = access_file(folder)
    server = Server(
        load_settings(
            {
                **ON_FREE_PORTS,
                "data": str(folder / "data"),
                "store": request.param,
                "access_file": str(file),
            },
            {},
        )
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        wait_until(lambda: httpx.get(f"{server.url}/readyz").is_success, what="the server")
        paths = {
            route.path.partition("{")[0] if isinstance(route, Route) else "/static/app.css"
            for route in server._routes()
        }
        with httpx.Client(base_url=server.url) as client:
            yield Here(client, sorted(paths))
    finally:
        server.stop()
        thread.join()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("guarded")


@pytest.fixture(scope="module")
def admin_port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def guarded(folder: Path, admin_port: int) -> Iterator[ServerUnderTest]:
    flags = ["--access-file", str(access_file(folder)), "--admin", f"127.0.0.1:{admin_port}"]
    with celeryscope_server(folder, flags) as server:
        yield server


def test_no_route_tells_a_stranger_anything(here: Here) -> None:
    assert {"/", "/api/server", "/metrics", "/static/app.css"} <= set(here.paths)
    for path in [*here.paths, "/nothing", "/static", "/render/"]:
        for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"):
            answer = here.client.request(method, path)
            assert answer.status_code == 401, (method, path)
            assert "this server lets in whom it knows" in answer.text.lower() or method == "HEAD"
            assert "www-authenticate" in answer.headers


def test_every_route_lets_a_known_one_in_and_is_strict_with_browsers(here: Here) -> None:
    for path in [*here.paths, *OPEN]:
        with here.client.stream("GET", path, headers=GRAFANA) as answer:
            assert answer.status_code not in (401, 403, 421, 500), path
            policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'"), path
        assert "script-src 'unsafe" not in policy, path
        assert "frame-ancestors 'none'" in policy, path
        assert answer.headers["x-content-type-options"] == "nosniff", path
        assert answer.headers["referrer-policy"] == "same-origin", path
        assert answer.headers["cross-origin-resource-policy"] == "same-origin", path
        assert answer.headers["cache-control"], path
        assert "access-control-allow-origin" not in answer.headers


def test_no_route_takes_a_method_that_changes_things(here: Here) -> None:
    for path in [*here.paths, *OPEN]:
        methods = ["PUT", "PATCH", "DELETE", "OPTIONS"]
        methods += [] if path.startswith(TAKE_POSTS) else ["POST"]
        for method in methods:
            answer = here.client.request(method, path, headers=GRAFANA)
            assert answer.status_code == 405, (method, path)


def test_health_is_open_to_all(here: Here) -> None:
    for path in OPEN:
        answer = here.client.get(path, headers={"Host": "10.1.2.3"})
        assert (answer.status_code, answer.text) == (200, "ok\n")


def test_passwords_come_and_go_while_the_server_runs(guarded: ServerUnderTest) -> None:
    def status(headers: dict[str, str]) -> int:
        return httpx.get(f"{guarded.url}/version", headers=headers).status_code

    bob = basic("bob", "password of bob")
    file = guarded.running.log.with_name("access")
    assert [status(one) for one in (ALICE, GRAFANA, bob)] == [200, 200, 401]
    file.write_text(f"user bob {quick('password of bob')}\n")
    assert [status(one) for one in (ALICE, GRAFANA, bob)] == [401, 401, 200]
    file.write_text(access_text())
    assert [status(one) for one in (ALICE, GRAFANA, bob)] == [200, 200, 401]


def everything_said(server: ServerUnderTest, admin_port: int) -> str:
    """Return the log, the pages, the admin port's answers and what `ps` shows."""
    pages = [
        httpx.get(server.url + path, headers=ALICE).text
        for path in ("/", "/server", "/api/server", "/metrics", "/nothing", "/render?target=(")
    ]
    with socket.create_connection(("127.0.0.1", admin_port)) as admin:
        admin.sendall(b"config\nstats\nquit\n")
        answers = b"".join(iter(lambda: admin.recv(65536), b"")).decode()
    assert "access_file" in answers
    process = Path(f"/proc/{server.running.process.pid}")
    shown = [(process / name).read_text() for name in ("cmdline", "environ")]
    return "\n".join([server.running.output(), answers, *pages, *shown])


def test_no_secret_is_said_anywhere(guarded: ServerUnderTest, admin_port: int) -> None:
    guesses = [basic("alice", "a wrong guess"), basic("a misplaced secret", "x")]
    for headers in (ALICE, GRAFANA, *guesses):
        httpx.get(f"{guarded.url}/version", headers=headers)
    said = everything_said(guarded, admin_port)
    assert "wrong credentials: 1 times, last from 127.0.0.1" in said
    kept = [line.split()[2] for line in access_text().splitlines()[1:]]
    for secret in (PASSWORD, TOKEN, *kept, "a wrong guess", "a misplaced secret"):
        assert secret not in said
    for headers in (ALICE, GRAFANA):
        assert headers["Authorization"].split()[1] not in said


def test_a_password_that_is_typed_stands_in_no_command_line(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "celeryscope", "access", "add-user", "alice"]
    command += ["--password-stdin", "--file", str(tmp_path / "access")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as adding:
        shown = Path(f"/proc/{adding.pid}/cmdline").read_text()
        adding.communicate(PASSWORD.encode())
    assert adding.returncode == 0
    assert PASSWORD not in shown
    assert PASSWORD not in (tmp_path / "access").read_text()


def test_an_open_server_says_what_would_close_it(tmp_path: Path) -> None:
    flags = ["--http", f"0.0.0.0:{(port := free_port())}"]
    with celeryscope_server(tmp_path, flags, http_port=port) as server:
        assert httpx.get(f"{server.url}/version", headers={"Host": "any.name"}).is_success
        log = server.running.output()
    assert "is open to whoever reaches it, without a password: set access_file, or" in log
    assert log.count("WARNING") == 1


def test_what_fails_makes_a_server_unready_and_so_does_its_end(tmp_path: Path) -> None:
    server = Server(load_settings({**ON_FREE_PORTS, "data": str(tmp_path / "data")}, {}))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        wait_until(lambda: server.not_ready() == [], what="readiness")
        assert server._storage
        server._storage._writer._writing.failing = True
        listener = server._bound[0].listener
        assert isinstance(listener, UdpListener)
        listener._failing = True
        answer = httpx.get(f"{server.url}/readyz")
        assert (answer.status_code, answer.text) == (503, "receiver store\n")
        assert httpx.get(f"{server.url}/healthz").is_success
    finally:
        server.stop()
        assert "stopping" in server.not_ready()
        thread.join()
    assert server.not_ready() == ["stopping", "receiver"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"root_path": "/render"}, "root_path = '/render' begins as an address of the server's"),
        ({"root_path": "/readyz/a"}, "root_path = '/readyz/a' begins as an address of the server"),
        ({"user_header": "X-User"}, "user_header = 'X-User' is believed from trusted_proxies"),
        ({"access_file": "/absent"}, "access_file /absent cannot be read (No such file or"),
    ],
)
def test_what_cannot_work_is_refused(
    settings: dict[str, str], message: str, tmp_path: Path
) -> None:
    given = {**ON_FREE_PORTS, "data": str(tmp_path / "data"), **settings}
    for _ in range(2):  # what the first has taken is free again
        with pytest.raises(StartError) as raised:
            Server(load_settings(given, {}))
        assert str(raised.value).startswith(message)
