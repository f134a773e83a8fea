"""The chat page in Chromium, used as a person does."""

import contextlib
import json
import os
import re

from playwright.sync_api import expect, sync_playwright

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]


errors = []  # of all pages


def watched(page):
    """Notes the errors of a page, and its requests to others."""
    page.on("pageerror", lambda e: errors.append(str(e)))
    page.on("console", lambda m: errors.append(m.text) if m.type == "error" and not re.search("status of 40[39]", m.text) else None)  # a refusal
    page.on("request", lambda r: None if r.url.startswith("http://127.0.0.1:") else errors.append(f"foreign request: {r.url}"))
    return page


@contextlib.contextmanager
def browser_page():
    with sync_playwright() as p:
        browser = p.chromium.launch(executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=FLAGS)
        yield watched(browser.new_page(viewport={"width": 1180, "height": 720}, locale="en-US"))
        browser.close()
    assert not errors, errors


def open_chat(page, address):
    """Acts as Alice, in the group of the bot, once the bot is online."""
    page.goto(address)
    page.locator("#as").select_option("20001")
    page.locator("#chats").get_by_text("Libration").first.click()
    expect(page.locator("#messages > :not(#older)").first).to_be_visible()
    # The bot may still be coming online: what counts is the answer to what is said
    # once it is.
    expect(page.locator("#status")).to_contain_text(re.compile("online", re.I), timeout=30_000)


def post(page, path, body):
    """Asks the control API as the page does."""
    answer = page.evaluate("""([path, body]) => fetch(path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body })
        .then(async (r) => [r.ok, await r.text()])""", [path, json.dumps(body)])
    assert answer[0], (path, answer[1])
    return json.loads(answer[1])


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
