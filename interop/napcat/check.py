"""Runs a bot with node-napcat-ts against the service and the sandbox; the package's TypeScript types judge all it gets.

    npm ci --prefix interop/napcat
    python3 interop/napcat/check.py PATH-OF-LIBRATION

Needs Node.js 20 or later. Everything stays on loopback.
"""

import pathlib
import secrets
import sys

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
import harness  # noqa: E402
import samples  # noqa: E402


def everything(check):
    (port,), token = harness.free_ports(1), secrets.token_hex(16)
    websocket = {"type": "websocket", "address": f"127.0.0.1:{port}", "access_token": token, "report_self": True, "heartbeat": "1s"}
    place = harness.Place(check, onebot={"flavour": "napcat", "connections": [websocket]})
    voice = place.folder / "voice.wav"
    voice.write_bytes(samples.voice(1))
    place.start()
    env = {"WS": f"ws://127.0.0.1:{port}/", "TOKEN": token, "CONTROL": f"http://127.0.0.1:{place.control}", "VOICE": str(voice)}
    bot = place.start_process("bot", "node", HERE / "client.mjs", env=env)
    bot.wait()
    for line in bot.said("PASSED "):
        check.passed(line.removeprefix("PASSED "))


harness.main(__doc__, {"napcat": everything})
