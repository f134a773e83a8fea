"""Opens the chat page of `libration demo` in a real browser, writes to the bot as
a person would, and sees its answer arrive. Then it does what an owner does first:
`config init`, `run` and `call` with the tokens in the file, beside a sandbox whose
page shows what the account sends.

    python3 interop/chat/check.py PATH-OF-LIBRATION [SCREENSHOT.png]

Needs the packages of requirements.txt and Chromium (CHROMIUM, else
/usr/bin/chromium). Everything stays on loopback.
"""

import contextlib
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time

from playwright.sync_api import expect, sync_playwright

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]


def page_address(demo):
    """Reads the demo's greeting up to the address of the page."""
    for line in demo.stdout:
        found = re.search(r"http://127\.0\.0\.1:\d+/?(?=\s|$)", line)
        if found and ("chat" in line.lower() or "聊天" in line):
            return found.group()
    raise SystemExit("the demo named no chat page")


@contextlib.contextmanager
def browser_page():
    with sync_playwright() as p:
        browser = p.chromium.launch(executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=FLAGS)
        page = browser.new_page(viewport={"width": 1180, "height": 720}, locale="en-US")
        errors = []
        page.on("pageerror", lambda e: errors.append(str(e)))
        yield page
        assert not errors, errors
        browser.close()


def open_chat(page, address):
    """Acts as Alice, in the group of the bot, once the bot is online."""
    page.goto(address)
    page.locator("#as").select_option("20001")
    page.locator("#chats").get_by_text("Libration").first.click()
    # The bot may still be coming online: what counts is the answer to what is said
    # once it is.
    expect(page.locator("#status")).to_contain_text(re.compile("online", re.I), timeout=30_000)


def play_demo(libration, screenshot):
    demo = subprocess.Popen(
        [libration, "demo", "--http", "127.0.0.1:0", "--ws", "127.0.0.1:0", "--page", "127.0.0.1:0"],
        stdout=subprocess.PIPE, text=True, encoding="utf-8", env=dict(os.environ, LANG="en_US.UTF-8"),
    )
    try:
        address = page_address(demo)
        threading.Thread(target=demo.stdout.read, daemon=True).start()
        with browser_page() as page:
            open_chat(page, address)
            for said, answer in (("ping", "pong"), ("/echo 你好, sandbox 😀", "你好, sandbox 😀")):
                before = page.locator("#messages [data-seq]").count()
                page.locator("#input").fill(said)
                page.locator("#send").click()
                expect(page.locator("#messages [data-seq]").nth(before + 1)).to_contain_text(answer, timeout=20_000)
                print(f"  {said!r} answered by {answer!r}")
            if screenshot:
                page.screenshot(path=screenshot)
    finally:
        demo.terminate()
        demo.wait(20)


def free_ports(n):
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(n)]
        for s in sockets:
            s.bind(("127.0.0.1", 0))
        return [s.getsockname()[1] for s in sockets]


def first_run(libration):
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        ws, http, owner, control = free_ports(4)
        config = pathlib.Path(folder, "config.yaml")
        subprocess.run([libration, "config", "init", "--lang", "en", str(config)], check=True, stdout=subprocess.DEVNULL)
        text = config.read_text(encoding="utf-8")
        tokens = re.findall(r'access_token: "(\w{16,})"', text)
        assert len(tokens) == 3, tokens
        for old, new in (
            ("127.0.0.1:6700", f"127.0.0.1:{ws}"), ("127.0.0.1:5700", f"127.0.0.1:{http}"), ("127.0.0.1:5780", f"127.0.0.1:{owner}"),
            ("mode: real ", "mode: sandbox "), ('control: "" ', f'control: "http://127.0.0.1:{control}" '), ("uin: 0 ", "uin: 10001 "),
        ):
            assert old in text, old
            text = text.replace(old, new)
        config.write_text(text, encoding="utf-8")
        for args in (
            ["sandbox", "--sso", "127.0.0.1:0", "--control", f"127.0.0.1:{control}", "--auto-approve", "10001"],
            ["run", "-c", str(config)],
        ):
            child = subprocess.Popen([libration, *args], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            stack.callback(child.wait, 20)
            stack.callback(child.terminate)
        end = time.monotonic() + 30
        while subprocess.run([libration, "call", "get_status", "-c", str(config)], capture_output=True).returncode:
            assert time.monotonic() < end, "the account is not online within 30 s"
            time.sleep(0.2)
        with browser_page() as page:
            open_chat(page, f"http://127.0.0.1:{control}/")
            # A token is in the file and in no command.
            say = [libration, "call", "send_group_msg", "group_id=730000001", "message=hello from call"]
            refused = subprocess.run([*say, "--url", f"http://127.0.0.1:{http}"], capture_output=True, text=True)
            assert refused.returncode and "access token" in refused.stderr, refused
            subprocess.run([*say, "-c", str(config)], check=True, stdout=subprocess.DEVNULL)
            expect(page.locator("#messages [data-seq]")).to_contain_text(["hello from call"], timeout=20_000)
            print("  config init, run and call with the file's tokens: the page shows what was sent, once")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    print("chat page in Chromium")
    program = os.path.abspath(sys.argv[1])
    play_demo(program, sys.argv[2] if len(sys.argv) > 2 else None)
    first_run(program)
    print("2 passed, 0 failed")
