"""Everything that the page's menu sends: drawn by the page, received by the account."""

import base64
import json
import pathlib

import samples
from browser import loaded, newest, say, sent
from playwright.sync_api import expect

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

    print(f"  {len(expected)} messages from the menu: drawn, received by the account, forwards opened by keyboard")


# Gives files to the page as a person does; the browser's own dialogs are not ours.
GIVE = """(how, files) => {
    const data = new DataTransfer();
    for (const f of files) data.items.add(new File([Uint8Array.from(atob(f.bytes), (c) => c.charCodeAt(0))], f.name));
    const at = document.getElementById('input');
    if (how === 'paste') return at.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
    for (const kind of ['dragenter', 'dragover', 'drop']) at.dispatchEvent(new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true }));
}"""


def give_files(page, how, *files):
    """Drops or pastes files, (name, content)."""
    given = [{"name": name, "bytes": base64.b64encode(content).decode()} for name, content in files]
    page.evaluate(f"(given) => ({GIVE})('{how}', given)", given)


def say_media(page, call):
    attached = page.locator("#attached .attachment")

    def give(how, *files):
        if how == "choose":
            page.locator("#files").set_input_files([{"name": name, "mimeType": "", "buffer": content} for name, content in files])
        else:
            give_files(page, how, *files)
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

    # Several at once: pictures with the text, the rest alone, and what failed stays.
    give("choose", ("a.png", pictures["paste"]), ("b.png", pictures["drop"]), ("hello.wav", samples.voice(2)), ("clip.mp4", samples.VIDEO), ("empty.txt", b""))
    expect(attached.nth(4).get_by_role("alert")).to_have_text("The file is empty")
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
