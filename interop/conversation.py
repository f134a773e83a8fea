"""What people say to a bot of these checks, and what it has to answer, whatever it is made with."""

import base64
import hashlib
import itertools
import json
import re
import urllib.parse
import urllib.request

import harness
import samples
from harness import ALICE, BOB, BOT, CAROL, GROUP, OWN

IN_GROUP, IN_PRIVATE = f"group={GROUP}", f"a={ALICE}&b={BOT}"


class Talk:
    def __init__(self, check, place, bot, online="ONLINE"):
        """`online` is what the bot says each time when it is connected."""
        self.online = online
        self.check, self.place, self.sandbox, self.bot, self.numbers = check, place, place.sandbox, bot, itertools.count(1)
        self.until = harness.until

    def say(self, text="", group=GROUP, segments=None, **to):
        """Alice says something in the group, or with `to` in private; returns its sequence."""
        body = {"as": ALICE, **({"segments": segments} if segments else {"text": text}), **(to or {"group": group})}
        return self.sandbox.call("send", body)["sequence"]

    def words(self):
        """Echoes, quotes, mentions and recalls."""
        expect = self.sandbox.expect
        seq = self.say("echo 你好, [world] & more")
        answer = expect(IN_GROUP, seq, "你好, [world] & more", kind="reply")
        assert answer["segments"][0]["sequence"] == seq, answer
        expect(IN_PRIVATE, self.say("echo psst", to=BOT), "psst")
        answer = expect(IN_GROUP, self.say("face"), "a face [CQ:face,id=1] & that was text", kind="face")
        answer = expect(IN_GROUP, self.say(segments=[{"type": "at", "uin": BOT}]), "you called", kind="at")
        assert answer["segments"][0]["uin"] == ALICE, answer
        first = self.say("the quoted one")
        expect(IN_GROUP, self.say(segments=[{"type": "reply", "sequence": first}, {"type": "text", "text": "what was that"}]), "it was: the quoted one")
        self.check.passed("echoes with a quote, a face, mentions, a quote resolved")
        seq = self.say("take this back")
        self.sandbox.call("recall", {"as": ALICE, "group": GROUP, "sequence": seq})
        expect(IN_GROUP, seq, f"{ALICE} recalled: take this back")
        self.check.passed("a recall is seen, and what it took back")

    def media(self):
        """A picture, a voice, a video and a file from Alice and from the bot, the bytes compared."""
        (self.place.folder / "voice.wav").write_bytes(samples.voice(1))
        (self.place.folder / "clip.mp4").write_bytes(samples.VIDEO)
        picture = samples.picture(90, 60, (40, 90, 220))
        for kind, content in (("image", picture), ("record", samples.voice(1)), ("video", samples.VIDEO)):
            for chat, to in ((IN_GROUP, {}), (IN_PRIVATE, {"to": BOT})):
                seq = self.say(segments=[{"type": kind, "base64": base64.b64encode(content).decode()}], **to)
                sent = next(m for m in self.sandbox.history(chat) if m["sequence"] == seq)["segments"][0]
                self.sandbox.expect(chat, seq, "got " + sent["id"])  # which is the SHA-1
        self.sandbox.call("files", {"from": ALICE, "to": BOT, "name": "notes.txt", "base64": base64.b64encode(b"notes").decode()})
        self.sandbox.expect(IN_PRIVATE, 0, "got " + hashlib.sha1(b"notes").hexdigest())
        self.check.passed("a picture, a voice, a video and a file of Alice's are downloaded, bytes compared")
        for word, kind in (("picture", "image"), ("voice", "record"), ("video", "video")):
            for chat, to in ((IN_GROUP, {}), (IN_PRIVATE, {"to": BOT})):
                segment = self.sandbox.expect(chat, self.say(word, **to), "", kind=kind)["segments"][0]
                with urllib.request.urlopen(urllib.parse.urljoin(self.sandbox.base, segment["address"]), timeout=20) as response:
                    content = response.read()
                assert content.startswith({"image": b"GIF89a", "record": b"\x02#!SILK_V3", "video": samples.VIDEO}[kind]), (kind, content[:32])
        for chat, to in ((IN_GROUP, {}), (IN_PRIVATE, {"to": BOT})):
            self.sandbox.expect(chat, self.say("file", **to), "report.txt", kind="file")
        self.check.passed("the bot sends a picture, a voice, a video and a file, in a group and in private")

    def forwards(self):
        """A forward from the bot and one from Alice, which it opens."""
        sent = self.sandbox.expect(IN_GROUP, self.say("forward"), "", kind="forward")["segments"][0]
        nodes = self.sandbox.call("forwards/" + urllib.parse.quote(sent["id"], safe=""))["nodes"]
        assert [(n["uin"], n["name"], n["segments"][0].get("text")) for n in nodes] == [(ALICE, "Ann", "one"), (BOB, "Bert", "two")], nodes
        assert nodes[1]["segments"][1]["type"] == "face", nodes
        said = [{"uin": uin, "name": name, "segments": [{"type": "text", "text": text}]} for uin, name, text in ((BOB, "Carl", "three"), (CAROL, "Dora", "four"))]
        self.sandbox.expect(IN_GROUP, self.say(segments=[{"type": "forward", "nodes": said}]), "opened: Carl: three | Dora: four")
        self.check.passed("forwards both ways")

    def people(self):
        """A friend request, a request to join and an invitation: each accepted, and the first two refused."""
        call, (dave, erin) = self.sandbox.call, (self.sandbox.call("users", {"nickname": name})["uin"] for name in ("Dave", "Erin"))

        def state(path, wanted):
            return any(r["state"] == wanted for r in call(path))

        def friends():
            return next(u for u in call("state")["users"] if u["uin"] == BOT).get("friends", [])

        for who, text in ((erin, "no"), (dave, "it is me")):
            call("friend-requests", {"from": who, "to": BOT, "text": text})
        harness.until("Dave is a friend", lambda: dave in friends())
        harness.until("Erin is refused", lambda: state(f"friend-requests?user={erin}", "refused"))
        assert erin not in friends()
        call(f"groups/{OWN}", {"join": "ask"}, "PATCH")
        for who, text in ((erin, "no"), (dave, "please")):
            call(f"groups/{OWN}/requests", {"uin": who, "text": text})
        harness.until("Dave is a member", lambda: self.sandbox.member(OWN, dave))
        self.sandbox.expect(f"group={OWN}", 0, "welcome")
        harness.until("Erin is refused", lambda: state(f"group-requests?user={BOT}", "refused"))
        assert self.sandbox.member(OWN, erin) is None
        code = call("groups", {"name": "of Bob", "owner": BOB})["code"]
        call(f"groups/{code}/invitations", {"by": BOB, "uin": BOT})
        harness.until("the bot is a member", lambda: self.sandbox.member(code, BOT))
        self.check.passed("a friend request, a request to join and an invitation are accepted, two refused; a new member is welcomed")

    def do(self, method, *args, fails=None):
        """Has the bot call a method, and returns what came of it."""
        number = next(self.numbers)
        self.say(f"do {number} {method} {json.dumps(args)}", to=BOT)
        done = re.compile(rf"(DID|FAILED) {number} ")
        line = self.bot.wait_until(f"{method} {args}", lambda: next((line for line in self.bot.lines if done.match(line)), None))
        how, _, result = line.split(" ", 2)
        result = json.loads(result)
        assert (how == "FAILED", fails) == (fails is not None, result if how == "FAILED" else None), (method, args, line)
        return result

    def count(self, numbers):
        for i in numbers:
            self.say(f"count {i:03}")

    def restarts(self, service, start, journal):
        """The service ends and starts again; the bot is killed and starts again. With a journal the bot hears
        every number that Alice counts, in order; without one those that come while both are there."""
        heard = lambda: [line for bot in bots for line in bot.said("HEARD count 0")]  # noqa: E731
        bots = [self.bot]
        self.count(range(10))
        self.bot.wait_for("HEARD count 009")
        connected = len(self.bot.said(self.online))
        service.stop()
        if journal:
            self.count(range(10, 20))
        self.place.start_service()
        self.place.online()
        self.bot.wait_until("online again", lambda: len(self.bot.said(self.online)) > connected)
        self.count(range(20, 30))
        self.bot.wait_for("HEARD count 029")
        self.check.passed("the service is restarted: the bot is there again" + (", and has missed nothing" if journal else ""))
        self.bot.kill()
        if journal:
            self.count(range(30, 40))
        self.bot = start()
        bots.append(self.bot)
        if not journal:
            self.bot.wait_for(self.online)  # a webhook says nothing to a bot that is there again
        self.count(range(40, 50))
        self.bot.wait_for("HEARD count 049")
        missed = {*range(10, 20), *range(30, 40)} if not journal else set()
        # One that was not known to be received comes again.
        assert list(dict.fromkeys(heard())) == [f"HEARD count {i:03}" for i in range(50) if i not in missed], heard()
        self.check.passed("the bot is killed and started again" + (", and has missed nothing" if journal else ""))

    def tour(self, expected, pause="20ms"):
        """Others do everything once; expected has for each kind of event what the framework makes of it."""
        before = len(self.bot.said("SAW "))
        late = [step for step in self.sandbox.tour(pause=pause) if step.get("error")]
        # A bot that answers its requests by itself is ahead of the tour.
        assert all("group-requests/answer" in step["request"] for step in late), late
        want = {f"SAW {kind} {name}" for kind, names in expected.items() for name in names.split()}

        def heard():
            return set(self.bot.said("SAW ")[before:])

        self.bot.wait_until(f"all of the tour; missing: {want - heard()}", lambda: want <= heard())
        self.say("count 999")  # events keep their order
        self.bot.wait_for("HEARD count 999")
        assert heard() == want, {"not expected": heard() - want}
        self.check.passed(f"others do everything once: {len(want)} kinds of events, each as the framework has it")
