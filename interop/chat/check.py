"""Opens the chat page of `libration demo` in a real browser, writes to the bot as
a person would, and sees its answer arrive. Then it does what an owner does first:
`config init`, `run` and `call` with the tokens in the file, beside a sandbox whose
page shows what the account sends. There everything in the page's menu is sent, drawn,
and received by the account; forwards are made, opened and left by the keyboard; a
picture is chosen, pasted and dropped, a voice and a video are played.

    python3 interop/chat/check.py PATH-OF-LIBRATION [SCREENSHOT.png]

Needs the packages of requirements.txt and Chromium (CHROMIUM, else
/usr/bin/chromium). Everything stays on loopback.
"""

import base64
import contextlib
import json
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

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
import samples  # noqa: E402

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]


# What the page's menu sends: the row, where it is drawn, what stands there, and the
# types that a bot receives.
KINDS = [
    ("dice", ".die", "", ["dice"]),
    ("rps", ".hand", "", ["rps"]),
    ("poke", ".poke", "Poke", ["poke"]),
    ("sticker", ".sticker", "Go for it", ["mface"]),
    ("location", ".place", "Tiananmen Square", ["location"]),
    ("contact", ".card", "10001", ["json"]),
    ("music", ".card", "Jasmine Flower", ["json"]),
    ("cardJSON", ".card", "Daily news", ["json"]),
    ("cardXML", ".card", "Daily news", ["xml"]),
    ("markdown", ".markdown + .keyboard button:disabled", "Yes", ["markdown", "keyboard"]),
    ("longMessage", ".forward", "Long message", ["longmsg"]),
    ("redPacket", ".packet", "Best wishes", ["redbag"]),
    ("flashFile", ".card", "holiday.mp4", ["flash_file"]),
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
        page.on("console", lambda m: errors.append(m.text) if m.type == "error" and "status of 403" not in m.text else None)  # a refusal
        page.on("request", lambda r: None if r.url.startswith("http://127.0.0.1:") else errors.append(f"foreign request: {r.url}"))
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
                say(page, said)
                expect(page.locator("#messages [data-seq]").nth(before + 1)).to_contain_text(answer, timeout=20_000)
                print(f"  {said!r} answered by {answer!r}")
            picture = sent(page, lambda: say(page, "picture"), answers=1).locator(".picture img")
            expect(picture).to_be_visible()
            assert loaded(picture) == [240, 240], loaded(picture)
            print("  'picture' answered by a picture")
            if screenshot:
                page.screenshot(path=screenshot)
    finally:
        demo.terminate()
        demo.wait(20)


def newest(page):
    return page.locator("#messages [data-seq]").last


def say(page, text):
    page.locator("#input").fill(text)
    page.locator("#send").click()


def loaded(picture):
    """Width and height of a picture once it is there."""
    return picture.evaluate("(e) => e.decode().then(() => [e.naturalWidth, e.naturalHeight])")


def sent(page, send, answers=0):
    """Does something that sends a message, and returns that, or its nth answer, as it is drawn."""
    before = int(newest(page).get_attribute("data-seq"))
    send()
    message = page.locator(f'#messages [data-seq="{before + 1 + answers}"]')
    expect(message).to_be_visible(timeout=20_000)
    return message


def menu(page, kind):
    page.locator("#plus").click()
    page.locator(f"#more [data-kind={kind}]").click()


def say_everything(page, call):
    expected = []

    def send_kind(kind):
        menu(page, kind)
        form = page.locator("#more [data-action=submit]")
        if form.count():
            form.click()

    for kind, place, text, types in KINDS:
        message = sent(page, lambda: send_kind(kind))
        drawn = message.locator(".bubble").locator(place).first
        expect(drawn).to_be_visible()
        expect(drawn).to_contain_text(text)
        expect(page.locator("#more")).to_be_hidden()
        expected.append(types)

    menu(page, "faces")
    page.locator("#more [data-face='14']").click()
    page.locator("#input").press("Enter")
    expect(newest(page).locator(".emoji")).to_have_attribute("aria-label", "微笑")
    expected.append(["face"])
    large = sent(page, lambda: (page.locator("#largeFace").check(), page.locator("#more [data-face='66']").click()))
    expect(large.locator(".emoji.large")).to_be_visible()
    expected.append(["face"])
    hostile = sent(page, lambda: (page.locator("#input").fill("<img src=x onerror=alert(1)>[no face]"), page.locator("#send").click()))
    expect(hostile.locator(".bubble")).to_have_text("<img src=x onerror=alert(1)>[no face]")
    expected.append(["text"])

    def reply():
        hostile.locator("[data-action=reply]").click()
        page.locator("#input").fill("[微笑] @Bob yes")
        page.keyboard.press("Enter")

    replied = sent(page, reply)
    expect(replied.locator(".quote")).to_have_text("Alice: <img src=x onerror=alert(1)>[no face]")
    expect(replied.locator(".mention")).to_have_text("@Bob")
    expected.append(["reply", "face", "text", "at", "text"])

    # A forward of the last two messages, then one with that forward in it.
    def forward():
        menu(page, "forwardMessages")
        for nth in (-2, -1):
            page.locator("#messages .choose").nth(nth).check()
        page.locator("#choosing [data-action=forward]").click()

    sent(page, forward)
    outer = sent(page, forward)
    expected += [["forward"], ["forward"]]
    expect(page.locator("#choosing")).to_be_hidden()
    card = outer.locator("[data-forward]")
    expect(card).to_contain_text("[聊天记录]")
    card.focus()
    page.keyboard.press("Enter")
    nodes = page.locator("#panelNodes .message")
    expect(nodes).to_have_count(2)
    expect(nodes.first).to_contain_text("@Bob")
    page.locator("#panelNodes [data-forward]").press("Enter")
    expect(nodes.first.locator(".bubble")).to_have_text("<img src=x onerror=alert(1)>[no face]")
    expect(nodes.last.locator(".quote")).to_contain_text("<img")
    page.locator("#panelBack").press("Enter")
    expect(nodes.first).to_contain_text("@Bob")
    expect(page.locator("#panelBack")).to_be_hidden()
    page.keyboard.press("Escape")
    expect(page.locator("#panel")).to_be_hidden()

    # A forward that no honest client writes: the page shows it as text, and without its time.
    html = "<img src=x onerror=alert(1)>"
    said = [{"type": "text", "text": html}]
    nodes_of = [{"uin": 2**64 - 1, "name": html, "time": when, "segments": said} for when in (2**63 - 1, -(2**63), -1)]
    absurd = {"type": "forward", "nodes": nodes_of, "source": html, "summary": html, "prompt": html, "preview": [html]}
    body = json.dumps({"as": 20001, "group": 730000001, "segments": [absurd]})
    odd = sent(page, lambda: page.evaluate("(body) => fetch('/api/send', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body })", body))
    expected.append(["forward"])
    expect(odd.locator("[data-forward]")).to_contain_text(html)
    odd.locator("[data-forward]").press("Enter")
    expect(nodes).to_have_count(3)
    expect(nodes.first.locator(".from")).to_have_text(html)
    expect(nodes.first.locator("time")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(page.locator("#panel")).to_be_hidden()

    def types(messages):
        return [[s["type"] for s in m["message"]] for m in messages]

    opened = types(call("get_forward_msg", "id=" + card.get_attribute("data-forward"))["messages"])
    assert opened == [["reply", "face", "text", "at", "text"], ["forward"]], opened
    heard = types(call("get_group_msg_history", "group_id=730000001", f"count={len(expected)}")["messages"])
    assert heard == expected, f"the bot heard {heard}, want {expected}"

    # On a phone nothing is wider than the screen, in light and in dark.
    page.set_viewport_size({"width": 360, "height": 740})
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        wide = page.evaluate("""() => [...document.querySelectorAll('#messages .bubble, #messages .card, #messages .tools button, #composer')]
            .filter((e) => e.getBoundingClientRect().right > innerWidth || e.scrollWidth > e.clientWidth + 1).map((e) => e.outerHTML.slice(0, 200))""")
        assert not wide, wide
    page.locator("#back").click()
    wide = page.evaluate("[...document.querySelectorAll('#side button:not([hidden])')].filter((e) => e.getBoundingClientRect().right > innerWidth).map((e) => e.outerHTML)")
    assert not wide, wide
    page.locator("[data-chat=g730000001]").click()
    print(f"  {len(expected)} messages from the menu: drawn, received by the account, forwards opened by keyboard")


# Gives files to the page as a person does; the browser's own dialogs are not ours.
GIVE = """(how, files) => {
    const data = new DataTransfer();
    for (const f of files) data.items.add(new File([Uint8Array.from(atob(f.bytes), (c) => c.charCodeAt(0))], f.name));
    const at = document.getElementById('input');
    if (how === 'paste') return at.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
    for (const kind of ['dragenter', 'dragover', 'drop']) at.dispatchEvent(new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true }));
}"""


def say_media(page, call):
    attached = page.locator("#attached .attachment")

    def give(how, *files):
        if how == "choose":
            page.locator("#files").set_input_files([{"name": name, "mimeType": "", "buffer": content} for name, content in files])
        else:
            given = [{"name": name, "bytes": base64.b64encode(content).decode()} for name, content in files]
            page.evaluate(f"(given) => ({GIVE})('{how}', given)", given)
        expect(attached).to_have_count(len(files))

    # A picture in each way; the account gets its bytes.
    pictures = {how: samples.picture(120 + 10 * i, 80, (250, 120, 60 * i)) for i, how in enumerate(("choose", "paste", "drop"))}
    for how, content in pictures.items():
        give(how, ("a.png", content))
        expect(attached.locator("img")).to_be_visible()
        message = sent(page, lambda: say(page, f"a picture by {how}"))
        expect(message.locator(".bubble")).to_have_text(f"a picture by {how}")
        assert loaded(message.locator(".picture img")) == loaded_size(content), how
        expect(attached).to_have_count(0)
        message.locator(".picture").press("Enter")
        expect(page.locator("#viewed img")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.locator("#viewer")).to_be_hidden()
    heard = call("get_group_msg_history", "group_id=730000001", "count=3")["messages"]
    for m, content in zip(heard, pictures.values(), strict=True):
        kinds = [s["type"] for s in m["message"]]
        assert kinds == ["image", "text"], kinds
        got = call("get_image", "file=" + m["message"][0]["data"]["file"])
        assert pathlib.Path(got["file"]).read_bytes() == content, got

    # Several at once: pictures with the text, the rest alone, and what is none stays.
    give("choose", ("a.png", pictures["paste"]), ("b.png", pictures["drop"]), ("hello.wav", samples.voice(2)), ("clip.mp4", samples.VIDEO), ("notes.txt", b"text"))
    expect(attached.nth(4).get_by_role("alert")).to_have_text("No picture, sound or video")
    expect(attached.nth(3)).to_contain_text("Video")
    attached.nth(0).locator("select").select_option("flash")
    attached.nth(1).locator("select").select_option("sticker")
    before = int(newest(page).get_attribute("data-seq"))
    page.locator("#input").press("Enter")
    both, voice, video = (page.locator(f'#messages [data-seq="{before + n}"]') for n in (1, 2, 3))
    expect(both.locator(".picture.flash")).to_contain_text("Flash picture")
    expect(both.locator(".picture.small img")).to_be_visible()
    both.locator(".picture.flash").click()
    expect(page.locator("#viewed img")).to_be_visible()
    page.locator("#viewerClose").click()
    expect(attached).to_have_count(1)
    attached.get_by_role("button").click()
    expect(page.locator("#attached")).to_be_hidden()

    play = voice.get_by_role("button", name="Play voice, 2 seconds")
    play.click()
    plays(voice.locator("audio"), 2)
    plays(video.locator("video"), 2)
    expect(video).to_contain_text("Video 2 s")
    heard = call("get_group_msg_history", "group_id=730000001", "count=2")["messages"]
    assert [[s["type"] for s in m["message"]] for m in heard] == [["record"], ["video"]], heard
    print("  pictures chosen, pasted, dropped and opened; a voice and a video played; received by the account")


def act_as(page, who):
    page.locator("#as").select_option(str(who))


def sheet(page, opener, *path, **fields):
    """Opens a sheet, clicks through it, fills in its form, if there is one, and does it."""
    page.locator(opener).first.click()
    for step in path:
        page.locator(f"#sheet {step}").click()
    for name, value in fields.items():
        field = page.locator(f"#sheet [name={name}]")
        if isinstance(value, bool):
            field.set_checked(value)
        elif field.evaluate("(e) => e.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
    button = page.locator("#sheet [data-action=submit]")
    if button.count():
        button.click()
    expect(page.locator("#sheet")).to_be_hidden()
    expect(page.locator("#toast")).to_be_hidden()


def deed(key):
    return f"[data-kind={key}]"


def do_everything(page, call):
    """What people do besides writing, by hand: as the page shows it, and as the account sees it."""
    notes = page.locator("#messages .note")

    def noted(text):
        expect(notes.last).to_contain_text(text)

    page.set_viewport_size({"width": 1180, "height": 720})
    page.emulate_media(color_scheme="light")
    act_as(page, 20001)
    carol = "[data-member='20003']"

    def group(key, **fields):
        sheet(page, "#manage", deed(key), **fields)

    def member(key, **fields):
        sheet(page, "#manage", carol, deed(key), **fields)

    group("renameGroup", name="Moon watchers")
    noted("Moon watchers")
    expect(page.locator("#name")).to_have_text("Moon watchers")
    group("muteAll")
    noted("muted")
    group("unmuteAll")
    noted("may speak")
    group("joinPolicy", join="ask")
    noted("approval")
    group("tip", text="The moon is full")
    noted("The moon is full")
    group("signIn")
    noted("Alice")
    group("pin")
    member("card_", card="Caroline")
    noted("Caroline")
    member("giveTitle", title="dreamer")
    noted("dreamer")
    member("makeAdmin")
    noted("admin")
    member("unmakeAdmin")
    noted("no longer")
    member("muteMember", mute_seconds="60")
    noted("60 s")
    member("unmuteMember")
    noted("may speak")
    member("honor", honor="talkative")
    noted("Carol")
    member("luckyKing")
    noted("Carol")
    member("pokeThem")
    noted("Alice poked Carol")
    notes.last.locator("[data-action=unpoke]").click()
    noted("took a poke back")
    member("likeThem", times="3")
    member("restrict")
    noted("Carol is restricted")
    member("unrestrict")
    noted("not restricted any more")
    group("sendFile", name="moon.pdf")
    expect(page.locator("#messages .message").last).to_contain_text("[File]")
    info = call("get_group_member_info", "group_id=730000001", "user_id=20003", "no_cache=true")
    assert (info["card"], info["title"], info["role"]) == ("Caroline", "dreamer", "member"), info

    # A reaction, essence and a to-do.
    message = sent(page, lambda: say(page, "look at the moon"))

    def about(action, *path, **fields):
        message.hover()
        sheet(page, f"#messages [data-seq='{message.get_attribute('data-seq')}'] [data-action={action}]", *path, **fields)

    about("react", "[data-code='66']")
    chip = message.locator(".reactions button")
    expect(chip).to_have_attribute("aria-pressed", "true")
    chip.click()
    expect(chip).to_have_count(0)
    about("more", deed("essenceOn"))
    expect(message.locator(".star")).to_be_visible()
    about("more", deed("essenceOff"))
    expect(message.locator(".star")).to_have_count(0)
    about("more", deed("todoSet"))
    noted("to-do")

    # Somebody new asks Alice, who finds the number of requests beside her name.
    count = page.locator("#requestCount")
    sheet(page, "#world", deed("newUser"), nickname="Dave")
    act_as(page, 20004)
    expect(page.locator("#messages .message, #messages .note")).to_have_count(0)  # those of Alice's chat
    sheet(page, "#me", deed("profile"), sign="new here")
    sheet(page, "#me", deed("addFriend"), to="20001", text="it is me")
    sheet(page, "#me", deed("askToJoin"), code="730000001", text="please")
    act_as(page, 20001)
    expect(count).to_have_text("2")
    page.locator("#me").click()
    page.locator("#sheet .request", has_text="it is me").locator("[data-action=accept]").click()
    expect(count).to_have_text("1")
    page.locator("#sheet .request", has_text="please").locator("[data-action=accept]").click()
    expect(count).to_have_text("")
    page.keyboard.press("Escape")
    page.locator("#chats").get_by_text("Moon watchers").click()
    sheet(page, "#manage", "[data-member='20004']", deed("kickMember"), block=True)
    noted("Dave was removed")
    page.locator("#chats").get_by_text("Dave").click()
    sheet(page, "#manage", deed("pokeThem"))
    noted("Alice poked Dave")
    sheet(page, "#manage", deed("typing"))
    sheet(page, "#manage", deed("unfriend"))
    expect(page.locator("#chats").get_by_text("Dave")).to_have_count(0)

    # What may not be done is refused, in words, above the sheet.
    act_as(page, 20003)
    page.locator("#chats").get_by_text("Moon watchers").click()
    page.locator("#manage").click()
    page.locator("#sheet [data-member='20001']").click()
    page.locator("#sheet [data-kind=giveTitle]").click()
    page.locator("#sheet [data-action=submit]").click()
    expect(page.locator("#sheet #toast")).to_contain_text("may not give titles")
    page.keyboard.press("Escape")
    page.locator("#world").click()
    expect(page.locator("#toast")).to_be_hidden()
    page.locator("#sheet [data-kind=befriend]").click()
    assert page.locator("#sheet [name=a]").input_value() != page.locator("#sheet [name=b]").input_value()
    page.keyboard.press("Escape")

    sheet(page, "#world", deed("reset"))
    expect(page.locator("#chats").get_by_text("Libration 沙盒")).to_be_visible()
    expect(page.locator("#as option")).to_have_count(4)
    print("  groups, members, messages, friends and requests by hand; a refusal; back to the beginning")


def loaded_size(png):
    return [int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big")]


def plays(element, seconds):
    """Plays sound or a video until it moves."""
    ready, duration = element.evaluate("""async (e) => {
        await e.play();
        await new Promise((done) => { e.addEventListener('timeupdate', () => e.currentTime > 0 && done()); });
        return [e.readyState, e.duration];
    }""")
    assert ready >= 2 and abs(duration - seconds) < 0.3, (ready, duration)


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

            def call(action, *params):
                answer = subprocess.run(
                    [libration, "call", action, *params, "-c", str(config)], check=True, capture_output=True, encoding="utf-8",
                )
                return json.loads(answer.stdout)["data"]

            say_media(page, call)
            say_everything(page, call)
            do_everything(page, call)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    print("chat page in Chromium")
    program = os.path.abspath(sys.argv[1])
    play_demo(program, sys.argv[2] if len(sys.argv) > 2 else None)
    first_run(program)
    print("2 passed, 0 failed")
