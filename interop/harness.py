"""What every check of this folder needs: ports, child processes, a sandbox with the
service beside it, and a count of what passed. A check ends like this:

    harness.main(__doc__, {"the name of a part": part})

and its part takes a Part:

    def part(check):
        port, = harness.free_ports(1)
        place = harness.Place(check, connections=[{"type": "websocket", "address": f"127.0.0.1:{port}", "access_token": "..."}])
        place.start()
        place.start_process("bot", "program", "argument", env={"PORT": str(port)}).wait_for("CONNECTED")
        seq = place.sandbox.call("send", {"as": ALICE, "group": GROUP, "text": "ping"})["sequence"]
        place.sandbox.expect(f"group={GROUP}", seq, "pong")
        check.passed("ping is answered by pong")

Everything stays on loopback.
"""

import collections
import contextlib
import json
import os
import pathlib
import random
import secrets
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import urllib.error
import urllib.request

# The people and groups of the sandbox: the account is BOT, owns OWN and is a member of GROUP, which is Alice's.
BOT, ALICE, BOB, CAROL, GROUP, OWN = 10001, 20001, 20002, 20003, 730000001, 730000002
DEADLINE = 60  # seconds for each thing that is waited for


class Failed(Exception):
    """What a check found wrong; the text says it all."""


def free_ports(count):
    """Ports below those that the system gives to outgoing connections, which could take one meanwhile."""
    found = []
    with contextlib.ExitStack() as held:  # together, so that none comes twice
        while len(found) < count:
            port = random.randrange(10000, 32000)
            with contextlib.suppress(OSError):
                held.enter_context(socket.socket()).bind(("127.0.0.1", port))
                found.append(port)
    return found


def until(what, ready, failure=OSError):
    """Asks until the answer is true, and returns that; a failure is a no."""
    end = time.monotonic() + DEADLINE
    while True:
        with contextlib.suppress(failure):
            answer = ready()
            if answer:
                return answer
        if time.monotonic() > end:
            raise Failed(f"not within {DEADLINE} s: {what}")
        time.sleep(0.03)


def request(url, body=None, token="", method=None, timeout=30):
    """Sends JSON, and returns the JSON that is answered. Other statuses than 2xx raise urllib.error.HTTPError."""
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    asked = urllib.request.Request(url, None if body is None else json.dumps(body).encode(), headers, method=method)
    with urllib.request.urlopen(asked, timeout=timeout) as response:
        return json.loads(response.read() or b"null")


def status(url, token=""):
    """The status of HTTP that is answered."""
    try:
        request(url, token=token)
    except urllib.error.HTTPError as e:
        return e.code
    return 200


def listens(port):
    """Waits until something does."""
    until(f"something listens on {port}", lambda: socket.create_connection(("127.0.0.1", port)).close() or True)


class Process:
    """A child whose output is kept and can be waited for."""

    def __init__(self, name, *args, env=None):
        self.name, self.lines, self.changed, self.ended = name, [], threading.Condition(), False
        self.child = subprocess.Popen(
            [str(a) for a in args], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, encoding="utf-8", errors="replace", env={**os.environ, "PYTHONUNBUFFERED": "1", **(env or {})},
        )
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.child.stdout:
            with self.changed:
                self.lines.append(line.rstrip())
                self.changed.notify_all()
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def tell(self, line):
        """Writes a line to its input."""
        self.child.stdin.write(line + "\n")
        self.child.stdin.flush()

    def said(self, text):
        """The lines with a text, until now."""
        with self.changed:
            return [line for line in self.lines if text in line]

    def wait_for(self, text):
        """Waits for a line with a text, and returns the first one."""
        return self.wait_until(repr(text), lambda: self.said(text))[0]

    def wait_until(self, what, true):
        """Asks after each line until the answer is true, and returns that."""
        with self.changed:
            self.changed.wait_for(lambda: true() or self.ended, DEADLINE)
            answer = true()
        if not answer:
            raise Failed(f"{self.name} {'ended' if self.ended else 'never said'}: {what}")
        return answer

    def wait(self):
        """Waits until the child ends by itself, with success."""
        try:
            code = self.child.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            raise Failed(f"{self.name} did not end") from None
        if code:
            raise Failed(f"{self.name} ended with {code}")

    def kill(self):
        self.child.kill()
        self.child.wait()

    def stop(self):
        """Has it end as an owner does; one that does not is a failure."""
        self.child.terminate()
        try:
            self.child.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Failed(f"{self.name} did not stop within 20 s") from None


class Sandbox:
    """The control API: what others do, and what they see. docs/sandbox.md has its requests."""

    def __init__(self, port):
        self.base = f"http://127.0.0.1:{port}/api/"

    def call(self, path, body=None, method=None, timeout=30):
        return request(self.base + path, body, method=method, timeout=timeout)

    def history(self, chat):
        """The newest messages of a chat, `group=1` or `a=1&b=2`, oldest first."""
        answer = self.call("messages?limit=50&" + chat)
        return answer["messages"] if isinstance(answer, dict) else answer

    def member(self, group, uin):
        """A member of a group; None when there is none."""
        return next((m for m in self.call(f"groups/{group}/members") if m["uin"] == uin), None)

    def expect(self, chat, after, want, bot=BOT, kind=""):
        """Waits for a message of the bot behind `after` that contains `want`, and begins with a segment of `kind`."""

        def found():
            return [
                m for m in self.history(chat)
                if m["sequence"] > after and m["from"] == bot and want in m["text"] and kind in ("", m["segments"][0]["type"])
            ]

        try:
            return until("", found)[0]
        except Failed:
            raise Failed(f"no answer with {want!r}; chat: {json.dumps(self.history(chat), ensure_ascii=False)[-2000:]}") from None

    def tour(self, account=BOT, pause="20ms"):
        """Others do everything once towards an account; returns the steps, each with its `request` and `answer` or `error`.
        Without a pause a client may not know a member yet whose name changes."""
        steps = self.call("tour", {"for": account, "pause": pause}, timeout=DEADLINE)["steps"]
        # A bot that answers its requests by itself is ahead of the tour.
        late = [step for step in steps if step.get("error")]
        assert all("group-requests/answer" in step["request"] for step in late), late
        return steps


class Place:
    """A folder with a config, and what runs of it until the end of its part."""

    def __init__(self, check, connections=(), **config):
        """`config` has other top-level keys of the config, or these with other values."""
        self.libration, self.start_process = check.libration, check.start_process
        self.folder = pathlib.Path(check.stack.enter_context(tempfile.TemporaryDirectory()))
        self.config = self.folder / "config.yaml"
        self.sso, self.control, self.owner = free_ports(3)
        self.token = secrets.token_hex(16)  # of the owner's service
        self.sandbox = Sandbox(self.control)
        self.configure(connections, config)

    def configure(self, connections, config):
        whole = {
            "data": str(self.folder / "data"),
            "log": {"level": "info"},
            "account": {"uin": BOT},
            "admin": {"address": f"127.0.0.1:{self.owner}", "access_token": self.token},
            "server": {"mode": "sandbox", "sandbox": {"control": f"http://127.0.0.1:{self.control}"}},
            "onebot": {"connections": list(connections)},
        } | config
        # JSON is YAML.
        self.config.write_text(json.dumps({k: v for k, v in whole.items() if v is not None}, indent=1), encoding="utf-8")
        self.config.chmod(0o600)

    def start_sandbox(self, *args):
        """Starts the sandbox; --auto-approve lets an account log in that asks for no password."""
        p = self.start_process(
            "sandbox", self.libration, "sandbox", "--sso", f"127.0.0.1:{self.sso}", "--control", f"127.0.0.1:{self.control}", *args,
        )
        until("the sandbox", lambda: self.sandbox.call("state"))
        return p

    def start_service(self):
        return self.start_process("service", self.libration, "run", "-c", self.config)

    def online(self):
        """Waits until every account is."""
        until("the account is online", lambda: request(f"http://127.0.0.1:{self.owner}/readyz", token=self.token))

    def start(self):
        """Starts the sandbox and the service."""
        sandbox = self.start_sandbox("--auto-approve", str(BOT))
        service = self.start_service()
        self.online()
        return sandbox, service


class Part:
    """A part of a check: it names what passed, and stops at the end what it started."""

    def __init__(self, name, libration, stack):
        self.name, self.libration, self.stack, self.count, self.skipped, self.running = name, libration, stack, 0, 0, []

    def passed(self, what):
        self.count += 1
        print(f"  {self.name + ': ' if self.name else ''}{what}", flush=True)

    def skip(self, why):
        """What cannot be checked on this machine; the last line says how much that was."""
        self.skipped += 1
        print(f"  skipped: {why}", flush=True)

    def start_process(self, name, *args, env=None, gently=True):
        """Starts a program that ends with the part: by being asked, or killed where it does not listen to that."""
        p = Process(name, *args, env=env)
        self.running.append(p)
        self.stack.callback(p.stop if gently else p.kill)
        return p

    def output(self):
        """The last words of everything that was started."""
        return "\n".join("\n".join([f"--- {p.name}", *(line[:500] for line in p.lines[-40:])]) for p in self.running)


def main(doc, parts, title=""):
    """Runs the parts of a check side by side, all of them or those that the command line names, and exits. A part is a
    function of a Part; it fails by raising."""
    if len(sys.argv) < 2 or not set(sys.argv[2:]) <= set(parts):
        raise SystemExit(f"{doc}\nParts: {' '.join(parts)}")
    began, failed, count, lock = time.monotonic(), [], collections.Counter(), threading.Lock()
    chosen = sys.argv[2:] or list(parts)

    def run(name):
        stack = contextlib.ExitStack()
        part = Part(name if len(chosen) > 1 else "", os.path.abspath(sys.argv[1]), stack)
        try:
            with stack:
                parts[name](part)
                assert part.count or part.skipped, "nothing was checked"
        except (Exception, SystemExit):
            with lock:
                failed.append(name)
                print(f"FAILED: {name}\n{part.output()}\n{traceback.format_exc()}", file=sys.stderr, flush=True)
        with lock:
            count["passed"] += part.count
            count["skipped"] += part.skipped

    print(title or doc.strip().splitlines()[0], flush=True)
    threads = [threading.Thread(target=run, args=(name,)) for name in chosen]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(f"  {time.monotonic() - began:.0f} s", flush=True)
    if failed:
        raise SystemExit(f"{count['passed']} passed, failed: {', '.join(failed)}")
    print(f"{count['passed']} passed" + (f", {count['skipped']} skipped" if count["skipped"] else ""), flush=True)
