"""What a request passes before the application."""

from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.responses import RedirectResponse, Response

from celeryscope.access.entrance import Rules, entrance
from celeryscope.access.forwarded import client_of
from celeryscope.access.headers import SecurityHeaders
from celeryscope.access.hosts import name_in
from celeryscope.access.keyring import AccessFile
from celeryscope.access.rootpath import RootPath, placed
from support.access import ALICE, GRAFANA, access_text, ask, basic, bearer, echo

PROXIES = (ip_network("10.0.0.0/8"),)
ALL_IS_WELL: list[str] = []
REFUSALS = ["", "who asks? This server lets in whom it knows\n"]
PATHS = ["/", "/page", "/render", "/static/app.css", "/api/live", "/metrics", "/nothing"]


@pytest.fixture
def file(tmp_path: Path) -> AccessFile:
    path = tmp_path / "access"
    path.write_text(access_text())
    path.chmod(0o600)
    return AccessFile(path)


def behind(**rules: Any) -> Any:  # noqa: ANN401 -- the rules' own types
    return entrance(echo, Rules(**rules), lambda: ALL_IS_WELL)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        basic("alice", "wrong"),
        basic("bob", "correct horse battery"),
        bearer("csk_wrong"),
        {"Authorization": "Negotiate x"},
        {"X-Forwarded-User": "alice"},
    ],
)
@pytest.mark.parametrize("path", PATHS)
def test_a_stranger_gets_401_and_nothing_else(
    file: AccessFile, path: str, headers: Mapping[str, str]
) -> None:
    app = behind(file=file)
    for method in ("GET", "HEAD", "POST", "DELETE", "OPTIONS"):
        answer = ask(app, path, headers, method)
        assert answer.status_code == 401
        assert answer.text in REFUSALS
        assert answer.headers.get_list("www-authenticate") == [
            'Basic realm="celeryscope", charset="UTF-8"',
            'Bearer realm="celeryscope"',
        ]


@pytest.mark.parametrize("headers", [ALICE, GRAFANA], ids=["password", "token"])
@pytest.mark.parametrize("path", PATHS)
def test_whoever_is_known_is_let_in(
    file: AccessFile, path: str, headers: Mapping[str, str]
) -> None:
    assert ask(behind(file=file), path, headers).status_code == 200


def test_without_rules_nobody_is_asked() -> None:
    assert ask(behind()).status_code == 200


def test_wrong_credentials_are_logged_once_a_minute_without_what_they_were(
    file: AccessFile, caplog: pytest.LogCaptureFixture
) -> None:
    app = behind(file=file)
    for secret in ("hunter2", "hunter3"):
        ask(app, headers=basic(secret, secret))
    (record,) = caplog.records
    assert record.message == "wrong credentials: 1 times, last from 127.0.0.1"


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/celery/healthz", "/celery/readyz"])
def test_health_is_told_to_all_and_says_nothing_else(file: AccessFile, path: str) -> None:
    app = behind(file=file, root_path="/celery")
    answer = ask(app, path, {"Host": "anything.example"})
    assert (answer.status_code, answer.text) == (200, "ok\n")
    assert ask(app, path, method="HEAD").status_code == 200
    assert ask(app, path, method="POST").status_code == 405


def test_a_server_that_is_not_ready_says_why_in_a_word() -> None:
    app = entrance(echo, Rules(), lambda: ["receiver", "store"])
    assert ask(app, "/healthz").text == "ok\n"
    answer = ask(app, "/readyz")
    assert (answer.status_code, answer.text) == (503, "receiver store\n")


@pytest.mark.parametrize(
    ("path", "seen"),
    [
        ("/server", "/celery/server"),
        ("/celery/server", "/celery/server"),
        ("/celery/", "/celery/"),
        ("/celery", "/celery"),
        ("/celeryscope", "/celery/celeryscope"),
    ],
)
def test_a_proxy_may_strip_the_root_path_or_keep_it(path: str, seen: str) -> None:
    text = ask(behind(root_path="/celery"), path).text
    assert text.split()[2:] == [seen, "/celery"]


@given(st.from_regex(r"(/[a-z]{0,3}){1,4}", fullmatch=True))
def test_a_path_is_placed_once(path: str) -> None:
    assert placed(path, "") == path
    assert placed(placed(path, "/a/b"), "/a/b") == placed(path, "/a/b")


@pytest.mark.parametrize(
    ("to", "location"),
    [
        ("http://inner:8888/celery/there?a=1", "/celery/there?a=1"),
        ("http://inner:8888//evil.example/", "/evil.example/"),
        ("/there", "/there"),
        ("?a=1", "?a=1"),
    ],
)
def test_a_redirect_leads_to_no_other_host(to: str, location: str) -> None:
    assert ask(RootPath(RedirectResponse(to), "")).headers["location"] == location


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST.:8888", "127.0.0.1:8888", "127.9.9.9", "[::1]:8888"]
)
def test_on_loopback_the_names_of_loopback_are_answered(host: str) -> None:
    assert ask(behind(), headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8888", "localhost.evil.example", "10.0.0.1", "127.0.0.1.nip.io"],
)
def test_on_loopback_no_other_name_is_answered(host: str) -> None:
    answer = ask(behind(), headers={"Host": host})
    assert answer.status_code == 421
    assert "name it in the setting allowed_hosts" in answer.text


@pytest.mark.parametrize("host", ["", "a b", "[::1", "localhost:port", "a/b", "user@localhost"])
def test_a_host_that_is_none_is_a_bad_request(host: str) -> None:
    assert ask(behind(), headers={"Host": host}).status_code == 400


@given(st.text())
def test_no_host_breaks_the_reading(host: str) -> None:
    assert name_in(host) == name_in(host).lower()


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("tasks.example:443", 200),
        ("Tasks.Example", 200),
        ("localhost", 200),
        ("other.example", 421),
    ],
)
def test_names_can_be_allowed(host: str, status: int) -> None:
    app = behind(allowed_hosts=["tasks.example"])
    assert ask(app, headers={"Host": host}).status_code == status


def test_beyond_loopback_any_name_is_answered_until_some_are_allowed() -> None:
    headers = {"Host": "celeryscope.internal:8888"}
    assert ask(behind(is_loopback=False), headers=headers).status_code == 200
    named = behind(is_loopback=False, allowed_hosts=["tasks.example"])
    assert ask(named, headers=headers).status_code == 421
    # As Prometheus asks pods.
    assert ask(named, headers={"Host": "10.1.2.3:8888"}).status_code == 200


FORWARDED = {
    "X-Forwarded-For": "6.6.6.6, 198.51.100.7, 10.0.0.9",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-User": "alice",
}


def test_a_trusted_proxy_is_believed() -> None:
    app = behind(trusted_proxies=PROXIES, user_header="X-Forwarded-User")
    answer = ask(app, headers=FORWARDED, peer="10.0.0.1")
    assert answer.text == "https 198.51.100.7 /  alice"


def test_nobody_else_is(file: AccessFile) -> None:
    app = behind(trusted_proxies=PROXIES, user_header="X-Forwarded-User", file=file)
    assert ask(app, headers=FORWARDED, peer="192.0.2.1").status_code == 401
    answer = ask(app, headers={**FORWARDED, **GRAFANA}, peer="192.0.2.1")
    assert answer.text == "http 192.0.2.1 /  "


def test_a_proxy_that_names_nobody_or_two_lets_nobody_in() -> None:
    app = behind(trusted_proxies=PROXIES, user_header="X-Forwarded-User")
    for users in ([], [""], ["mallory", "alice"]):
        headers = [("Host", "localhost"), *(("X-Forwarded-User", user) for user in users)]
        answer = ask(app, headers=headers, peer="10.0.0.1")
        assert answer.status_code == 401
        assert answer.headers.get_list("www-authenticate") == ['Bearer realm="celeryscope"']


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("192.0.2.1", ["6.6.6.6"], "192.0.2.1"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["6.6.6.6", " 192.0.2.1"], "192.0.2.1"),
        ("::ffff:10.0.0.1", ["192.0.2.1"], "192.0.2.1"),
        ("10.0.0.1", ["192.0.2.1", "10.2.2.2"], "192.0.2.1"),
        ("10.0.0.1", ["10.1.1.1", "10.2.2.2"], "10.1.1.1"),
        ("10.0.0.1", ["192.0.2.1", "<script>"], "10.0.0.1"),
        ("", ["192.0.2.1"], ""),
    ],
)
def test_a_client_is_the_last_whom_no_proxy_of_ours_stands_for(
    peer: str, forwarded: list[str], client: str
) -> None:
    assert client_of(peer, forwarded, PROXIES) == client


@pytest.mark.parametrize("path", ["/", "/page", "/healthz"])
@pytest.mark.parametrize("host", ["localhost", "evil.example"])
def test_every_answer_tells_browsers_to_be_strict(path: str, host: str) -> None:
    headers = ask(behind(), path, {"Host": host}).headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"
    assert not any(name.startswith("access-control-") for name in headers)


def test_pages_run_their_own_scripts_alone_and_data_acts_for_no_origin() -> None:
    page, data = (ask(behind(), path).headers for path in ("/page", "/"))
    assert "script-src 'self';" in page["content-security-policy"]
    assert "sandbox" not in page["content-security-policy"]
    assert page["cross-origin-opener-policy"] == "same-origin"
    assert data["content-security-policy"].endswith("; sandbox")


def test_chosen_origins_may_frame_pages() -> None:
    headers = ask(behind(embed_origins=["https://grafana.example"]), "/page").headers
    assert headers["content-security-policy"].endswith("frame-ancestors https://grafana.example")


@pytest.mark.parametrize(
    ("media_type", "readers"),
    [
        ("image/png", "cross-origin"),
        ("image/svg+xml", "cross-origin"),
        ("text/javascript", "same-origin"),
        ("application/json", "same-origin"),
    ],
)
def test_pictures_alone_may_be_loaded_by_other_sites_and_only_if_one_may_embed(
    media_type: str, readers: str
) -> None:
    answer = Response(b"", media_type=media_type)
    open_ = SecurityHeaders(answer, ["https://grafana.example"])
    closed = SecurityHeaders(answer, [])
    assert ask(open_).headers["cross-origin-resource-policy"] == readers
    assert ask(closed).headers["cross-origin-resource-policy"] == "same-origin"


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"])
def test_nothing_changes_anything(method: str) -> None:
    answer = ask(behind(), "/anything", method=method)
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD, POST"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "https://proxied.example"}, 200),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": "http://localhost"}, 200),
        ({"Origin": "http://localhost:81"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://[::1"}, 403),
        ({"Origin": "https://evil.example"}, 403),
    ],
)
def test_a_browser_posts_for_our_own_pages_alone(headers: Mapping[str, str], status: int) -> None:
    assert ask(behind(), "/render", headers, "POST").status_code == status
    assert ask(behind(), "/render", headers, "GET").status_code == 200
