"""A language server that gives prepared answers, for what a real one cannot be made to do at will.

    python fake_server.py SCRIPT.json LOG.jsonl

SCRIPT.json maps a method to the list of its answers, used in turn, the last one again and again. An answer is
`{"result": ...}`, `{"error": {...}}`, `{"wait": true}` (answered only when cancelled) or `{"exit": CODE}`. With
`"partial": ...` that is sent as a partial result before, and the answer is sent when a notification `test/go` comes.
Every message received is appended to LOG.jsonl.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, BinaryIO

from fathom_indexer import __version__

Message = dict[str, Any]

CAPABILITIES = {
    "capabilities": {
        "positionEncoding": "utf-16",
        "textDocumentSync": {"openClose": True, "save": True},
        "experimental": {"fathom": {"version": 1}},
    },
    "serverInfo": {"name": "fathom", "version": __version__},
}


def read_message(stream: BinaryIO) -> Message | None:
    length = 0
    while (line := stream.readline().strip()) or not length:
        if not line:
            return None
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    message: Message = json.loads(stream.read(length))
    return message


def write_message(stream: BinaryIO, message: Message) -> None:
    body = json.dumps({"jsonrpc": "2.0", **message}).encode()
    stream.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
    stream.flush()


def main(script_path: Path, log_path: Path) -> int:
    answers: dict[str, list[Message]] = {"initialize": [{"result": CAPABILITIES}], "shutdown": [{"result": None}]}
    answers.update(json.loads(script_path.read_text(encoding="utf-8")))
    held: list[Message] = []
    with log_path.open("a", encoding="utf-8") as log:
        while (message := read_message(sys.stdin.buffer)) is not None:
            log.write(json.dumps(message) + "\n")
            log.flush()
            method = message.get("method")
            if method == "exit":
                return 0
            if method == "test/go":
                for answer in held:
                    write_message(sys.stdout.buffer, answer)
                held.clear()
            elif method == "$/cancelRequest":
                cancelled = {"code": -32800, "message": "Request Cancelled"}
                write_message(sys.stdout.buffer, {"id": message["params"]["id"], "error": cancelled})
            elif "id" in message and isinstance(method, str):
                prepared = answers[method]
                answer = dict(prepared.pop(0) if len(prepared) > 1 else prepared[0])
                if "exit" in answer:
                    return int(answer["exit"])
                first = answer.pop("partial", None)
                if first is not None:
                    token = message["params"]["partialResultToken"]
                    progress = {"method": "$/progress", "params": {"token": token, "value": first}}
                    write_message(sys.stdout.buffer, progress)
                    held.append({"id": message["id"], **answer})
                elif "wait" not in answer:
                    write_message(sys.stdout.buffer, {"id": message["id"], **answer})
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
