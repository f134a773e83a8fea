"""What people do besides writing, by hand."""

from browser import act_as, deed, say, sent, sheet
from playwright.sync_api import expect


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
