"""How the page looks, for everybody: axe finds nothing in its rules for WCAG 2.0 to 2.2, A and AA,
and in its best practices, and nothing is wider than the screen of a phone. axe-core comes with
axe-playwright-python."""

import json
import pathlib

import axe_playwright_python
from browser import post, watched
from playwright.sync_api import expect

AXE = pathlib.Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text(encoding="utf-8")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]
CONTRAST = ["color-contrast", "link-in-text-block"]  # what the colours decide

# Of a dialog only that is looked at, and messages once: the rest was before.
RUN = """async ([only, messages]) => {
    const where = document.querySelector('dialog[open]') ?? (messages ? document : { include: [['html']], exclude: [['#messages']] });
    const { violations } = await axe.run(where, { runOnly: only, resultTypes: ['violations'] });
    return violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.html.slice(0, 160)} ${n.failureSummary}`));
}"""
# What is wider than the screen: the page, and what reaches beyond its sides, unless it is
# within something that scrolls or cuts and is not too wide itself. The chat and the dialogs
# scroll downwards only. A phone's browser makes innerWidth larger for what is too wide.
WIDE = """(width) => {
    const beyond = (e) => { const r = e.getBoundingClientRect(); return r.width && r.height && (r.left < -1 || r.right > width + 1); };
    const upright = ['messages', 'chats', 'sheetBody', 'panelNodes', 'more', 'people', 'logins'].map((id) => document.getElementById(id)).filter((e) => e);
    const cut = (e) => e && e !== document.body && !upright.includes(e) && ((getComputedStyle(e).overflowX !== 'visible' && !beyond(e)) || cut(e.parentElement));
    const wide = [...document.querySelectorAll('body *')].filter((e) => beyond(e) && !cut(e.parentElement) && !e.closest('.unseen'));
    wide.push(...upright.filter((e) => e.scrollWidth > e.clientWidth + 1));
    if (document.scrollingElement.scrollWidth > width || innerWidth > width) wide.push(document.documentElement);
    return wide.map((e) => e.outerHTML.slice(0, 160));
}"""


def prepare(page):
    """Brings axe into the documents that the page opens from now on."""
    page.add_init_script(AXE)


def look(page, what):
    """Looks at the page as it is, in light and in dark; on a phone in two widths."""
    messages = what in ("a group", "messages that are chosen")
    size = page.viewport_size
    schemes = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches ? ['dark', 'light'] : ['light', 'dark']")
    found = page.evaluate(RUN, [{"type": "tag", "values": TAGS}, messages])
    page.emulate_media(color_scheme=schemes[1])
    found += page.evaluate(RUN, [{"type": "rule", "values": CONTRAST}, messages])
    page.emulate_media(color_scheme=schemes[0])
    for width in (size["width"], 320) if size["width"] < 720 else (size["width"],):
        page.set_viewport_size({"width": width, "height": size["height"]})
        found += [f"wider than {width}: {e}" for e in page.evaluate(WIDE, width)]
    page.set_viewport_size(size)
    assert not found, f"{what}: " + "\n".join(found)


def say_long(page):
    """Sends what is long in every place."""
    long = "x" * 300
    text = {"type": "text", "text": long}
    news = {"title": long, "desc": long, "tag": long, "preview": "https://" + long, "jumpUrl": "https://" + long}
    button = {"render_data": {"label": long[:30], "visited_label": "", "style": 1}, "action": {"type": 2, "permission": {"type": 2}, "data": long}}
    for segments in (
        [text], [{"type": "text", "text": "https://example.com/" + "a/" * 150}],
        [{"type": "markdown", "markdown": f"# {long}\n```\n{long}\n```\n`{long}`\n[{long}](https://{long})"}],
        [{"type": "markdown", "markdown": "-"}, {"type": "keyboard", "rows": [{"buttons": [{**button, "id": str(i)} for i in range(6)]}]}],
        [{"type": "location", "latitude": 1, "longitude": 2, "title": long, "address": long}],
        [{"type": "red_packet", "title": long}],
        [{"type": "light_app", "json": json.dumps({"app": "com.example", "view": "news", "prompt": long, "meta": {"news": news}})}],
        [{"type": "market_face", "id": "4f1c4ff0b6ee43da8a8b3bd0e7d0c3a1", "summary": f"[{long}]", "package": 1}],
        [{"type": "forward", "nodes": [{"uin": 20001, "name": long, "segments": [text]}], "source": long, "summary": long, "preview": [long] * 3}],
    ):
        post(page, "/api/send", {"as": 20002, "group": 730000001, "segments": segments})
        post(page, "/api/send", {"as": 20001, "group": 730000001, "segments": segments})


def everywhere(browser, address):
    """Walks through everything that the page can show: at a desk, and with a phone."""
    looked = 0
    for context in (
        {"viewport": {"width": 1280, "height": 800}, "locale": "en-US"},
        {"viewport": {"width": 390, "height": 844}, "locale": "zh-CN", "color_scheme": "dark", "has_touch": True, "is_mobile": True},
    ):
        page = watched(browser.new_context(**context).new_page())
        prepare(page)
        page.goto(address + "#as=20001")
        for what in states(page, narrow=context["viewport"]["width"] < 720):
            look(page, what)
            looked += 1
        page.context.close()
    print(f"  axe and the widths of phones: nothing found in {looked} states, light and dark, English and Chinese")


def states(page, narrow):
    """Yields what the page shows, while it shows it."""

    def sheet(opener, *path):
        page.locator(opener).last.click()
        for step in path:
            page.locator(f"#sheet {step}").click()
        expect(page.locator("#sheet")).to_be_visible()

    def away():
        page.keyboard.press("Escape")

    expect(page.locator("[data-chat]").first).to_be_visible()
    if not narrow:
        say_long(page)
    yield "the beginning"
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN" if narrow else "en")
    page.locator("[data-chat=g730000001]").click()
    expect(page.locator("#messages .message").last).to_be_visible()
    yield "a group"
    page.locator("#messages .message [data-action=more]").last.click()
    yield "what is done with a message"
    page.locator("#sheet [data-kind=reply]").click()
    expect(page.locator("#input")).to_be_focused()
    page.locator("#at").click()
    expect(page.locator("#people")).to_be_visible()
    yield "a mention and a reply"
    away()
    page.locator("#input").fill("")
    page.locator("#replying button").click()
    page.locator("#plus").click()
    yield "the menu"
    page.locator("#more [data-kind=cardJSON]").click()
    yield "a form of the menu"
    page.locator("#more [data-action=menu]").click()
    page.locator("#more [data-kind=faces]").click()
    yield "the faces"
    page.locator("#more [data-action=menu]").click()
    page.locator("#more [data-kind=forwardMessages]").click()
    yield "messages that are chosen"
    page.locator("#choosing .quiet").click()
    page.locator("#files").set_input_files([{"name": "x" * 100 + end, "mimeType": "", "buffer": content} for end, content in ((".txt", b"text"), (".bin", b""))])
    expect(page.locator("#attached [role=alert]")).to_be_visible()
    expect(page.locator("#attached .state").first).to_have_text("文件" if narrow else "File")
    yield "a file and an empty one"
    for _ in range(2):
        page.locator("#attached button").first.click()
    sheet("#messages [data-action=more]", "[data-kind=react]")
    yield "the reactions"
    away()
    page.locator("#messages [data-forward]").last.click()
    expect(page.locator("#panelNodes .message").first).to_be_visible()
    yield "a forward"
    away()
    page.locator("#messages .picture").last.click()
    expect(page.locator("#viewed img")).to_be_visible()
    yield "a picture"
    away()
    yield from files(page, narrow)
    sheet("#manage")
    yield "the group's sheet"
    page.locator("#sheet [data-member='20003']").click()
    yield "a member's sheet"
    page.locator("#sheet [data-kind=giveTitle]").click()
    yield "a form of the sheet"
    away()
    expect(page.locator("#manage")).to_be_focused()  # a dialog gives the focus back
    if narrow:
        page.locator("#back").click()
        yield "the list again"
    for opener in ("#me", "#world", "[data-action=add]"):
        sheet(opener)
        yield f"the sheet of {opener}"
        away()
    page.locator("#faults summary").click()
    expect(page.locator("#faultDoc")).not_to_be_empty()
    yield "the faults"
    page.locator("#faults summary").click()
    page.locator("[data-chat=u20002]").click()
    expect(page.locator("#messages [data-empty]")).to_be_visible()
    yield "an empty chat"
    page.goto(page.url.split("#")[0] + "captcha.html?sid=none")
    expect(page.locator("main p").first).not_to_be_empty()
    yield "a captcha that is none"


def files(page, narrow):
    """Yields what the files of a group show."""
    body = page.locator("#sheetBody")
    page.locator("#openFiles").click()
    expect(body.locator("[data-empty]" if not narrow else "[data-file]").first).to_be_visible()
    yield "the files of a group"
    body.locator("input[type=file]").set_input_files([{"name": "x" * 100 + ".txt", "mimeType": "", "buffer": b"text"}])
    expect(body.locator("[data-file]").nth(1 if narrow else 0)).to_be_visible()
    body.locator("input[type=checkbox]").check()
    body.locator("input[type=file]").set_input_files([{"name": "y.bin", "mimeType": "", "buffer": b"more"}, {"name": "empty.bin", "mimeType": "", "buffer": b""}])
    expect(body.locator(".until").first).to_be_visible()
    expect(body.locator("[data-upload] [role=alert]")).to_be_visible()
    yield "files, a temporary one, and one that failed"
    body.locator("[data-file] [data-action=more]").first.click()
    yield "a file"
    body.locator("[data-kind=renameFile]").click()
    yield "another name for a file"
    page.locator("#sheetBack").click()
    page.locator("#sheetBack").click()
    body.locator("[data-action=space]").click()
    yield "the space of a group"
    page.locator("#sheetBack").click()
    body.locator("[data-action=newFolder]").click()
    body.locator("[name=name]").fill("z" * 100 + str(narrow))
    body.locator("[data-action=submit]").click()
    body.locator("[data-folder] [data-action=open]").first.click()
    expect(body.locator("[data-empty]")).to_be_visible()
    yield "an empty folder"
    page.keyboard.press("Escape")
