"""Hostile web pages in a real browser, beside an installation without tokens.

The page tries to send messages, to act in the sandbox and to log the
account in, by everything that a page can make a browser send. None of it may
have an effect.

    python3 interop/pages/check.py PATH-OF-LIBRATION

Needs the packages of interop/chat/requirements.txt and Chromium (CHROMIUM, else
/usr/bin/chromium). The browser's own protection of
local networks is off, and a server that refuses nothing shows that every attack
does reach its target.
"""

import contextlib
import http.server
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse

from playwright.sync_api import Error, sync_playwright

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
import harness  # noqa: E402
from harness import ALICE, BOT, GROUP  # noqa: E402

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-features=LocalNetworkAccessChecks,LocalNetworkAccessChecksWebSockets,PrivateNetworkAccessNullIpAddress",
    "--host-resolver-rules=MAP *.test 127.0.0.1",
    "--disable-popup-blocking",
]
# How a page may spell this machine; the last one is a name that its owner lets
# resolve to it.
HOSTS = ["127.0.0.1", "localhost", "127.1", "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]", "rebound.test"]

# What one page does with one address. `get` and `post` are URLs, `body` is what
# the address would take from a program, `form` the same as fields. `say` is sent
# over WebSockets. Each way marks its request with its own name.
ATTACK = """
async ({get, post, socket, body, form, bouncer}) => {
  const bounce = url => bouncer + encodeURIComponent(url)
  const named = (url, way) => url.replaceAll('WAY', way)
  const filled = (o, way) => JSON.parse(JSON.stringify(o).replaceAll('WAY', way))
  const put = (tag, attributes) => {
    const e = document.createElement(tag)
    Object.assign(e, attributes)
    document.body.append(e)
    return e
  }
  const submit = (way, url, method, enctype, fields) => {
    const target = 'frame ' + way
    put('iframe', {name: target})
    const f = put('form', {action: url, method, enctype, target})
    for (const [name, value] of Object.entries(fields)) f.append(Object.assign(document.createElement('input'), {name, value}))
    f.submit()
  }
  const quiet = p => p.catch(() => {})
  const text = way => JSON.stringify(filled(body, way))

  put('img', {src: named(get, 'img')})
  put('script', {src: named(get, 'script')})
  put('iframe', {src: named(get, 'iframe')})
  put('iframe', {srcdoc: `<img src="${named(get, 'srcdoc')}">`, sandbox: ''})
  put('object', {data: named(get, 'object')})
  put('link', {rel: 'stylesheet', href: named(get, 'stylesheet')})
  put('video', {src: named(get, 'video')})
  put('img', {src: bounce(named(get, 'redirect'))})
  put('img', {src: named(get, 'noreferrer'), referrerPolicy: 'no-referrer'})
  const events = new EventSource(named(get, 'eventsource'))
  events.onerror = () => events.close() // it would try again for ever
  quiet(fetch(named(get, 'fetch'), {mode: 'no-cors'}))
  quiet(fetch(named(get, 'fetch-credentials'), {mode: 'no-cors', credentials: 'include'}))
  submit('form-get', get.split('?')[0], 'get', '', filled(Object.fromEntries(new URL(get).searchParams), 'form-get'))

  submit('form', named(post, 'form'), 'post', 'application/x-www-form-urlencoded', filled(form, 'form'))
  submit('form-multipart', named(post, 'form-multipart'), 'post', 'multipart/form-data', filled(form, 'form-multipart'))
  const split = text('form-text').slice(0, -1)
  submit('form-text', named(post, 'form-text'), 'post', 'text/plain', {[split + ',"x":"']: '"}'})
  submit('form-redirect', bounce(named(post, 'form-redirect')), 'post', 'application/x-www-form-urlencoded', filled(form, 'form-redirect'))
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data'])
    quiet(fetch(named(post, 'post ' + type), {method: 'POST', mode: 'no-cors', headers: {'Content-Type': type}, body: text('post ' + type)}))
  quiet(fetch(named(post, 'post without a type'), {method: 'POST', mode: 'no-cors', body: new Blob([text('post without a type')])}))
  quiet(fetch(named(post, 'json'), {method: 'POST', headers: {'Content-Type': 'application/json'}, body: text('json')}))
  navigator.sendBeacon(named(post, 'beacon'), text('beacon'))

  if (socket) {
    const ws = new WebSocket(named(socket, 'websocket'))
    ws.onopen = () => ws.send(text('websocket-message'))
  }
}
"""
# The ways that ATTACK goes, and those of whole pages.
READING = ["img", "script", "iframe", "srcdoc", "object", "stylesheet", "video", "redirect", "noreferrer", "eventsource", "fetch", "fetch-credentials", "form-get"]
WRITING = [
    "form", "form-multipart", "form-text", "form-redirect", "post text/plain", "post application/x-www-form-urlencoded",
    "post multipart/form-data", "post without a type", "json", "beacon",
]
# Whole pages: by the page itself, by a link on it, by a link in another program.
LEAVE = {
    "location": "u => { location = u }",
    "link": "u => { const a = document.createElement('a'); a.href = u; document.body.append(a); a.click() }",
}
PAGES = [*LEAVE, "opened"]


class Handler(http.server.BaseHTTPRequestHandler):
    def do(self):
        url = urllib.parse.urlsplit(self.path)
        if url.path == "/bounce":
            self.send_response(307)
            self.send_header("Location", urllib.parse.unquote(url.query))
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if url.query:  # else it is the hostile page itself
            self.server.reached.add((self.command, urllib.parse.unquote_plus(self.path)))
        page = b"<!doctype html><title>hostile</title><body></body>"
        # The server that refuses nothing says yes to preflights, too.
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        for name in ("Origin", "Headers", "Methods"):
            self.send_header("Access-Control-Allow-" + name, "*" if name != "Headers" else "content-type")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    do_GET = do_POST = do_OPTIONS = do_HEAD = do

    def log_message(self, *args):
        pass


class Web(http.server.ThreadingHTTPServer):
    address_family, daemon_threads = socket.AF_INET6, True

    def handle_error(self, request, client_address):
        pass  # the browser gave up

    def server_bind(self):
        self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        super().server_bind()


@contextlib.contextmanager
def web():
    """A server on all of this machine's own spellings."""
    server = Web(("::", 0), Handler)
    server.reached = set()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def said(sandbox):
    """The attacks whose text is in a chat."""
    messages = sandbox.call(f"messages?group={GROUP}&limit=500")
    return sorted(set(re.findall(r"ATTACK ([^\"\\]*?)!", json.dumps(messages))))


def online(owner):
    try:
        return harness.request(owner + "/readyz")["account"]["state"] == "online"
    except urllib.error.HTTPError as e:
        return json.loads(e.read())["account"]["state"] == "online"


def attack(browser, page_port, name, hosts, port, get, post, body, socket_port=None, arrived=lambda: True):
    """Goes every way to every host; returns after all requests have been made. Pages stay
    open until arrived, for the deadline at most."""
    site = f"http://hostile.test:{page_port}/"
    jobs, pages = {}, []
    for host in hosts:
        tag = f"ATTACK {name} by WAY at {host}!"
        filled = json.loads(json.dumps(body).replace("TAG", tag))
        form = filled.get("params", filled)
        query = "?" + urllib.parse.urlencode(form | {"way": "WAY"})
        jobs[host] = {
            "get": f"http://{host}:{port}{get}{query}", "post": f"http://{host}:{port}{post}{query}", "body": filled, "form": form,
            "socket": f"ws://{host}:{socket_port}/{query}" if socket_port else None, "bouncer": site + "bounce?",
        }
        pages.append(browser.new_page())
        pages[-1].goto(site)
        pages[-1].evaluate(ATTACK, jobs[host])
    with contextlib.suppress(harness.Failed):
        harness.until("the requests of pages", arrived)
    for page in pages:
        page.wait_for_load_state("networkidle")
        page.close()
    for job in jobs.values():
        for way in PAGES:
            page, url = browser.new_page(), job["get"].replace("WAY", way)
            with contextlib.suppress(Error):  # no page: the target refused
                if way == "opened":
                    page.goto(url, timeout=5000)
                else:
                    page.goto(site)
                    page.evaluate(LEAVE[way], url)
                    page.wait_for_url(lambda u: "hostile.test" not in u, timeout=5000)
            page.close()


def pages(check):
    ws, http = harness.free_ports(2)
    place = harness.Place(check, connections=[
        {"type": kind, "address": f"{host}:{port}"} for kind, port in (("http", http), ("websocket", ws)) for host in ("127.0.0.1", "[::1]")
    ])
    config = json.loads(place.config.read_text(encoding="utf-8"))
    del config["admin"]["access_token"]
    place.config.write_text(json.dumps(config), encoding="utf-8")
    place.token = ""
    sandbox, owner = place.sandbox, f"http://127.0.0.1:{place.owner}"
    place.start()
    harness.until("the service answers", lambda: harness.request(f"http://127.0.0.1:{http}/get_login_info")["status"] == "ok")
    with web() as hostile, web() as open_door, sync_playwright() as p:
        browser = p.chromium.launch(executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=FLAGS)
        failed = []

        # Every attack reaches a server that refuses nothing.
        send = {"action": "send_group_msg", "params": {"group_id": str(GROUP), "message": "TAG"}}
        port = open_door.server_address[1]
        within = [("GET", way) for way in READING + ["websocket"]] + [("POST", way) for way in WRITING]
        expected = within + [("GET", way) for way in PAGES]

        def not_arrived(ways):
            arrived = {(command, re.search(r"ATTACK nobody by (.*?) at (.*?)!", path).groups()) for command, path in list(open_door.reached) if "ATTACK" in path}
            return [(c, way, host) for c, way in ways for host in HOSTS if (c, (way, host)) not in arrived]

        attack(browser, hostile.server_address[1], "nobody", HOSTS, port, "/get", "/post", send, port, lambda: not not_arrived(within))
        missing = not_arrived(expected)
        for c, way, host in missing:
            failed.append(f"no attack: {c} by {way} never reached {host}")
        print(f"  {len(expected) * len(HOSTS) - len(missing)} of {len(expected) * len(HOSTS)} attacks reach a server that refuses nothing")

        # The bot service: JSON bodies hold the parameters alone.
        attack(
            browser, hostile.server_address[1], "the bot service", HOSTS, http,
            "/send_group_msg", "/send_group_msg", send["params"],
        )
        attack(browser, hostile.server_address[1], "the bot service, a frame", HOSTS, ws, "/", "/", send, ws)
        # The sandbox, as Alice.
        attack(
            browser, hostile.server_address[1], "the sandbox", [h for h in HOSTS if h != "[::1]"], place.control,
            "/api/send", "/api/send", {"as": ALICE, "group": GROUP, "text": "TAG"},
        )
        # Something that is said now is seen, so that nothing under way is missed.
        sandbox.call("send", {"as": ALICE, "group": GROUP, "text": "ATTACK by a program!"})
        harness.until("a program may act", lambda: "by a program" in said(sandbox))
        failed += [f"a message was sent: {a}" for a in said(sandbox) if a != "by a program"]

        # The owner's service, while the account waits for its owner.
        sandbox.call(f"clients/{BOT}/kick", {"title": "Notice", "tips": "kicked"})
        harness.until("the account is kicked", lambda: not online(owner))
        attack(
            browser, hostile.server_address[1], "the owner's service", [h for h in HOSTS if h != "[::1]"], place.owner,
            "/login", "/login", {"text": "TAG"},
        )
        time.sleep(2)  # a login would take less
        if online(owner):
            failed.append("the account was logged in by a page")
        login = subprocess.run([check.libration, "login", "start", "-c", str(place.config)], capture_output=True, text=True, timeout=60)
        if login.returncode != 0 or not online(owner):
            failed.append(f"the owner cannot log in: {login.stdout}{login.stderr}")
        browser.close()
        assert not failed, "\n".join(failed)
        check.passed("no attack had an effect, and a program may act")


if __name__ == "__main__":
    harness.main(__doc__, {"pages": pages})
