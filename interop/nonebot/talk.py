"""What the bot says: echoes, quotes, mentions, cards, forwards, and pictures, voices and videos."""

import functools
import hashlib
import http.server
import json
import threading
import urllib.parse
import urllib.request

import samples
from harness import ALICE, BOB, BOT, GROUP


def exchange(check, sandbox):
    group, private = f"group={GROUP}", f"a={ALICE}&b={BOT}"

    def say(text="", **to):
        return sandbox.call("send", {"as": ALICE, **({"text": text} if text else {}), **to})["sequence"]

    seq = say("members", group=GROUP)
    check.passed("member list: " + sandbox.expect(group, seq, f"owner {ALICE}")["text"])

    seq = say("quote yourself", group=GROUP)
    answer = sandbox.expect(group, seq, "the second")
    first = sandbox.expect(group, seq, "the first")["sequence"]
    assert answer["segments"][0]["type"] == "reply" and answer["segments"][0]["sequence"] == first, answer
    check.passed("it quotes its own message")

    for chat, to in ((group, {"group": GROUP}), (private, {"to": BOT})):
        for words in ("one", "two", "three"):
            say(words, **to)
        check.passed("history: " + sandbox.expect(chat, say("history", **to), "past: one / two / three / history")["text"])


def cards(check, sandbox):
    group = f"group={GROUP}"

    def say(**segment):
        return sandbox.call("send", {"as": ALICE, "group": GROUP, "segments": [segment]})["sequence"]

    seq = say(type="text", text="card")
    card = sandbox.expect(group, seq, "[a card, of NoneBot]")["segments"][0]
    assert card["type"] == "light_app" and json.loads(card["json"])["app"] == "com.example.card", card
    seq = say(type="light_app", json=json.dumps({"app": "com.example.other", "prompt": "[of Alice]"}))
    check.passed("cards both ways: " + sandbox.expect(group, seq, "a card: [of Alice]")["text"])

    seq = say(type="text", text="forward")
    sent = sandbox.expect(group, seq, "聊天记录")["segments"][0]
    nodes = sandbox.call("forwards/" + urllib.parse.quote(sent["id"], safe=""))["nodes"]
    assert nodes[0]["segments"][0]["text"] == "outer", nodes
    inner = nodes[1]["segments"][0]
    assert inner["type"] == "forward", nodes
    inside = inner["nodes"]  # the outer one holds them too
    assert inside[0]["uin"] == ALICE and [s["type"] for s in inside[0]["segments"]] == ["text", "face"], inside

    def node(name, *segments):
        return {"uin": ALICE, "name": name, "segments": list(segments)}

    deep = {"type": "forward", "nodes": [node("Carl", {"type": "text", "text": "deep"}, {"type": "face", "id": 14})]}
    seq = say(type="forward", nodes=[node("Ann", {"type": "text", "text": "one"}), node("Bert", deep)])
    check.passed("nested forwards both ways: " + sandbox.expect(group, seq, "opened: Ann: one | Bert: (Carl: deepface)")["text"])


def aside(check, sandbox):
    """A temporary chat: the bot answers somebody who is no friend, and quotes them."""
    code = sandbox.call("groups", {"name": "of strangers", "owner": BOB, "members": [BOT]})["code"]
    stranger = sandbox.call("users", {"nickname": "Gina"})["uin"]
    sandbox.call(f"groups/{code}/members", {"uin": stranger, "by": BOB})
    seq = sandbox.call("send", {"as": stranger, "to": BOT, "temp_group": code, "text": "echo psst"})["sequence"]
    sandbox.expect(f"a={stranger}&b={BOT}", seq, "psst")
    check.passed("a temporary chat is answered")


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def media(check, place):
    """Pictures, voices and videos both ways, in a group and in private, the bytes compared."""
    kept = {kind: place.folder / name for kind, name in (("image", "a picture.png"), ("record", "hello.wav"), ("video", "clip.mp4"))}
    for kind, path in kept.items():
        path.write_bytes({"image": samples.picture(200, 100, (200, 60, 60)), "record": samples.voice(2), "video": samples.VIDEO}[kind])
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=place.folder)) as web:
        threading.Thread(target=web.serve_forever, daemon=True).start()
        for chat, to in ((f"group={GROUP}", {"group": GROUP}), (f"a={ALICE}&b={BOT}", {"to": BOT})):
            for kind, path in kept.items():
                medium(place.sandbox, chat, to, kind, path, f"http://127.0.0.1:{web.server_port}/")
            check.passed("pictures, voices and videos both ways, bytes compared: " + chat)
        web.shutdown()


def medium(sandbox, chat, to, kind, path, web):
    # From Alice: the bot downloads what the sandbox has, in each way.
    seq = sandbox.call("send", {"as": ALICE, **to, "segments": [{"type": kind, "file": str(path)}]})["sequence"]
    sent = next(m for m in sandbox.history(chat) if m["sequence"] == seq)["segments"][0]
    answer = sandbox.expect(chat, seq, f"got {kind} ")["text"]
    sums = json.loads(answer.removeprefix(f"got {kind} "))
    assert sums.pop("wav", "RIFF") == "RIFF" and set(sums.values()) == {sent["id"]}, (sums, sent)
    if kind != "record":  # which is SILK now
        assert sent["id"] == hashlib.sha1(path.read_bytes()).hexdigest(), sent

    # From the bot: bytes, a file, an address.
    for source in ("bytes", path.as_uri(), web + urllib.parse.quote(path.name)):
        seq = sandbox.call("send", {"as": ALICE, **to, "text": f"send {kind} {source}"})["sequence"]
        segment = sandbox.expect(chat, seq, "", kind=kind)["segments"][0]
        with urllib.request.urlopen(urllib.parse.urljoin(sandbox.base, segment["address"]), timeout=20) as response:
            content = response.read()
        if kind == "record":
            assert content.startswith(b"\x02#!SILK_V3") and segment["seconds"] == (1 if source == "bytes" else 2), segment
        elif source == "bytes":
            assert content == {"image": samples.picture(90, 60, (40, 90, 220)), "video": samples.VIDEO}[kind], segment
        else:
            assert content == path.read_bytes(), segment
