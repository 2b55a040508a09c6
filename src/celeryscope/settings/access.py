"""How the settings of access are written: paths, names, networks and origins."""

import re
from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import TypeVar

from celeryscope.settings.texts import form

T = TypeVar("T")
Network = IPv4Network | IPv6Network

_ROOT_PATH = re.compile(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+\Z")
_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]*\Z")
_HOST = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*\Z")
_ORIGIN = re.compile(r"https?://[a-z0-9_-]+(\.[a-z0-9_-]+)*(:[0-9]{1,5})?\Z")


def _root_path(text: str) -> str:
    path = text.rstrip("/")
    if path and not _ROOT_PATH.match(path):
        raise ValueError("allowed is a path as in /celery, or nothing")
    return path


def _file(text: str) -> Path | None:
    if "\0" in text:
        raise ValueError("allowed is the path of a file, or nothing")
    return Path(text) if text else None


def _header(text: str) -> str:
    if text and not _HEADER.match(text):
        raise ValueError("allowed is a header's name, as in X-Forwarded-User, or nothing")
    return text


def _network(text: str) -> Network:
    try:
        return ip_network(text)
    except ValueError as error:
        raise ValueError(
            "allowed are addresses and networks with commas between, as in 127.0.0.1,10.0.0.0/8"
        ) from error


def _host(text: str) -> str:
    if not _HOST.match(text.lower()):
        raise ValueError("allowed are names without ports, with commas between")
    return text.lower()


def _origin(text: str) -> str:
    if not _ORIGIN.match(text.lower()):
        raise ValueError("allowed are origins with commas between, as in https://grafana.example")
    return text.lower()


def _several(read: Callable[[str], T]) -> Callable[[str], tuple[T, ...]]:
    return lambda text: tuple(read(part.strip()) for part in text.split(",")) if text else ()


def _joined(values: tuple[object, ...]) -> str:
    return ",".join(map(str, values))


def _show_network(network: Network) -> str:
    single = network.prefixlen == network.max_prefixlen
    return str(network.network_address if single else network)


FILE = form(_file, lambda path: str(path or ""))
HEADER = form(_header)
HOSTS = form(_several(_host), _joined)
NETWORKS = form(_several(_network), lambda values: ",".join(map(_show_network, values)))
ORIGINS = form(_several(_origin), _joined)
ROOT_PATH = form(_root_path)
