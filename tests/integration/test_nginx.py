"""celeryscope behind a real nginx, by the file that is deployed: TLS, users, a sub-path, news."""

import re
import socket
import time
from collections.abc import Iterator
from itertools import repeat

import httpx
import pytest

from support.access import basic
from support.nginx import NAME, NginxUnderTest, nginx
from support.processes import wait_until
from support.server import ServerUnderTest, celeryscope_server

FLAGS = (
    *("--flush-interval", "1s", "--retentions", "1s:1h,10s:1d"),
    *("--root-path", "/celery", "--allowed-hosts", NAME),
    *("--trusted-proxies", "127.0.0.1", "--user-header", "X-Forwarded-User"),
)
ALICE = basic("alice", "correct horse")
LIMIT = 200 * 2**20  # as nginx reads 200m
CHUNK = b"\0" * 2**20
RUN = b"celery.task.shop.orders-tasks.charge.success:1|c"


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerUnderTest]:
    with celeryscope_server(tmp_path_factory.mktemp("behind"), FLAGS) as server:
        yield server


@pytest.fixture(scope="module")
def proxy(
    tmp_path_factory: pytest.TempPathFactory, behind: ServerUnderTest
) -> Iterator[NginxUnderTest]:
    users = {"alice": "correct horse"}
    with nginx(tmp_path_factory.mktemp("nginx"), behind.http_port, users) as started:
        yield started


@pytest.fixture(scope="module")
def browser(proxy: NginxUnderTest) -> Iterator[httpx.Client]:
    """Ask as alice by nginx's name."""
    headers = {"Host": NAME, **ALICE}
    with httpx.Client(base_url=proxy.url, verify=proxy.trust, headers=headers) as client:
        yield client


def test_plain_http_leads_to_tls(proxy: NginxUnderTest) -> None:
    answer = httpx.get(f"http://127.0.0.1:{proxy.http_port}/celery/?q=a", headers={"Host": NAME})
    assert answer.status_code == 308
    assert answer.headers["location"] == f"https://{NAME}/celery/?q=a"


def test_a_page_and_all_that_it_loads_come_below_the_sub_path(browser: httpx.Client) -> None:
    assert browser.get("/celery").headers["location"].endswith("/celery/")
    page = browser.get("/celery/server")
    assert page.status_code == 200
    assert page.headers["strict-transport-security"] == "max-age=31536000"
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    links = re.findall(r'(?:href|src)="([^"#?]+)"', page.text)
    assert len(links) > 5
    for link in links:
        assert browser.get(link).status_code == 200, link


def test_the_api_answers_compressed_by_get_and_by_post(
    browser: httpx.Client, behind: ServerUnderTest
) -> None:
    since = int(time.time()) - 1
    behind.send(RUN)
    asked = {
        "target": "stats.counters.celery.task.shop.orders-tasks.charge.success.count",
        "from": str(since),
        "format": "json",
    }

    def counted() -> bool:
        answers = [
            browser.get("/celery/render", params=asked),
            browser.post("/celery/render", data=asked),
        ]
        points = [point for one in answers[0].json() for point in one["datapoints"]]
        assert answers[1].status_code == 200
        return any(value for value, _ in points)

    wait_until(counted, what="the run")
    assert browser.get("/celery/functions").headers["content-encoding"] == "gzip"


def test_news_come_through_while_the_stream_is_open(
    browser: httpx.Client, behind: ServerUnderTest
) -> None:
    with browser.stream("GET", "/celery/api/live") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        assert "content-encoding" not in stream.headers
        lines = stream.iter_lines()
        assert next(lines) == "retry: 2000"
        news = (line for line in lines if line.startswith("data: "))
        assert '"flush"' in next(news)
        behind.send(RUN)
        assert '"flush"' in next(news)


def test_a_stranger_gets_401_from_nginx(proxy: NginxUnderTest) -> None:
    with httpx.Client(base_url=proxy.url, verify=proxy.trust, headers={"Host": NAME}) as stranger:
        for path in (
            "/",
            "/celery/",
            "/celery/render",
            "/celery/api/live",
            "/celery/static/app.css",
        ):
            for headers in ({}, {"X-Forwarded-User": "alice"}, basic("alice", "wrong")):
                assert stranger.get(path, headers=headers).status_code == 401, path
        for path in ("/celery/healthz", "/celery/readyz"):
            assert stranger.get(path).text == "ok\n"


def test_who_comes_around_nginx_is_a_stranger(behind: ServerUnderTest) -> None:
    assert httpx.get(f"{behind.url}/version").status_code == 401


def test_a_body_of_200_megabytes_is_handed_on(browser: httpx.Client) -> None:
    body = repeat(CHUNK, LIMIT // len(CHUNK))
    answer = browser.post("/celery/server", content=body, timeout=60)
    assert answer.status_code == 405, answer.text  # celeryscope's own: the page takes no posts
    assert "nginx" not in answer.text


def test_one_byte_more_is_refused_by_nginx_before_it_comes(proxy: NginxUnderTest) -> None:
    head = "\r\n".join(
        [
            "POST /celery/server HTTP/1.1",
            f"Host: {NAME}",
            f"Authorization: {ALICE['Authorization']}",
            f"Content-Length: {LIMIT + 1}",
            "Connection: close\r\n\r\n",
        ]
    )
    address = ("127.0.0.1", proxy.https_port)
    with (
        socket.create_connection(address, timeout=10) as plain,
        proxy.trust.wrap_socket(plain, server_hostname=NAME) as client,
    ):
        client.sendall(head.encode())
        answer = client.recv(4096)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"nginx" in answer


def test_another_name_is_answered_by_nobody(browser: httpx.Client) -> None:
    answer = browser.get("/celery/", headers={"Host": "evil.example"})
    assert answer.status_code == 421
