"""Answers requests to graphite-web in this process: one JSON line in, one out.

Run by the Python of .graphite. `{"arrays": {name: [start, step, values]}}` sets what there is;
`{"path": "/render", "query": [[key, value], ...]}` is answered by `{"status": ..., "body": ...}`;
with `"posted"` it is a POST of that text, as `"media_type"` says.
"""

import json
import logging
import sys
from typing import Any, TextIO
from urllib.parse import urlencode

import django
from django.core.management import call_command
from django.test import Client
from memory_finder import ARRAYS, Array


def _serve(requests: TextIO, answers: TextIO) -> None:
    client = Client(raise_request_exception=False)
    for line in requests:
        answers.write(json.dumps(_answer(client, json.loads(line))) + "\n")
        answers.flush()


def _answer(client: Client, request: dict[str, Any]) -> dict[str, Any]:
    if "arrays" in request:
        ARRAYS.clear()
        ARRAYS.update({name: Array(*array) for name, array in request["arrays"].items()})
        return {}
    address = f"{request['path']}?{urlencode(list(map(tuple, request['query'])))}"
    if "posted" in request:
        response = client.post(address, request["posted"], content_type=request["media_type"])
    else:
        response = client.get(address)
    return {
        "status": response.status_code,
        "body": response.content.decode("utf-8", "surrogateescape"),
    }


if __name__ == "__main__":
    # What a library prints must not get between the answers.
    channel, sys.stdout = sys.stdout, sys.stderr
    django.setup()
    logging.disable(logging.CRITICAL)
    call_command("migrate", run_syncdb=True, verbosity=0)
    _serve(sys.stdin, channel)
