"""A sandbox and the service beside it, as an owner starts them."""

import contextlib
import json
import pathlib
import re
import socket
import subprocess
import tempfile
import time


def free_ports(n):
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(n)]
        for s in sockets:
            s.bind(("127.0.0.1", 0))
        return [s.getsockname()[1] for s in sockets]


class Installation:
    """A folder with a config from `config init`, and what runs of it until the end."""

    def __init__(self, libration, stack, **changes):
        self.libration, self.stack = libration, stack
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        self.sso, ws, self.http, owner, self.control = free_ports(5)
        self.page = f"http://127.0.0.1:{self.control}/"
        self.config = pathlib.Path(folder, "config.yaml")
        subprocess.run([libration, "config", "init", "--lang", "en", str(self.config)], check=True, stdout=subprocess.DEVNULL)
        text = self.config.read_text(encoding="utf-8")
        assert len(re.findall(r'access_token: "(\w{16,})"', text)) == 3, text
        for old, new in (
            ("127.0.0.1:6700", f"127.0.0.1:{ws}"), ("127.0.0.1:5700", f"127.0.0.1:{self.http}"), ("127.0.0.1:5780", f"127.0.0.1:{owner}"),
            ("mode: real ", "mode: sandbox "), ('control: "" ', f'control: "http://127.0.0.1:{self.control}" '), ("uin: 0 ", "uin: 10001 "),
            *((f'{key}: "" ', f'{key}: "{value}" ') for key, value in changes.items()),
        ):
            assert old in text, old
            text = text.replace(old, new, 1)
        self.config.write_text(text, encoding="utf-8")

    def _start(self, *args):
        child = subprocess.Popen([self.libration, *args], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.stack.callback(child.wait, 20)
        self.stack.callback(child.terminate)
        return child

    def sandbox(self, *args):
        """Starts the sandbox, and waits until its page is there."""
        child = self._start("sandbox", "--sso", f"127.0.0.1:{self.sso}", "--control", f"127.0.0.1:{self.control}", *args)
        self._until(lambda: socket.create_connection(("127.0.0.1", self.control)).close(), OSError)
        return child

    def run(self):
        return self._start("run", "-c", str(self.config))

    def online(self):
        """Waits until the account is online."""
        self._until(lambda: self.call("get_status"), subprocess.CalledProcessError)

    def call(self, action, *params):
        answer = subprocess.run(
            [self.libration, "call", action, *params, "-c", str(self.config)], check=True, capture_output=True, encoding="utf-8",
        )
        return json.loads(answer.stdout)["data"]

    def answer(self, ticket, randstr):
        """Hands the solution of a captcha to the service; the child ends with the login."""
        return self._start("login", "captcha", ticket, randstr, "-c", str(self.config))

    @staticmethod
    def _until(attempt, failure):
        end = time.monotonic() + 30
        while True:
            try:
                return attempt()
            except failure:
                assert time.monotonic() < end, "not there within 30 s"
                time.sleep(0.1)


def stop(child):
    child.terminate()
    child.wait(20)
