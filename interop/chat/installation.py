"""A sandbox and the service beside it, as an owner starts them: with a config from `config init`."""

import json
import re
import subprocess

import harness


class Installation(harness.Place):
    def configure(self, _, changes):
        ws, self.http = harness.free_ports(2)
        self.page = f"http://127.0.0.1:{self.control}/"
        subprocess.run([self.libration, "config", "init", "--lang", "en", str(self.config)], check=True, stdout=subprocess.DEVNULL)
        text = self.config.read_text(encoding="utf-8")
        assert len(re.findall(r'access_token: "(\w{16,})"', text)) == 3, text
        for old, new in (
            ("127.0.0.1:6700", f"127.0.0.1:{ws}"), ("127.0.0.1:5700", f"127.0.0.1:{self.http}"), ("127.0.0.1:5780", f"127.0.0.1:{self.owner}"),
            ("mode: real ", "mode: sandbox "), ('control: "" ', f'control: "http://127.0.0.1:{self.control}" '), ("uin: 0 ", f"uin: {harness.BOT} "),
            *((f'{key}: "" ', f'{key}: "{value}" ') for key, value in changes.items()),
        ):
            assert old in text, old
            text = text.replace(old, new, 1)
        self.config.write_text(text, encoding="utf-8")

    def online(self):
        harness.until("the account is online", lambda: self.call("get_status"), subprocess.CalledProcessError)

    def call(self, action, *params):
        answer = subprocess.run(
            [self.libration, "call", action, *params, "-c", str(self.config)], check=True, capture_output=True, encoding="utf-8",
        )
        return json.loads(answer.stdout)["data"]

    def answer(self, ticket, randstr):
        """Hands the solution of a captcha to the service; the child ends with the login."""
        return self.start_process("login", self.libration, "login", "captcha", ticket, randstr, "-c", self.config)
