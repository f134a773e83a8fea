"""Foreign models judge what the service sends: every event of a tour, in both formats and all flavours, and the results of actions.

    python3 interop/judges/check.py PATH-OF-LIBRATION [nonebot|napcat-sdk]

differences.py says what is meant to be otherwise, and why. The models of nonebot-adapter-onebot need the packages of
interop/nonebot/requirements.txt. Those of napcat-sdk need Python 3.12 or later: where one is found, it gets a folder of
its own with the packages of napcat-sdk.txt; else they are skipped.
"""

import contextlib
import json
import os
import pathlib
import secrets
import subprocess
import sys
import tempfile
import threading

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
import bots  # noqa: E402
import differences  # noqa: E402
import harness  # noqa: E402
from harness import ALICE, BOT  # noqa: E402


class Stream:
    """The events of a connection, from the first one on."""

    def __init__(self, check, port, token):
        from websockets.sync.client import connect

        # A number that is older than all of them: what was before the connection comes, too.
        self.socket = connect(f"ws://127.0.0.1:{port}/event?last_event_id=1", additional_headers={"Authorization": f"Bearer {token}"})
        check.stack.callback(self.socket.close)
        self.events, self.changed = [], threading.Condition()
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for frame in self.socket:
            with self.changed:
                self.events.append(json.loads(frame))
                self.changed.notify_all()

    def wait_for(self, names):
        """Waits until there is an event of each of the names."""

        def missing():
            return names - {bots.name(e) for e in self.events}

        with self.changed:
            if not self.changed.wait_for(lambda: not missing(), harness.DEADLINE):
                raise harness.Failed(f"never: {missing()}")


def everything(flavour):
    """The names of what others do, and of what the service says of itself."""
    more = {"notice.bot_online", "meta_event.lifecycle.connect", "meta_event.heartbeat", "message_sent.private.friend"}
    return bots.COMMON | bots.FLAVOURS[flavour] | more


def service(check, flavour, connections):
    place = harness.Place(check, onebot={"flavour": flavour, "report_self": True, "heartbeat": "1s", "connections": connections})
    place.start()
    return place


def play(place):
    place.sandbox.tour()
    place.sandbox.call("send", {"as": BOT, "to": ALICE, "text": "from another device"})


def toured(check, flavour, formats):
    """The streams of a service that saw everything, one for each format."""
    ports, token = harness.free_ports(len(formats)), secrets.token_hex(16)
    place = service(check, flavour, [
        {"type": "websocket", "address": f"127.0.0.1:{port}", "access_token": token, "format": form, "journal": "10m"}
        for port, form in zip(ports, formats)
    ])
    streams = [Stream(check, port, token) for port in ports]
    play(place)
    for stream in streams:
        stream.wait_for(everything(flavour))
    place.sandbox.call(f"clients/{BOT}/kick", {"title": "kicked", "tips": "elsewhere"})
    for stream in streams:
        stream.wait_for({"notice.bot_offline"})
    return streams


def nonebot(check):
    import nonebot_models

    found = set()
    for flavour in bots.FLAVOURS:
        streams = toured(check, flavour, ("array", "string"))
        found |= nonebot_models.judge(*(stream.events for stream in streams))
        kinds = {bots.name(e) for e in streams[0].events}
        check.passed(f"flavour {flavour}: {len(streams[0].events)} events of {len(kinds)} kinds in both formats")
    meant = differences.compare(differences.NONEBOT, found)
    check.passed(f"every event has the class of NoneBot that is meant for it; {meant} are meant to have a general one")


def newer_python():
    """A Python 3.12 or later of this machine, or None."""
    home = pathlib.Path(os.environ.get("PYENV_ROOT", pathlib.Path.home() / ".pyenv"))
    for found in (sys.executable, "python3.12", "python3.13", "python3", *sorted(home.glob("versions/3.1[2-9]*/bin/python3"))):
        # A shim of pyenv may have no interpreter behind it.
        with contextlib.suppress(OSError, subprocess.CalledProcessError):
            subprocess.run([found, "-c", "import sys, venv; sys.exit(sys.version_info < (3, 12))"], check=True, stderr=subprocess.DEVNULL)
            return found
    return None


def napcat_sdk(check):
    python = newer_python()
    if not python:
        return check.skip("napcat-sdk needs Python 3.12 or later, and none was found")
    folder = pathlib.Path(check.stack.enter_context(tempfile.TemporaryDirectory()))
    subprocess.run([python, "-m", "venv", "--without-pip", folder], check=True)
    own = folder / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", own, "install", "-q", "--disable-pip-version-check", "--no-compile"]
    subprocess.run([*pip, "-r", HERE / "napcat-sdk.txt"], check=True)
    (port,), token = harness.free_ports(1), secrets.token_hex(16)
    place = service(check, "napcat", [{"type": "websocket", "address": f"127.0.0.1:{port}", "access_token": token}])
    client = place.start_process("client", own, HERE / "napcat_client.py", gently=False, env={"WS": f"ws://127.0.0.1:{port}/", "TOKEN": token})
    client.wait_for("CONNECTED")

    def saw(names):
        missing = names
        while missing:
            missing = names - {line.split()[1] for line in client.said("SAW ")}
            if missing:
                client.wait_for("SAW " + min(missing))

    play(place)
    # The package leaves out what comes before somebody waits for events.
    heard = everything("napcat") - {"meta_event.lifecycle.connect", "notice.bot_online"}
    saw(heard)
    place.sandbox.call("send", {"as": ALICE, "to": BOT, "text": "now the actions"})
    done = client.wait_for("ACTIONS ").removeprefix("ACTIONS ")
    place.sandbox.call(f"clients/{BOT}/kick", {"title": "kicked", "tips": "elsewhere"})
    saw({"notice.bot_offline"})
    subprocess.run([check.libration, "login", "start", "-c", place.config], check=True, stdout=subprocess.DEVNULL)
    saw({"notice.bot_online"})
    check.passed(f"events of {len(heard) + 2} kinds read; {done}")
    meant = differences.compare(differences.NAPCAT_SDK, {line.removeprefix("DIFFERS ") for line in client.said("DIFFERS ")})
    check.passed(f"napcat-sdk finds no difference but {meant} that are meant")


if __name__ == "__main__":
    harness.main(__doc__, {"nonebot": nonebot, "napcat-sdk": napcat_sdk})
