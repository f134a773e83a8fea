"""The chat page in a real browser.

On that of `libration demo` a person writes to the bot, and sees its answer arrive. Then it does what an owner does first:
`config init`, `run` and `call` with the tokens in the file, beside a sandbox whose
page shows what the account sends. There everything in the page's menu is sent, drawn,
and received by the account; forwards are made, opened and left by the keyboard; a
picture is chosen, pasted and dropped, a voice and a video are played; files are
uploaded, saved, moved and deleted (files.py). axe looks at
all of the page, at a desk and on a phone, and nothing may be wider than the screen
(looks.py). Long chats are read, members are mentioned, the sandbox stops and starts
(reading.py); logins wait, are approved, and go away with their clients (waiting.py).

    python3 interop/chat/check.py PATH-OF-LIBRATION

Needs the packages of requirements.txt and Chromium (CHROMIUM, else
/usr/bin/chromium). SCREENSHOT is where a picture of the demo's page goes.
"""

import os
import pathlib
import re
import subprocess
import sys

from playwright.sync_api import expect

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
import harness  # noqa: E402
import looks  # noqa: E402
from browser import browser_page, loaded, open_chat, say, sent  # noqa: E402
from files import files  # noqa: E402
from installation import Installation  # noqa: E402
from menu import say_everything, say_media  # noqa: E402
from people import do_everything  # noqa: E402
from reading import come_back, mention, read_older  # noqa: E402
from waiting import logins  # noqa: E402


def play_demo(check):
    """a person and the bot of the demo"""
    demo = check.start_process(
        "demo", check.libration, "demo", "--http", "127.0.0.1:0", "--ws", "127.0.0.1:0", "--page", "127.0.0.1:0", env={"LANG": "en_US.UTF-8"},
    )
    address = re.search(r"http://127\.0\.0\.1:\d+/?(?=\s|$)", demo.wait_for("chat page")).group()
    with browser_page() as page:
        open_chat(page, address)
        for said, answer in (("ping", "pong"), ("/echo 你好, sandbox 😀", "你好, sandbox 😀")):
            before = page.locator("#messages [data-seq]").count()
            say(page, said)
            expect(page.locator("#messages [data-seq]").nth(before + 1)).to_contain_text(answer, timeout=20_000)
            print(f"  {said!r} answered by {answer!r}")
        picture = sent(page, lambda: say(page, "picture"), answers=1).locator(".picture img")
        expect(picture).to_be_visible()
        assert loaded(picture) == [240, 240], loaded(picture)
        print("  'picture' answered by a picture")
        if "SCREENSHOT" in os.environ:
            page.screenshot(path=os.environ["SCREENSHOT"])
    demo.stop()


def first_run(check):
    """an owner's first run, and everything that the page can do"""
    place = Installation(check)
    sandbox = place.start_sandbox("--auto-approve", str(harness.BOT))
    place.start_service()
    place.online()
    with browser_page() as page:
        looks.prepare(page)
        open_chat(page, place.page)
        # A token is in the file and in no command.
        say = [check.libration, "call", "send_group_msg", "group_id=730000001", "message=hello from call"]
        refused = subprocess.run([*say, "--url", f"http://127.0.0.1:{place.http}"], capture_output=True, text=True)
        assert refused.returncode and "access token" in refused.stderr, refused
        subprocess.run([*say, "-c", str(place.config)], check=True, stdout=subprocess.DEVNULL)
        expect(page.locator("#messages [data-seq]")).to_contain_text(["hello from call"], timeout=20_000)
        print("  config init, run and call with the file's tokens: the page shows what was sent, once")

        say_media(page, place.call)
        say_everything(page, place.call)
        looks.everywhere(page.context.browser, place.page)
        do_everything(page, place.call)
        files(page, place.call)
        read_older(page)
        mention(page, place.call)
        come_back(page.context.browser, place, sandbox)


def chat(check):
    for part in (play_demo, first_run, logins):
        part(check)
        check.passed(part.__doc__)


if __name__ == "__main__":
    harness.main(__doc__, {"chat": chat})
