"""An aiocqhttp bot over reverse WebSocket, in one connection and in two, and over HTTP, side by side.

    python3 interop/aiocqhttp/check.py PATH-OF-LIBRATION [universal|split|http ...]

The bot is killed and started again, and so is the service, and nothing may be missing. Needs the packages of
requirements.txt.
"""

import base64
import functools
import json
import pathlib
import secrets
import sys
import time

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
import harness  # noqa: E402
import methods  # noqa: E402
import samples  # noqa: E402
from bots import Caller, tour  # noqa: E402
from conversation import Talk  # noqa: E402
from harness import ALICE, BOB, BOT, CAROL, GROUP, OWN  # noqa: E402
from results import judge, offered  # noqa: E402

# What one of the events of a name says, at least, in a tour that Amy and others make. Names are of its steps.
FACTS = {
    "request.friend": {"user_id": "amy", "comment": "I am Amy"},
    "request.group.add": {"user_id": "cleo", "group_id": "group", "comment": "I am Cleo"},
    "request.group.invite": {"user_id": "amy", "group_id": "group"},
    "notice.friend_add": {"user_id": "cleo"},
    "notice.friend_recall": {"user_id": "amy"},
    "notice.group_recall": {"user_id": "amy", "operator_id": "amy", "group_id": "group"},
    "notice.group_increase.approve": {"user_id": "cleo", "operator_id": "amy", "group_id": "group"},
    "notice.group_increase.invite": {"user_id": BOT, "operator_id": "amy", "group_id": "group"},
    "notice.group_decrease.leave": {"user_id": "cleo", "group_id": "group"},
    "notice.group_decrease.kick": {"user_id": "cleo", "operator_id": "amy", "group_id": "group"},
    "notice.group_decrease.kick_me": {"user_id": BOT, "operator_id": "amy", "group_id": "group"},
    "notice.group_admin.set": {"user_id": BOT, "group_id": "group"},
    "notice.group_ban.ban": {"user_id": BOT, "operator_id": "amy", "group_id": "group"},
    "notice.group_upload": {"user_id": "ben", "group_id": "group"},
    "notice.notify.poke": {"user_id": "ben", "target_id": BOT, "group_id": "group"},
    "notice.notify.lucky_king": {"user_id": "amy", "target_id": "ben", "group_id": "group"},
    "notice.notify.honor": {"user_id": "ben", "honor_type": "talkative", "group_id": "group"},
    "notice.reaction.add": {"operator_id": "ben", "code": "76", "group_id": "group"},
    "notice.group_card": {"user_id": "ben", "card_new": "Big Ben", "group_id": "group"},
}


def saw(bot, name, after=0, **facts):
    """Waits for an event with a name and facts, behind some lines of the bot, and returns it."""

    def found():
        events = (json.loads(line.split(" ", 2)[2]) for line in bot.lines[after:] if line.startswith(f"SAW {name} "))
        return [e for e in events if facts.items() <= e.items()]

    return bot.wait_until(f"{name} with {facts}", found)[0]


def attributes(check, sandbox, bot):
    """What aiocqhttp reads from events of messages and of a tour."""
    for chat, to in (("group.normal", {"group": GROUP}), ("private.friend", {"to": BOT})):
        sandbox.call("send", {"as": ALICE, **to, "segments": [{"type": "face", "id": 14}, {"type": "text", "text": f" & [{chat}]"}]})
        text = f"[CQ:face,id=14] &amp; &#91;{chat}&#93;"
        read = saw(bot, f"message.{chat}", raw_message=text)["attributes"]
        assert [s["type"] for s in read["message"]] == ["face", "text"] and read["message"][1]["data"]["text"] == f" & [{chat}]", read
        assert (read["self_id"], read["user_id"], read["sender"]["nickname"], read["group_id"]) == (BOT, ALICE, "Alice", to.get("group")), read
    events, steps = tour(check, sandbox, bot)
    made = [step["answer"] for step in steps if step["request"] in ("POST /api/users", "POST /api/groups")]
    names = dict(zip(("amy", "ben", "cleo", "group"), [u["uin"] for u in made[:3]] + [made[3]["code"]]))
    for name, facts in FACTS.items():
        want = {key: names.get(value, value) for key, value in facts.items()}
        assert any(want.items() <= event.items() for event in events[name]), (name, want, events[name])
        read = [e["attributes"] for e in events[name]]
        assert all(a["self_id"] == BOT for a in read), read
    check.passed(f"messages, and {len(FACTS)} kinds of notices and requests, have the right attributes")


def talk(check, sandbox):
    """Answers, and what a quick operation can do."""
    group = f"group={OWN}"

    def say(text, who=CAROL):
        return sandbox.call("send", {"as": who, "group": OWN, "text": text})["sequence"]

    def kinds(text, want):
        return [s["type"] for s in sandbox.expect(group, say(text), want)["segments"]]

    sandbox.call(f"groups/{OWN}/members", {"uin": CAROL, "by": BOT})
    assert kinds("echo 你好 & [world]", "你好 & [world]")[0] == "reply"
    assert kinds("at", "you called")[0] == "at"
    assert kinds("members", "members") == ["text"]  # counted by a handler in a thread
    check.passed("answers with a quote and with a mention, and by a handler in a thread")
    assert kinds("reply", "a reply") == ["text"]
    assert kinds("reply with a face", " & a face") == ["face", "text"]
    assert kinds("reply as it is", "not a face: [CQ:face,id=14]") == ["text"]
    assert kinds("reply to me", "you said so")[0] == "at"
    sequence = say("take it back")
    harness.until("it is taken back", lambda: next(m for m in sandbox.history(group) if m["sequence"] == sequence).get("recalled"))
    say("mute me")
    muted = harness.until("Carol is muted", lambda: sandbox.member(OWN, CAROL)["mute_until"])
    assert 500 < muted - time.time() < 610, muted
    sandbox.call(f"groups/{OWN}/members/{CAROL}", {"mute_seconds": 0}, "PATCH")
    say("throw me out")
    harness.until("Carol is out", lambda: sandbox.member(OWN, CAROL) is None)
    check.passed("quick operations: replies, with a mention and as they are written; recall, mute, kick")


def remaining(check, sandbox, bot, call):
    """The methods that need something that others sent."""

    def data(**segment):
        """Alice sends a segment; returns the data of it that the bot received."""
        before = len(bot.lines)
        sandbox.call("send", {"as": ALICE, "to": BOT, "segments": [segment]})
        return saw(bot, "message.private.friend", before)["attributes"]["message"][0]["data"]

    def encoded(content):
        return base64.b64encode(content).decode()

    picture = samples.picture(90, 60, (40, 90, 220))
    got = call("get_image", file=data(type="image", base64=encoded(picture))["file"])
    assert pathlib.Path(got["file"]).read_bytes() == picture, got
    got = call("get_record", file=data(type="record", base64=encoded(samples.voice(1)))["file"], out_format="wav")
    assert pathlib.Path(got["file"]).read_bytes().startswith(b"RIFF"), got
    nodes = [{"uin": BOB, "name": "Bob", "segments": [{"type": "text", "text": "inside"}]}]
    got = call("get_forward_msg", id=data(type="forward", nodes=nodes)["id"])["message"]
    assert [(n["data"]["nickname"], n["data"]["content"][0]["data"]["text"]) for n in got] == [("Bob", "inside")], got

    # Requests that the bot leaves open at first.
    before, fay = len(bot.lines), sandbox.call("users", {"nickname": "Fay"})["uin"]  # a number that somebody of the tour had
    sandbox.call("friend-requests", {"from": fay, "to": BOT, "text": "later"})
    call("set_friend_add_request", flag=saw(bot, "request.friend", before, user_id=fay)["flag"], remark="Fay of the check")
    assert fay in {f["user_id"] for f in call("get_friend_list")}
    sandbox.call(f"groups/{OWN}", {"join": "ask"}, "PATCH")
    sandbox.call(f"groups/{OWN}/requests", {"uin": fay, "text": "later"})
    asked = saw(bot, "request.group.add", before, user_id=fay)
    call("set_group_add_request", flag=asked["flag"], sub_type=asked["sub_type"], approve=True)
    harness.until("Fay is a member", lambda: sandbox.member(OWN, fay))
    sandbox.call("honors", {"group": GROUP, "uin": ALICE, "honor": "talkative"})
    call("get_group_honor_info", group_id=GROUP, type="all")
    check.passed("a picture and a voice fetched, a forward opened, two requests accepted")


def run(check, way):
    (port, http), token, secret = harness.free_ports(2), secrets.token_hex(16), secrets.token_hex(16)
    bot_url, env, reverse = f"127.0.0.1:{port}", {"PORT": str(port), "TOKEN": token}, {"type": "reverse-websocket", "access_token": token, "reconnect": "1s"}
    if way == "universal":
        connections = [reverse | {"url": f"ws://{bot_url}/ws/"}]
    elif way == "split":
        connections = [reverse | {"api_url": f"ws://{bot_url}/ws/api/", "event_url": f"ws://{bot_url}/ws/event/", "format": "string"}]
    else:
        env |= {"API_ROOT": f"http://127.0.0.1:{http}", "SECRET": secret}
        env |= {"SSL_CERT_FILE": "", "SSL_CERT_DIR": str(HERE)}  # a folder without any: httpx reads all certificates for each request
        connections = [
            {"type": "webhook", "url": f"http://{bot_url}/", "secret": secret, "reconnect": "1s"},
            {"type": "http", "address": f"127.0.0.1:{http}", "access_token": token},
        ]
    place = harness.Place(check, connections=connections, send={"limit": False})
    start = functools.partial(place.start_process, "bot", sys.executable, HERE / "bot.py", env=env, gently=False)
    bot = start()
    harness.listens(port)
    _, service = place.start()
    sandbox, call = place.sandbox, Caller(bot)
    people = Talk(check, place, bot, online="SAW meta_event.lifecycle." + ("enable" if way == "http" else "connect"))
    bot.wait_for(people.online)
    attributes(check, sandbox, bot)
    methods.methods(check, sandbox, call)
    people.people()
    talk(check, sandbox)
    remaining(check, sandbox, bot, call)
    missing = offered() - call.results.keys()
    assert not missing, f"never called: {missing}"
    judge(call.results)
    check.passed(f"all of the {len(offered())} methods of aiocqhttp were called; results are of the types that it says")
    call("delete_msg", fails=1400, message_id="none")
    call("no_such_action", fails=1404)
    check.passed("what fails raises ActionFailed, or over HTTP HttpFailed for a method that is not there")
    people.restarts(service, start, journal=True)


if __name__ == "__main__":
    harness.main(__doc__, {way: functools.partial(run, way=way) for way in ("universal", "split", "http")})
