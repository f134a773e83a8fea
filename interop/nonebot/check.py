"""Runs the echo bot against the service and the sandbox, and checks its answers.
Where the service knows what the bot missed (reverse WebSocket, webhook), it kills
the bot, too, and starts it again.

    python3 interop/nonebot/check.py PATH-OF-LIBRATION [reverse|forward|webhook|accounts ...]

Needs the packages of requirements.txt. Everything stays on loopback.
"""

import contextlib
import functools
import hashlib
import http.server
import json
import os
import pathlib
import secrets
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
import samples  # noqa: E402

BOT, ALICE, BOB, CAROL, GROUP, OWN = 10001, 20001, 20002, 20003, 730000001, 730000002
REFUSED, MISSING = 100, 1404  # retcodes
# Methods that always fail: QQ has no anonymous chat any more, and the rest does not exist yet.
FAILED = {
    "set_group_anonymous": REFUSED, "set_group_anonymous_ban": REFUSED, "set_restart": MISSING, "clean_cache": MISSING,
}
DEADLINE = 60  # seconds for each step
# What others do, by the class that NoneBot reads it as. The last two are for what the standard has not.
EVENTS = {
    "FriendRequestEvent": "request.friend",
    "GroupRequestEvent": "request.group.add request.group.invite",
    "FriendAddNoticeEvent": "notice.friend_add",
    "FriendRecallNoticeEvent": "notice.friend_recall",
    "GroupRecallNoticeEvent": "notice.group_recall",
    "GroupAdminNoticeEvent": "notice.group_admin.set notice.group_admin.unset",
    "GroupBanNoticeEvent": "notice.group_ban.ban notice.group_ban.lift_ban",
    "GroupIncreaseNoticeEvent": "notice.group_increase.approve notice.group_increase.invite",
    "GroupDecreaseNoticeEvent": " ".join(f"notice.group_decrease.{sub}" for sub in ("leave", "kick", "kick_me", "disband")),
    "GroupUploadNoticeEvent": "notice.group_upload",
    "HonorNotifyEvent": "notice.notify.honor",
    "LuckyKingNotifyEvent": "notice.notify.lucky_king",
    "PokeNotifyEvent": "notice.notify.poke",
    "NotifyEvent": "notice.notify.gray_tip notice.notify.input_status notice.notify.poke_recall notice.notify.title",
    "NoticeEvent": "notice.client_status notice.essence.add notice.essence.delete notice.group_card notice.group_name_change"
    " notice.notify.poke_recall notice.notify.profile_like notice.offline_file notice.online_file_receive.cancel"
    " notice.online_file_send.receive notice.online_file_send.refuse notice.reaction.add notice.reaction.remove",
}
WAYS = {"reverse": "reverse WebSocket", "forward": "forward WebSocket", "webhook": "webhook and HTTP", "accounts": "reverse WebSockets of two accounts"}

CONFIG = """
data: {data}
log: {{level: info}}
{accounts}
admin: {{address: "127.0.0.1:{owner}", access_token: {token}}}
server:
  mode: sandbox
  sandbox: {{control: "http://127.0.0.1:{control}"}}
media: {{allow_private: true}}  # the bot names a server of this machine
onebot:
  connections:
    {connections}
"""


def free_ports(count):
    """Held together, so that none comes twice."""
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for s in sockets:
            s.bind(("127.0.0.1", 0))
        return [s.getsockname()[1] for s in sockets]


class Process:
    """A child whose output is kept and can be waited on."""

    def __init__(self, name, args, env=None):
        self.name, self.lines, self.changed = name, [], threading.Condition()
        self.child = subprocess.Popen(
            args, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8", env=env
        )
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.child.stdout:
            with self.changed:
                self.lines.append(line.rstrip())
                self.changed.notify_all()

    def wait_for(self, text):
        with self.changed:
            ok = self.changed.wait_for(lambda: any(text in line for line in self.lines), DEADLINE)
        if not ok:
            raise SystemExit(f"{self.name} never said {text!r}:\n" + "\n".join(self.lines[-40:]))

    def said(self, text):
        with self.changed:
            return [line for line in self.lines if text in line]

    def kill(self):
        self.child.kill()
        self.child.wait()

    def stop(self):
        self.child.terminate()
        try:
            self.child.wait(20)
        except subprocess.TimeoutExpired:
            self.child.kill()
            raise SystemExit(f"{self.name} did not stop within 20 s:\n" + "\n".join(self.lines[-40:]))


class Sandbox:
    def __init__(self, port):
        self.base = f"http://127.0.0.1:{port}/api/"

    def call(self, path, body=None, method=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data, {"Content-Type": "application/json"}, method=method)
        with urllib.request.urlopen(request, timeout=20) as response:
            return json.load(response)

    def await_up(self):
        end = time.monotonic() + DEADLINE
        while True:
            try:
                self.call("state")
                return self
            except OSError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.05)

    def history(self, chat):
        answer = self.call("messages?limit=50&" + chat)
        return answer["messages"] if isinstance(answer, dict) else answer

    def member(self, group, uin):
        """A member of a group; None when there is none."""
        return next((m for m in self.call(f"groups/{group}/members") if m["uin"] == uin), None)

    def until(self, what, true):
        end = time.monotonic() + DEADLINE
        while not true():
            if time.monotonic() > end:
                raise SystemExit(f"never: {what}")
            time.sleep(0.05)

    def expect(self, chat, after, want, bot=BOT, kind=""):
        """Waits for a message of the bot behind `after` that contains `want`, and begins with a segment of `kind`."""
        end = time.monotonic() + DEADLINE
        while time.monotonic() < end:
            for m in self.history(chat):
                if m["sequence"] > after and m["from"] == bot and want in m["text"] and kind in ("", m["segments"][0]["type"]):
                    return m
            time.sleep(0.05)
        raise SystemExit(f"no answer with {want!r}; chat: {json.dumps(self.history(chat), ensure_ascii=False)[-2000:]}")


def refused(base, headers, status):
    request = urllib.request.Request(base + "readyz", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=20) as response:
            got = response.status
    except urllib.error.HTTPError as e:
        got = e.code
    assert got == status, (base, headers, got)


def exchange(sandbox):
    group, private = f"group={GROUP}", f"a={ALICE}&b={BOT}"

    def say(text="", **to):
        return sandbox.call("send", {"as": ALICE, **({"text": text} if text else {}), **to})["sequence"]

    seq = say("echo 你好, [world] & more", group=GROUP)
    answer = sandbox.expect(group, seq, "你好, [world] & more")
    quoted = [s for s in answer["segments"] if s["type"] == "reply"]
    assert quoted and quoted[0]["sequence"] == seq, answer
    print("  group echo with a quote:", answer["text"])

    seq = say("face", group=GROUP)
    answer = sandbox.expect(group, seq, "a face [CQ:face,id=1] & that was text")
    assert any(s["type"] == "face" for s in answer["segments"]), answer
    print("  a face, and text that looks like a CQ code")

    seq = say("members", group=GROUP)
    print("  member list:", sandbox.expect(group, seq, f"owner {ALICE}")["text"])

    seq = say(segments=[{"type": "at", "uin": BOT}], group=GROUP)
    answer = sandbox.expect(group, seq, "you called")
    assert any(s["type"] == "at" and s.get("uin") == ALICE for s in answer["segments"]), answer
    print("  mention answered by a mention")

    first = say("the quoted one", group=GROUP)
    seq = say(segments=[{"type": "reply", "sequence": first}, {"type": "text", "text": "what was that"}], group=GROUP)
    print("  quote resolved:", sandbox.expect(group, seq, "it was: the quoted one")["text"])

    seq = say("take this back", group=GROUP)
    sandbox.call("recall", {"as": ALICE, "group": GROUP, "sequence": seq})
    print("  recall seen:", sandbox.expect(group, seq, f"{ALICE} recalled: take this back")["text"])

    seq = say("echo private", to=BOT)
    print("  private echo:", sandbox.expect(private, seq, "private")["text"])

    seq = say("quote yourself", group=GROUP)
    answer = sandbox.expect(group, seq, "the second")
    first = sandbox.expect(group, seq, "the first")["sequence"]
    assert answer["segments"][0]["type"] == "reply" and answer["segments"][0]["sequence"] == first, answer
    print("  it quotes its own message")

    for chat, to in ((group, {"group": GROUP}), (private, {"to": BOT})):
        for words in ("one", "two", "three"):
            say(words, **to)
        print("  history:", sandbox.expect(chat, say("history", **to), "past: one / two / three / history")["text"])


def cards(sandbox):
    group = f"group={GROUP}"

    def say(**segment):
        return sandbox.call("send", {"as": ALICE, "group": GROUP, "segments": [segment]})["sequence"]

    seq = say(type="text", text="card")
    card = sandbox.expect(group, seq, "[a card, of NoneBot]")["segments"][0]
    assert card["type"] == "light_app" and json.loads(card["json"])["app"] == "com.example.card", card
    seq = say(type="light_app", json=json.dumps({"app": "com.example.other", "prompt": "[of Alice]"}))
    print("  cards both ways:", sandbox.expect(group, seq, "a card: [of Alice]")["text"])

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
    print("  nested forwards both ways:", sandbox.expect(group, seq, "opened: Ann: one | Bert: (Carl: deepface)")["text"])


def caller(sandbox):
    """A function that has the bot call a method, and returns what came of it."""

    def do(method, fails=None, **params):
        seq = sandbox.call("send", {"as": ALICE, "to": BOT, "text": f"do {method} {json.dumps(params)}"})["sequence"]
        how = "did" if fails is None else "failed"
        answer = sandbox.expect(f"a={ALICE}&b={BOT}", seq, f"{how} {method} ")["text"]
        result = json.loads(answer.split(" ", 2)[2])
        assert fails in (None, result), (method, result)
        return result

    return do


def methods(sandbox):
    """Every method of the standard that there is, but for those of requests, forwards and files."""
    do = caller(sandbox)

    def member(uin):
        return sandbox.member(OWN, uin)

    assert do("get_login_info")["user_id"] == BOT
    assert do("get_stranger_info", user_id=BOB, no_cache=True)["nickname"] == "Bob"
    assert {f["user_id"] for f in do("get_friend_list")} == {ALICE, BOB, CAROL}
    assert do("get_group_info", group_id=OWN, no_cache=True)["member_count"] == 3
    assert {g["group_id"] for g in do("get_group_list")} == {GROUP, OWN}
    assert do("get_group_member_info", group_id=OWN, user_id=BOT, no_cache=True)["role"] == "owner"
    assert len(do("get_group_member_list", group_id=OWN)) == 3
    assert do("get_status")["online"] and do("get_version_info")["protocol_version"] == "v11"
    assert do("can_send_image")["yes"] and do("can_send_record")["yes"]

    do("send_private_msg", user_id=BOB, message="to Bob", auto_escape=True)
    do("send_msg", message_type="group", group_id=OWN, message="to the group")
    message_id = do("send_group_msg", group_id=OWN, message="[CQ:face,id=14]")["message_id"]
    assert do("get_msg", message_id=message_id)["message"][0]["type"] == "face"
    do("delete_msg", message_id=message_id)
    sent, recalled, *_ = sandbox.history(f"group={OWN}")
    assert sent["text"] == "to the group" and recalled["recalled"], (sent, recalled)

    do("send_like", user_id=ALICE, times=3)
    do("set_group_card", group_id=OWN, user_id=BOB, card="Bobby")
    do("set_group_special_title", group_id=OWN, user_id=BOB, special_title="builder")
    do("set_group_admin", group_id=OWN, user_id=BOB)
    assert {k: member(BOB)[k] for k in ("card", "title", "role")} == {"card": "Bobby", "title": "builder", "role": "admin"}, member(BOB)
    do("set_group_admin", group_id=OWN, user_id=BOB, enable=False)
    assert member(BOB)["role"] == "member"
    do("set_group_ban", group_id=OWN, user_id=BOB)
    assert 1700 < member(BOB)["mute_until"] - time.time() < 1810, member(BOB)
    do("set_group_ban", group_id=OWN, user_id=BOB, duration=0)
    assert member(BOB)["mute_until"] <= time.time()
    do("set_group_ban", fails=REFUSED, group_id=GROUP, user_id=ALICE)  # who is its owner
    do("set_group_whole_ban", group_id=OWN)
    do("set_group_name", group_id=OWN, group_name="named by NoneBot")
    group = next(g for g in sandbox.call("groups") if g["code"] == OWN)
    assert group["mute_all"] and group["name"] == "named by NoneBot", group
    do("set_group_whole_ban", group_id=OWN, enable=False)
    do("set_group_kick", group_id=OWN, user_id=BOB, reject_add_request=True)
    assert member(BOB) is None
    honors = do("get_group_honor_info", group_id=OWN, type="talkative")
    assert honors["group_id"] == OWN and isinstance(honors["talkative_list"], list), honors
    cookies, token = do("get_cookies", domain="qun.qq.com")["cookies"], do("get_csrf_token")["token"]
    assert f"uin=o{BOT}" in cookies and token > 0, token
    credentials = do("get_credentials", domain="qun.qq.com")
    assert (credentials["cookies"], credentials["csrf_token"]) == (cookies, token)
    for method, retcode in FAILED.items():
        do(method, fails=retcode, group_id=GROUP, anonymous_flag="x", type="talkative")
    guest = sandbox.call("groups", {"name": "left soon", "owner": BOB, "members": [BOT]})["code"]
    do("set_group_leave", group_id=guest)
    assert sandbox.member(guest, BOT) is None
    do("set_group_leave", fails=REFUSED, group_id=OWN)  # its owner would disband it
    assert member(BOT)["role"] == "owner"
    print("  every method of the standard that there is; what may not be done, and what QQ has no more, fails")


def people(sandbox):
    """A friend request, a request to join and an invitation: each accepted, and the first two refused."""
    dave, erin = (sandbox.call("users", {"nickname": name})["uin"] for name in ("Dave", "Erin"))

    def friends():
        return next(u for u in sandbox.call("state")["users"] if u["uin"] == BOT).get("friends", [])

    for who, text in ((erin, "no"), (dave, "it is me")):
        sandbox.call("friend-requests", {"from": who, "to": BOT, "text": text})
    sandbox.until("Dave is a friend", lambda: dave in friends())
    sandbox.until("Erin is refused", lambda: state(sandbox, f"friend-requests?user={erin}", "refused"))
    assert erin not in friends()
    sandbox.call(f"groups/{OWN}", {"join": "ask"}, "PATCH")
    for who, text in ((erin, "no"), (dave, "please")):
        sandbox.call(f"groups/{OWN}/requests", {"uin": who, "text": text})
    sandbox.until("Dave is a member", lambda: sandbox.member(OWN, dave))
    sandbox.expect(f"group={OWN}", 0, "welcome")
    sandbox.until("Erin is refused", lambda: state(sandbox, f"group-requests?user={BOT}", "refused"))
    assert sandbox.member(OWN, erin) is None
    code = sandbox.call("groups", {"name": "of Bob", "owner": BOB})["code"]
    sandbox.call(f"groups/{code}/invitations", {"by": BOB, "uin": BOT})
    sandbox.until("the bot is a member", lambda: sandbox.member(code, BOT))
    print("  a friend request, a request to join and an invitation: accepted; two refused")


def aside(sandbox):
    """A temporary chat: the bot answers somebody who is no friend, and quotes them."""
    code = sandbox.call("groups", {"name": "of strangers", "owner": BOB, "members": [BOT]})["code"]
    stranger = sandbox.call("users", {"nickname": "Gina"})["uin"]
    sandbox.call(f"groups/{code}/members", {"uin": stranger, "by": BOB})
    seq = sandbox.call("send", {"as": stranger, "to": BOT, "temp_group": code, "text": "echo psst"})["sequence"]
    sandbox.expect(f"a={stranger}&b={BOT}", seq, "psst")
    print("  a temporary chat is answered")


def tour(sandbox, bot):
    """Others do everything once: each event is of the class that NoneBot has for it."""
    before = len(bot.said("SAW "))
    want = {f"{kind} {name}" for kind, names in EVENTS.items() for name in names.split()}

    def heard():
        return {line.removeprefix("SAW ") for line in bot.said("SAW ")[before:]}

    # A bot that answers its requests by itself is ahead of the tour.
    late = [step for step in sandbox.call("tour", {"for": BOT, "pause": "20ms"})["steps"] if step.get("error")]
    assert all("group-requests/answer" in step["request"] for step in late), late
    end = time.monotonic() + DEADLINE
    while heard() != want and time.monotonic() < end:
        time.sleep(0.1)
    assert heard() == want, {"missing": want - heard(), "not expected": heard() - want}
    print(f"  a tour of everything: {len(want)} kinds of events, each of its class")


def state(sandbox, path, wanted):
    return any(r["state"] == wanted for r in sandbox.call(path))


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def media(sandbox, folder):
    """Pictures, voices and videos both ways, in a group and in private, the bytes compared."""
    kept = {kind: pathlib.Path(folder, name) for kind, name in (("image", "a picture.png"), ("record", "hello.wav"), ("video", "clip.mp4"))}
    for kind, path in kept.items():
        path.write_bytes({"image": samples.picture(200, 100, (200, 60, 60)), "record": samples.voice(2), "video": samples.VIDEO}[kind])
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder)) as web:
        threading.Thread(target=web.serve_forever, daemon=True).start()
        for chat, to in ((f"group={GROUP}", {"group": GROUP}), (f"a={ALICE}&b={BOT}", {"to": BOT})):
            for kind, path in kept.items():
                medium(sandbox, chat, to, kind, path, f"http://127.0.0.1:{web.server_port}/")
            print("  pictures, voices and videos both ways, bytes compared:", chat)
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


def files(sandbox, folder):
    """A bot uploads to a group, lists, downloads, moves, renames and deletes; and sends a file to a friend."""
    do = caller(sandbox)

    def fetched(url):
        seq = sandbox.call("send", {"as": ALICE, "to": BOT, "text": f"fetch {url}"})["sequence"]
        return sandbox.expect(f"a={ALICE}&b={BOT}", seq, "fetched ")["text"].removeprefix("fetched ")

    def names(folder_id="/"):
        return [f["file_name"] for f in do("get_group_files_by_folder", group_id=OWN, folder_id=folder_id)["files"]]

    path, content = pathlib.Path(folder, "a report 报告.txt"), secrets.token_bytes(3 << 20)
    path.write_bytes(content)
    want = hashlib.sha1(content).hexdigest()
    before = do("get_group_file_system_info", group_id=OWN)

    for source, name in ((path.as_uri(), None), (str(path), "again.bin"), ("base64://aGVsbG8=", "hello.txt")):
        there = do("upload_group_file", group_id=OWN, file=source, **({"name": name} if name else {}))
        name = name or path.name
        listed = next(f for f in do("get_group_root_files", group_id=OWN)["files"] if f["file_id"] == there["file_id"])
        assert (listed["file_name"], listed["uploader"], listed["busid"], listed["dead_time"]) == (name, BOT, 102, 0), listed
        sandbox.expect(f"group={OWN}", 0, name, kind="file")
        if name != "hello.txt":
            assert listed["file_size"] == len(content), listed
            assert fetched(do("get_group_file_url", group_id=OWN, file_id=there["file_id"])["url"]) == want
    after = do("get_group_file_system_info", group_id=OWN)
    assert after["file_count"] == before["file_count"] + 3 and after["used_space"] >= before["used_space"] + 2 * len(content), (before, after)

    reports = do("create_group_file_folder", group_id=OWN, name="reports")["folder_id"]
    assert reports in [f["folder_id"] for f in do("get_group_root_files", group_id=OWN)["folders"]]
    file = next(f for f in do("get_group_root_files", group_id=OWN)["files"] if f["file_name"] == path.name)["file_id"]
    do("move_group_file", group_id=OWN, file_id=file, parent_directory="/", target_directory=reports)
    assert names(reports) == [path.name] and path.name not in names()
    do("rename_group_file", group_id=OWN, file_id=file, current_parent_directory=reports, new_name="final.txt")
    do("rename_group_file_folder", group_id=OWN, folder_id=reports, new_folder_name="done")
    assert names("done") == ["final.txt"]
    assert fetched(do("get_group_file_url", group_id=OWN, file_id=file)["url"]) == want
    do("delete_group_file", group_id=OWN, file_id=file)
    do("get_group_file_url", fails=REFUSED, group_id=OWN, file_id=file)
    do("delete_group_folder", group_id=OWN, folder_id=reports)
    for f in do("get_group_root_files", group_id=OWN)["files"]:
        do("delete_group_file", group_id=OWN, file_id=f["file_id"], busid=f["busid"])
    left = do("get_group_root_files", group_id=OWN)
    assert left["files"] == left["folders"] == [], left
    assert do("get_group_file_system_info", group_id=OWN) == before

    assert sandbox.call(f"groups/{OWN}/files")["total"] == 0
    sandbox.call(f"groups/{OWN}/space", {"total": 10}, "PATCH")
    do("upload_group_file", fails=REFUSED, group_id=OWN, file=path.as_uri())
    there = do("upload_group_file", group_id=OWN, file=path.as_uri(), temporary=True)
    assert there["busid"] == 104 and fetched(do("get_group_file_url", group_id=OWN, file_id=there["file_id"])["url"]) == want
    do("delete_group_file", group_id=OWN, file_id=there["file_id"])
    sandbox.call(f"groups/{OWN}/space", {"total": 0}, "PATCH")

    theirs = {"from": ALICE, "group": GROUP, "name": "fetch me.txt", "base64": "aGVsbG8="}
    seq = sandbox.call("files", theirs)["sequence"]
    sandbox.expect(f"group={GROUP}", seq, "fetched fetch me.txt " + hashlib.sha1(b"hello").hexdigest())
    do("delete_group_file", fails=REFUSED, group_id=GROUP, file_id=do("get_group_root_files", group_id=GROUP)["files"][0]["file_id"])

    there = do("upload_private_file", user_id=ALICE, file=path.as_uri())
    sandbox.expect(f"a={ALICE}&b={BOT}", 0, path.name, kind="file")
    assert fetched(do("get_private_file_url", user_id=ALICE, file_id=there["file_id"], file_hash=there["file_hash"])["url"]) == want
    do("upload_private_file", fails=REFUSED, user_id=ALICE, file=path.as_uri() + ".gone")
    print("  files of a group: uploaded, listed, downloaded, moved, renamed and deleted, bytes compared; one sent to a friend")


def restart(sandbox, bot, start):
    """Kills the bot while Alice counts, starts it again, and wants each number once, in order."""

    def count(numbers):
        for i in numbers:
            sandbox.call("send", {"as": ALICE, "group": GROUP, "text": f"count {i:03}"})

    count(range(20))
    bot.wait_for("HEARD count 019")  # else it could die with one that it has, but did not print
    bot.kill()
    count(range(20, 40))
    again = start()
    count(range(40, 60))  # some before it is there, some after
    again.wait_for("HEARD count 059")
    again.wait_for(f"CONNECTED {BOT}")
    heard = bot.said("HEARD") + again.said("HEARD")
    # One that was not known to be received comes again.
    assert list(dict.fromkeys(heard)) == [f"HEARD count {i:03}" for i in range(60)], heard
    print("  bot killed and started again: it heard everything, in order")


def two_accounts(sandbox, libration, config, bot):
    """One NoneBot has two bots. One account is kicked: the other does not notice."""
    bot.wait_for(f"CONNECTED {ALICE}")

    def answers(account, text):
        seq = sandbox.call("send", {"as": BOB, "to": account, "text": f"echo {text}"})["sequence"]
        sandbox.expect(f"a={BOB}&b={account}", seq, text, account)

    answers(BOT, "to the first")
    answers(ALICE, "to the second")
    print("  one NoneBot, two bots: both answer")
    sandbox.call(f"clients/{BOT}/kick", {"title": "kicked", "tips": "elsewhere"})
    answers(ALICE, "the first was kicked")
    subprocess.run([libration, "login", "-c", str(config), "--account", "first"], check=True, stdout=subprocess.DEVNULL, timeout=DEADLINE)
    answers(BOT, "back again")
    print("  one kicked: the other answers; libration login --account brings it back")
    config.write_text(config.read_text(encoding="utf-8").replace("[first, second]", "[first]"), encoding="utf-8")
    done = subprocess.run([libration, "reload", "-c", str(config)], check=True, capture_output=True, text=True, timeout=DEADLINE)
    assert done.stdout.startswith("account second: - reverse-websocket"), done.stdout  # and nothing of the first
    answers(BOT, "after the reload")
    print("  libration reload:", done.stdout.strip())


def check(libration, mode):
    print(f"NoneBot2 over {WAYS[mode]}")
    control, port, http, owner = free_ports(4)
    token, secret = secrets.token_hex(16), secrets.token_hex(16)
    env = dict(os.environ, LOG_LEVEL="INFO", HOST="127.0.0.1", PORT=str(port), PYTHONUNBUFFERED="1")
    env["ONEBOT_ACCESS_TOKEN"] = token
    accounts = f"account: {{uin: {BOT}}}"
    if mode == "accounts":
        env["DRIVER"] = "~fastapi"
        accounts = f"accounts: [{{name: first, uin: {BOT}, password: one}}, {{name: second, uin: {ALICE}, password: two}}]"
        connections = [f"type: reverse-websocket, url: 'ws://127.0.0.1:{port}/onebot/v11/ws', access_token: '{token}', accounts: [first, second]"]
    elif mode == "reverse":
        env["DRIVER"] = "~fastapi"
        connections = [f"type: reverse-websocket, url: 'ws://127.0.0.1:{port}/onebot/v11/ws', access_token: '{token}'"]
    elif mode == "forward":
        env["DRIVER"] = "~websockets"
        env["ONEBOT_WS_URLS"] = f'["ws://127.0.0.1:{port}/"]'
        connections = [f"type: websocket, address: '127.0.0.1:{port}', access_token: '{token}'"]
    else:
        env["DRIVER"] = "~fastapi+~httpx"
        env["ONEBOT_SECRET"] = secret
        env["ONEBOT_API_ROOTS"] = f'{{"{BOT}": "http://127.0.0.1:{http}/"}}'
        connections = [
            f"type: webhook, url: 'http://127.0.0.1:{port}/onebot/v11/http', secret: '{secret}'",
            f"type: http, address: '127.0.0.1:{http}', access_token: '{token}'",
        ]
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stops:  # which stops all, whatever fails
        config = pathlib.Path(folder, "config.yaml")
        config.write_text(
            CONFIG.format(
                accounts=accounts,
                data=json.dumps(str(pathlib.Path(folder, "data"))),
                control=control,
                owner=owner,
                token=json.dumps(token),
                connections="\n    ".join(f"- {{{c}}}" for c in connections),
            ),
            encoding="utf-8",
        )
        config.chmod(0o600)
        running = []

        def start(name, *args, env=None):
            p = Process(name, args, env)
            running.append(p)
            # NoneBot sometimes waits for calls of its own when it is told to stop; ours must stop.
            stops.callback(p.kill if name == "bot" else p.stop)
            return p

        def start_bot():
            return start("bot", sys.executable, str(HERE / "bot.py"), env=env)

        try:
            start("sandbox", libration, "sandbox", "--sso", "127.0.0.1:0", "--control", f"127.0.0.1:{control}", "--auto-approve", str(BOT))
            if mode == "accounts":
                for uin, password in ((BOT, "one"), (ALICE, "two")):
                    Sandbox(control).await_up().call(f"users/{uin}/password", {"password": password})
            start("service", libration, "run", "-c", str(config))
            bot = start_bot()
            bot.wait_for(f"CONNECTED {BOT}")
            # Nobody else gets in, wherever the service listens.
            for listener in [owner] + {"reverse": [], "accounts": [], "forward": [port], "webhook": [http]}[mode]:
                refused(f"http://127.0.0.1:{listener}/", {"Authorization": "Bearer " + secrets.token_hex(16)}, 403)
                refused(f"http://127.0.0.1:{listener}/", {}, 401)
            if mode == "accounts":
                two_accounts(Sandbox(control), libration, config, bot)
            else:
                exchange(Sandbox(control))
                methods(Sandbox(control))
                people(Sandbox(control))
                aside(Sandbox(control))
                tour(Sandbox(control), bot)
                cards(Sandbox(control))
                media(Sandbox(control), folder)
                files(Sandbox(control), folder)
            if mode in ("reverse", "webhook"):
                restart(Sandbox(control), bot, start_bot)
        except (AssertionError, SystemExit):
            for p in running:
                print(f"--- {p.name}", *p.lines[-30:], sep="\n", file=sys.stderr)
            raise


if __name__ == "__main__":
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    modes = sys.argv[2:] or list(WAYS)
    for m in modes:
        check(os.path.abspath(sys.argv[1]), m)
    print(f"{len(modes)} passed, 0 failed")
