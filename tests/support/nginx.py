"""A real nginx with the file that is deployed, in a folder of its own."""

import contextlib
import ssl
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from support.processes import Running, accepts, free_port, required, running, wait_until

CONFIG = Path(__file__).parents[2] / "deploy" / "nginx" / "celeryscope.conf"
NAME = "tasks.example.com"
_MAIN = """\
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log {folder}/access.log;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    scgi_temp_path {folder}/scgi;
    uwsgi_temp_path {folder}/uwsgi;
    include {folder}/celeryscope.conf;
}}
"""


@dataclass(frozen=True)
class NginxUnderTest:
    """A started nginx: its ports, and whom its certificate makes clients believe."""

    https_port: int
    http_port: int
    trust: ssl.SSLContext
    running: Running

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.https_port}"


@contextlib.contextmanager
def nginx(folder: Path, upstream: int, users: Mapping[str, str]) -> Iterator[NginxUnderTest]:
    """Run nginx before a server's port, for users with these passwords."""
    https, http = free_port(), free_port()
    certificate, key = _certificate(folder)
    _write_users(folder / "users", users)
    _write_config(
        folder,
        {
            "listen 80;": f"listen 127.0.0.1:{http};",
            "listen [::]:80;": "",
            "listen 443 ssl http2;": f"listen 127.0.0.1:{https} ssl http2;",
            "listen [::]:443 ssl http2;": "",
            "server 127.0.0.1:8888;": f"server 127.0.0.1:{upstream};",
            "/etc/ssl/certs/tasks.example.com.pem": str(certificate),
            "/etc/ssl/private/tasks.example.com.key": str(key),
            "/etc/nginx/celeryscope.users": str(folder / "users"),
        },
    )
    command = [required("nginx", "nginx-light"), "-p", str(folder)]
    command += ["-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")]
    checked = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    assert "[warn]" not in checked.stderr, checked.stderr
    with running(command, folder / "nginx.log") as process:
        wait_until(lambda: accepts(https) or process.process.poll() is not None, what="nginx")
        assert process.process.poll() is None, (folder / "error.log").read_text()
        yield NginxUnderTest(
            https, http, ssl.create_default_context(cafile=str(certificate)), process
        )


def _write_config(folder: Path, changes: Mapping[str, str]) -> None:
    text = CONFIG.read_text()
    for old, new in changes.items():
        assert old in text, old
        text = text.replace(old, new)
    (folder / "celeryscope.conf").write_text(text)
    (folder / "nginx.conf").write_text(_MAIN.format(folder=folder))


def _write_users(file: Path, users: Mapping[str, str]) -> None:
    """Write the file as the config's own comment says."""
    for user, password in users.items():
        command = ["openssl", "passwd", "-6", "-stdin"]
        hashed = subprocess.run(command, input=password, capture_output=True, text=True, check=True)
        with file.open("a") as lines:
            lines.write(f"{user}:{hashed.stdout}")


def _certificate(folder: Path) -> tuple[Path, Path]:
    """Make a certificate that signs itself, for nginx's name and its address."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-nodes", "-days", "2", "-subj", f"/CN={NAME}"]
    command += ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    command += ["-addext", f"subjectAltName=DNS:{NAME},IP:127.0.0.1"]
    command += ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, capture_output=True, check=True)
    return certificate, key
