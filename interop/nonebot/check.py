"""A NoneBot2 bot does everything that its OneBot adapter can, over each of its transports, side by side.

    python3 interop/nonebot/check.py PATH-OF-LIBRATION [reverse|forward|webhook|accounts ...]

The service is stopped and started again, and the bot is killed; where the service knows what the bot missed
(reverse WebSocket, webhook), it hears that. Needs the packages of requirements.txt.
"""

import ast
import functools
import json
import pathlib
import secrets
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
import harness  # noqa: E402
from bots import Caller, tour  # noqa: E402
from conversation import Talk  # noqa: E402
from harness import ALICE, BOB, BOT  # noqa: E402
from methods import files, methods  # noqa: E402
from talk import aside, cards, exchange, media  # noqa: E402


def offered():
    """The methods that the adapter promises, by its stub."""
    import nonebot.adapters.onebot.v11.bot as module

    stub = ast.parse(pathlib.Path(module.__file__).with_suffix(".pyi").read_text(encoding="utf-8"))
    bot = next(c for c in stub.body if isinstance(c, ast.ClassDef) and c.name == "Bot")
    return {f.name for f in bot.body if isinstance(f, ast.AsyncFunctionDef)} - {"call_api", "handle_event", "send"}


def everything(check, way):
    """What a bot of one account does."""
    (port, http), token, secret = harness.free_ports(2), secrets.token_hex(16), secrets.token_hex(16)
    env = {"LOG_LEVEL": "WARNING", "HOST": "127.0.0.1", "PORT": str(port), "ONEBOT_ACCESS_TOKEN": token}
    if way == "reverse":
        env |= {"DRIVER": "~fastapi"}
        connections = [{"type": "reverse-websocket", "url": f"ws://127.0.0.1:{port}/onebot/v11/ws", "access_token": token, "reconnect": "1s"}]
    elif way == "forward":
        env |= {"DRIVER": "~websockets", "ONEBOT_WS_URLS": f'["ws://127.0.0.1:{port}/"]'}
        connections = [{"type": "websocket", "address": f"127.0.0.1:{port}", "access_token": token}]
    else:
        env |= {"DRIVER": "~fastapi+~httpx", "ONEBOT_SECRET": secret, "ONEBOT_API_ROOTS": json.dumps({BOT: f"http://127.0.0.1:{http}/"})}
        env |= {"SSL_CERT_FILE": "", "SSL_CERT_DIR": str(HERE)}  # a folder without any: the driver reads all certificates for each request
        connections = [
            {"type": "webhook", "url": f"http://127.0.0.1:{port}/onebot/v11/http", "secret": secret, "reconnect": "1s"},
            {"type": "http", "address": f"127.0.0.1:{http}", "access_token": token},
        ]
    # The bot names a server of this machine, and says more in a minute than the owner's limit lets it.
    place = harness.Place(check, connections=connections, media={"allow_private": True}, send={"limit": False})
    # NoneBot sometimes waits for calls of its own when it is told to stop.
    start = functools.partial(place.start_process, "bot", sys.executable, HERE / "bot.py", env=env, gently=False)
    bot = start()
    if way != "forward":
        harness.listens(port)  # the bot
    _, service = place.start()
    bot.wait_for(f"CONNECTED {BOT}")
    for listener in {"reverse": [], "forward": [port], "webhook": [http]}[way] + [place.owner]:
        url = f"http://127.0.0.1:{listener}/readyz"
        assert (harness.status(url, secrets.token_hex(16)), harness.status(url)) == (403, 401), url
    check.passed("nobody else gets in, wherever the service listens")
    caller = Caller(bot)
    people = Talk(check, place, bot)
    people.words()
    exchange(check, place.sandbox)
    methods(check, place.sandbox, caller)
    people.people()
    aside(check, place.sandbox)
    tour(check, place.sandbox, bot)
    cards(check, place.sandbox)
    media(check, place)
    files(check, place, caller)
    missing = offered() - {line.split()[1] for line in bot.said("CALLED ")}
    assert not missing, f"never called: {missing}"
    check.passed(f"all of the {len(offered())} methods of the adapter were called")
    people.restarts(service, start, journal=way != "forward")


def accounts(check):
    """One NoneBot has two bots. One account is kicked: the other does not notice."""
    (port,), token = harness.free_ports(1), secrets.token_hex(16)
    place = harness.Place(
        check, connections=[{"type": "reverse-websocket", "url": f"ws://127.0.0.1:{port}/onebot/v11/ws", "access_token": token, "accounts": ["first", "second"]}],
        account=None, accounts=[{"name": "first", "uin": BOT, "password": "one"}, {"name": "second", "uin": ALICE, "password": "two"}],
    )
    place.start_sandbox("--auto-approve", str(BOT))
    for uin, password in ((BOT, "one"), (ALICE, "two")):
        place.sandbox.call(f"users/{uin}/password", {"password": password})
    bot = place.start_process("bot", sys.executable, HERE / "bot.py", gently=False, env={
        "LOG_LEVEL": "WARNING", "HOST": "127.0.0.1", "PORT": str(port), "ONEBOT_ACCESS_TOKEN": token, "DRIVER": "~fastapi",
    })
    harness.listens(port)
    place.start_service()
    for uin in (BOT, ALICE):
        bot.wait_for(f"CONNECTED {uin}")
    call = Caller(bot)

    def answers(account, text):
        seq = place.sandbox.call("send", {"as": BOB, "to": account, "text": f"echo {text}"})["sequence"]
        place.sandbox.expect(f"a={BOB}&b={account}", seq, text, account)

    def libration(*args):
        return subprocess.run([check.libration, *args, "-c", place.config], check=True, capture_output=True, text=True, timeout=harness.DEADLINE).stdout

    for account, text in ((BOT, "to the first"), (ALICE, "to the second")):
        answers(account, text)
        assert call("get_login_info", bot=account)["user_id"] == account
    assert [account in {f["user_id"] for f in call("get_friend_list", bot=ALICE)} for account in (ALICE, BOT)] == [False, True]
    check.passed("one NoneBot, two bots: both answer, and each method is that of its account")
    place.sandbox.call(f"clients/{BOT}/kick", {"title": "kicked", "tips": "elsewhere"})
    answers(ALICE, "the first was kicked")
    libration("login", "--account", "first")
    answers(BOT, "back again")
    check.passed("one kicked: the other answers; libration login --account brings it back")
    config = json.loads(place.config.read_text(encoding="utf-8"))
    config["onebot"]["connections"][0]["accounts"] = ["first"]
    place.config.write_text(json.dumps(config), encoding="utf-8")
    done = libration("reload")
    assert done.startswith("account second: - reverse-websocket"), done  # and nothing of the first
    answers(BOT, "after the reload")
    check.passed("libration reload: " + done.strip())


if __name__ == "__main__":
    ways = ("reverse", "forward", "webhook")
    harness.main(__doc__, {way: functools.partial(everything, way=way) for way in ways} | {"accounts": accounts})
