"""Reading and writing in long chats and large groups; the sandbox goes away and comes back."""

import re

from browser import post, say, sent
from playwright.sync_api import expect

GROUP = 730000001


def read_older(page):
    """Reads a chat from its end to its beginning, after a reload, by scrolling and by the button."""
    made = post(page, "/api/load", {"group": GROUP, "count": 150, "users": [20002]})
    assert made["sent"] == 150, made
    page.reload()
    rows = page.locator("#messages [data-seq]")
    expect(rows.last).to_contain_text("load 149")
    expect(rows).to_have_count(60)
    first = rows.first.get_attribute("data-seq")
    page.wait_for_timeout(1000)  # pictures come: until then the page stays at the end by itself
    page.locator("#messages").evaluate("(e) => { e.scrollTop = 50; }")
    expect(rows).to_have_count(120)
    visible = page.evaluate("(seq) => { const r = document.querySelector(`#messages [data-seq='${seq}']`).getBoundingClientRect(); return r.top < innerHeight && r.bottom > 0; }", first)
    assert visible, "the message that was read is out of sight"
    page.locator("#older").focus()
    page.keyboard.press("Enter")
    expect(rows).to_have_count(150)
    expect(page.locator("#older")).to_be_hidden()
    assert page.evaluate("document.activeElement.id") == "messages"  # where the button was
    sequences = [int(n) for n in rows.evaluate_all("(all) => all.map((e) => e.dataset.seq)")]
    assert sequences == list(range(sequences[0], sequences[0] + 150)), sequences
    # What is new comes below, and whoever reads older messages stays there.
    post(page, "/api/send", {"as": 20002, "group": GROUP, "text": "new"})
    expect(rows.last).to_contain_text("new")
    assert page.locator("#messages").evaluate("(e) => e.scrollHeight - e.scrollTop - e.clientHeight > 500")
    expect(page.locator("#told")).to_have_text("Bob: new")
    print(f"  {len(sequences)} messages read from the end to the beginning")


def mention(page, call):
    """Members are completed by keyboard and pointer; the account gets a mention."""
    post(page, "/api/users", {"uin": 20009, "nickname": "Bob"})
    post(page, f"/api/groups/{GROUP}/members", {"uin": 20009})
    box, options = page.locator("#input"), page.locator("#people [role=option]")
    expect(page.locator("#detail")).to_contain_text("5 members")

    def chosen():
        return page.evaluate("document.getElementById(document.getElementById('input').getAttribute('aria-activedescendant'))?.dataset.uin")

    def segments():
        return [(s["type"], s["data"].get("qq") or s["data"].get("text")) for s in call("get_group_msg_history", f"group_id={GROUP}", "count=1")["messages"][0]["message"]]

    box.fill("")
    box.press_sequentially("hi @BO")
    expect(options).to_have_count(2)  # two are called Bob: the text has the number
    box.press("ArrowDown")
    assert chosen() == "20009", chosen()
    box.press("ArrowDown")
    assert chosen() == "20002", chosen()
    box.press("ArrowUp")
    box.press("Enter")
    expect(page.locator("#people")).to_be_hidden()
    expect(box).to_have_value("hi @Bob(20009) ")
    message = sent(page, lambda: box.press("Enter"))
    expect(message.locator(".mention")).to_have_text("@Bob")
    assert segments()[:2] == [("text", "hi "), ("at", "20009")], segments()

    # By number, and by the pointer; Escape leaves the text alone, Tab takes.
    page.locator("#at").click()
    expect(options).to_have_count(6)
    box.press("Escape")
    expect(page.locator("#people")).to_be_hidden()
    expect(box).to_have_value("@")
    box.press_sequentially("20003")
    expect(options).to_have_count(1)
    options.first.click()
    expect(box).to_have_value("@Carol ")
    box.press_sequentially("@alic")
    box.press("Tab")
    expect(box).to_have_value("@Carol @Alice ")
    sent(page, lambda: page.locator("#send").click())
    assert [s for s in segments() if s[0] == "at"] == [("at", "20003"), ("at", "20001")], segments()
    box.press_sequentially("me@alice")  # an address
    expect(page.locator("#people")).to_be_hidden()
    box.fill("")
    print("  members mentioned by keyboard, by number and by pointer; received as mentions")


def come_back(browser, place, sandbox):
    """The sandbox stops and starts again, with another world: the page says so and goes on."""
    page = browser.new_page(locale="en-US")
    errors = []
    page.on("pageerror", lambda e: errors.append(str(e)))
    page.goto(place.page + f"#as=20001&chat=g{GROUP}")
    expect(page.locator("#messages .message").first).to_be_visible()
    lost = page.locator("#lost")
    expect(lost).to_be_hidden()
    sandbox.stop()
    expect(lost).to_be_visible()
    page.locator("#input").fill("lost?")
    page.locator("#send").click()
    expect(page.locator("#toast")).to_have_text("The sandbox does not answer")
    place.start_sandbox("--auto-approve", "10001")
    expect(lost).to_be_hidden(timeout=20_000)
    expect(page.locator("#messages .message")).to_have_count(0)
    expect(page.locator("#input")).to_have_value("lost?")
    sent_now = page.locator("#messages [data-seq='1']")
    page.locator("#send").click()
    expect(sent_now).to_contain_text("lost?")
    expect(page.locator("#status")).to_contain_text(re.compile("online"), timeout=30_000)
    say(page, "back")
    expect(page.locator("#messages [data-seq='2']")).to_contain_text("back")
    assert not errors, errors
    page.close()
    print("  the sandbox stopped and started again: the page said so and went on")
