"""Runs a ZeroBot bot against the service and the sandbox, over a forward and a reverse WebSocket, and over HTTP with CQ codes.

    python3 interop/zerobot/check.py PATH-OF-LIBRATION [ws|ws-reverse|http ...]

Builds the bot with Go. Everything stays on loopback.
"""

import functools
import pathlib
import secrets
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
import bots  # noqa: E402
import harness  # noqa: E402
from conversation import Talk  # noqa: E402
from harness import BOT  # noqa: E402
from wrapped import methods  # noqa: E402


def bot(check, mode, program):
    (port, http), token = harness.free_ports(2), secrets.token_hex(16)
    url = f"ws://127.0.0.1:{port}"
    if mode == "ws":
        connections = [{"type": "websocket", "address": f"127.0.0.1:{port}", "access_token": token}]
    elif mode == "ws-reverse":
        connections = [{"type": "reverse-websocket", "url": f"{url}/ws", "access_token": token, "reconnect": "1s"}]
    else:
        url = f"http://127.0.0.1:{port}"
        connections = [
            {"type": "webhook", "url": url, "secret": token, "reconnect": "1s", "format": "string"},
            {"type": "http", "address": f"127.0.0.1:{http}", "access_token": token},
        ]
    place = harness.Place(check, connections=connections, send={"limit": False})
    env = {"MODE": mode, "URL": url, "CALLER": f"http://127.0.0.1:{http}", "TOKEN": token, "FOLDER": str(place.folder)}
    start = functools.partial(place.start_process, "bot", program, env=env, gently=False)
    # To a bot ZeroBot tells nothing of its WebSockets; it is in its log.
    talk = Talk(check, place, start(), online="ONLINE" if mode == "http" else f"成功, 账号: {BOT}")
    _, service = place.start()
    talk.bot.wait_for(talk.online)
    talk.words()
    talk.media()
    talk.forwards()
    talk.people()
    methods(talk)
    # It matches every event by its type.
    talk.tour({kind: kind.replace(".", "/") for kind in bots.TOUR | {"message.group.normal", "message.private.friend", "message.private.group"}})
    assert not talk.bot.said("WRONG"), talk.bot.said("WRONG")
    check.passed("the fields of each event are what its JSON says")
    talk.restarts(service, start, journal=mode != "ws")


with tempfile.TemporaryDirectory() as folder:
    built = pathlib.Path(folder, "zerobot")
    subprocess.run(["go", "build", "-o", built, "."], cwd=HERE, check=True)
    harness.main(__doc__, {mode: functools.partial(bot, mode=mode, program=built) for mode in ("ws", "ws-reverse", "http")})
