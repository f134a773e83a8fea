"""Opens the chat page of `libration demo` in a real browser, writes to the bot as
a person would, and sees its answer arrive.

    python3 interop/chat/check.py PATH-OF-LIBRATION [SCREENSHOT.png]

Needs the packages of requirements.txt and Chromium (CHROMIUM, else
/usr/bin/chromium). Everything stays on loopback.
"""

import os
import re
import subprocess
import sys
import threading

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


def main(libration, screenshot):
    demo = subprocess.Popen(
        [os.path.abspath(libration), "demo", "--http", "127.0.0.1:0", "--ws", "127.0.0.1:0", "--page", "127.0.0.1:0"],
        stdout=subprocess.PIPE, text=True, encoding="utf-8", env=dict(os.environ, LANG="en_US.UTF-8"),
    )
    try:
        address = page_address(demo)
        threading.Thread(target=demo.stdout.read, daemon=True).start()
        with sync_playwright() as p:
            browser = p.chromium.launch(executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=FLAGS)
            page = browser.new_page(viewport={"width": 1180, "height": 720}, locale="en-US")
            errors = []
            page.on("pageerror", lambda e: errors.append(str(e)))
            page.goto(address)
            page.locator("#as").select_option("20001")
            page.locator("#chats").get_by_text("Libration").first.click()
            # The bot may still be coming online: what counts is the answer to what
            # is said once it is.
            expect(page.locator("#status")).to_contain_text(re.compile("online", re.I), timeout=30_000)
            for said, answer in (("ping", "pong"), ("/echo 你好, sandbox 😀", "你好, sandbox 😀")):
                before = page.locator("#messages [data-seq]").count()
                page.locator("#input").fill(said)
                page.locator("#send").click()
                expect(page.locator("#messages [data-seq]").nth(before + 1)).to_contain_text(answer, timeout=20_000)
                print(f"  {said!r} answered by {answer!r}")
            if screenshot:
                page.screenshot(path=screenshot)
            assert not errors, errors
            browser.close()
    finally:
        demo.terminate()
        demo.wait(20)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    print("chat page in Chromium")
    main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None)
    print("1 passed, 0 failed")
