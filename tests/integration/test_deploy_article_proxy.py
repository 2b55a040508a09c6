"""The proxy of the article's stack, by a real nginx: whom it asks, and what it tells them."""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import httpx
import pytest

from support.deploy import COMPOSE
from support.processes import accepts, free_port, required, running, wait_until

LARGEST = 200 * 1024 * 1024
PUBLIC = "watch.example.com"
MAIN = """\
daemon off;
master_process off;
pid {folder}/pid;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    scgi_temp_path {folder}/scgi;
    uwsgi_temp_path {folder}/uwsgi;
{text}
}}
"""


class Echo(BaseHTTPRequestHandler):
    """Answers with what it was asked, and by which name it goes."""

    protocol_version = "HTTP/1.1"
    name = ""

    def do_GET(self) -> None:
        told = {
            "who": self.name,
            "path": self.path,
            **{k.lower(): v for k, v in self.headers.items()},
        }
        body = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def echo(name: str) -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), type(name, (Echo,), {"name": name}))
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("nginx")
    with echo("graphite") as graphite, echo("grafana") as grafana:
        port = free_port()
        text = (COMPOSE / "article/nginx.conf").read_text()
        for old, new in {
            "listen 8080;": f"listen 127.0.0.1:{port};",
            "http://graphite:80;": f"http://127.0.0.1:{graphite};",
            "http://grafana:3000;": f"http://127.0.0.1:{grafana};",
        }.items():
            assert old in text
            text = text.replace(old, new)
        (folder / "nginx.conf").write_text(MAIN.format(folder=folder, text=text))
        command = [required("nginx", "nginx-light"), "-p", str(folder), "-e", "stderr"]
        with running([*command, "-c", folder / "nginx.conf"], folder / "log") as nginx:
            wait_until(lambda: accepts(port) or nginx.process.poll() is not None, what="nginx")
            assert nginx.process.poll() is None, nginx.output()
            yield f"http://127.0.0.1:{port}"


def ask(proxy: str, path: str) -> dict[str, str]:
    answer = httpx.get(f"{proxy}{path}", headers={"Host": PUBLIC})
    assert answer.is_success, answer.text
    found: dict[str, str] = answer.json()
    return found


@pytest.mark.parametrize(
    ("path", "who"), [("/render?target=a", "graphite"), ("/grafana/d/celery", "grafana")]
)
def test_each_path_leads_to_its_server_with_the_articles_headers(
    proxy: str, path: str, who: str
) -> None:
    told = ask(proxy, path)
    assert (told["who"], told["path"]) == (who, path)
    assert {told[name] for name in ("host", "x-forwarded-host", "x-forwarded-server")} == {PUBLIC}
    assert told["x-forwarded-for"] == "127.0.0.1"


@pytest.mark.parametrize("path", ["/admin/", "/account/login"])
def test_the_images_well_known_user_is_kept_out(proxy: str, path: str) -> None:
    assert httpx.get(f"{proxy}{path}").status_code == httpx.codes.FORBIDDEN


def test_the_proxy_says_by_itself_that_it_lives(proxy: str) -> None:
    assert httpx.get(f"{proxy}/nginx").status_code == httpx.codes.NO_CONTENT


def test_a_body_larger_than_the_articles_is_refused_by_its_length(proxy: str) -> None:
    with closing(HTTPConnection(proxy.removeprefix("http://"))) as connection:
        connection.putrequest("POST", "/render")
        connection.putheader("Content-Length", str(LARGEST + 1))
        connection.endheaders()
        assert connection.getresponse().status == httpx.codes.REQUEST_ENTITY_TOO_LARGE
