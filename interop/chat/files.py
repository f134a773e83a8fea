"""Files: dropped into a group and a chat, saved, moved, sent on and deleted."""

import pathlib
import subprocess
import time
import urllib.request

from browser import act_as, deed, newest, say, sent, sheet
from menu import give_files
from playwright.sync_api import expect

MOON = bytes(range(256)) * 5000


def fetched(address):
    with urllib.request.urlopen(address, timeout=20) as answer:
        return answer.read()


def back(call):
    """Waits for the account, whose connection the sandbox has closed."""
    end = time.monotonic() + 30
    while True:
        try:
            return call("get_group_root_files", "group_id=730000001")
        except subprocess.CalledProcessError:
            assert time.monotonic() < end, "the account is not back within 30 s"
            time.sleep(0.2)


def files(page, call):
    body = page.locator("#sheetBody")
    rows = body.locator("[data-file]")

    def on_file(which, *path, **fields):
        rows.filter(has_text=which).locator("[data-action=more]").click()
        for step in path:
            body.locator(step).click()
        for field, value in fields.items():
            box = body.locator(f"[name={field}]")
            if box.evaluate("(e) => e.tagName") == "SELECT":
                box.select_option(label=value)
            else:
                box.fill(value)
        if body.locator("[data-action=submit]").count():
            body.locator("[data-action=submit]").click()
        expect(body.locator(".files")).to_be_visible()

    def saved(link):
        with page.expect_download() as download:
            link.click()
        return download.value.suggested_filename, pathlib.Path(download.value.path()).read_bytes()

    # A drop on the list of files: it is there, is shown in the chat, and comes back byte by byte.
    act_as(page, 20001)
    page.locator("#chats").get_by_text("Libration").first.click()
    page.locator("#openFiles").click()
    expect(body.locator("[data-empty]")).to_be_visible()
    give_files(page, "drop", ("moon & <b>.bin", MOON))
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("moon & <b>.bin")
    expect(rows).to_contain_text("1.2 MiB · Alice")
    assert saved(rows.locator("[data-action=download]")) == ("moon & _b_.bin", MOON)
    expect(body.locator(".space")).to_contain_text("1.2 MiB of 10 GiB used, 1 of 10000 files")
    listed = back(call)["files"]  # the step before this one has ended with a reset
    assert [(f["file_name"], f["file_size"]) for f in listed] == [("moon & <b>.bin", len(MOON))], listed
    assert fetched(call("get_group_file_url", "group_id=730000001", "file_id=" + listed[0]["file_id"])["url"]) == MOON

    # Folders, by the keyboard; names; a file moves.
    body.locator("[data-action=newFolder]").press("Enter")
    page.keyboard.press("Control+A")
    page.keyboard.type("Papers")
    page.keyboard.press("Enter")
    expect(body.locator("[data-folder]")).to_contain_text("0 files")
    on_file("moon", deed("renameFile"), name="earth.bin")
    on_file("earth.bin", deed("moveFile"), folder="Papers")
    expect(rows).to_have_count(0)
    expect(body.locator("[data-folder]")).to_contain_text("1 file")
    body.locator("[data-folder] [data-action=open]").press("Enter")
    expect(rows).to_contain_text("earth.bin")
    # It goes on to another chat.
    on_file("earth.bin", deed("forwardFile"), to="second group")
    page.locator("#sheetBack").press("Enter")
    expect(body.locator("[data-folder]")).to_be_visible()

    # A full space: refused in words; as a temporary file it comes, and is kept once there is room.
    body.locator("[data-action=space]").click()
    body.locator(deed("fillSpace")).click()
    expect(body.locator(".space")).to_contain_text("Full")
    give_files(page, "drop", ("notes.txt", b"notes"))
    expect(body.locator("[data-upload] [role=alert]")).to_contain_text("space is full")
    body.get_by_label("as temporary files").check()
    body.locator("[data-upload] [data-action=again]").click()
    expect(rows.filter(has_text="notes.txt")).to_contain_text("temporary, until")
    expect(body.locator("[data-upload]")).to_have_count(0)
    body.locator("[data-action=space]").click()
    body.locator("[name=total]").fill("100")
    body.locator("[name=temporary_seconds]").fill("2")
    body.locator("[data-action=submit]").click()
    on_file("notes.txt", deed("keepFile"))
    give_files(page, "drop", ("for a time.txt", b"soon gone"))
    expect(rows).to_have_count(2)
    expect(rows).to_have_count(1, timeout=20_000)
    expect(rows.filter(has_text="notes.txt")).not_to_contain_text("temporary")

    # Somebody else may look, save and upload, but not delete what is Alice's.
    page.keyboard.press("Escape")
    act_as(page, 20003)
    page.locator("#openFiles").click()
    rows.filter(has_text="notes.txt").locator("[data-action=more]").click()
    body.locator(deed("deleteFile")).click()
    body.locator("[data-action=submit]").click()
    expect(page.locator("#sheet #toast")).to_contain_text("may not change the file")
    page.keyboard.press("Escape")
    act_as(page, 20001)
    page.locator("#openFiles").click()
    on_file("notes.txt", deed("deleteFile"))
    expect(rows).to_have_count(0)
    body.locator("[data-folder] [data-action=more]").click()
    body.locator(deed("deleteFolder")).click()
    body.locator("[data-action=submit]").click()
    expect(body.locator("[data-empty]")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#messages .note").last).to_have_text("Alice deleted the folder Papers")
    expect(page.locator("#messages .of-file").first).to_contain_text("The file is gone")

    # In chats: dropped, with what else is sent; the bubble has the file.
    give_files(page, "drop", ("a.txt", b"some text"))
    expect(page.locator("#attached")).to_contain_text("File")
    message = sent(page, lambda: say(page, ""))
    expect(message.locator(".of-file")).to_contain_text("a.txt")
    expect(message.locator(".of-file")).to_contain_text("9 B")
    assert saved(message.locator("[data-action=download]")) == ("a.txt", b"some text")
    page.locator("#chats").get_by_text("second group").click()
    expect(newest(page).locator(".of-file")).to_contain_text("earth.bin")

    # To one person, here the account, which downloads it.
    page.locator("#chats [data-chat=u10001]").click()
    expect(page.locator("#openFiles")).to_be_hidden()
    give_files(page, "drop", ("private.bin", MOON[:1000]))
    expect(page.locator("#attached")).to_contain_text("private.bin")
    page.locator("#send").click()
    bubble = page.locator("#messages .of-file").last
    expect(bubble).to_contain_text("private.bin")
    assert saved(bubble.locator("[data-action=download]")) == ("private.bin", MOON[:1000])
    heard = call("get_friend_msg_history", "user_id=20001", "count=1")["messages"][-1]["message"]
    assert [s["type"] for s in heard] == ["file"] and heard[0]["data"]["name"] == "private.bin", heard
    assert fetched(call("get_private_file_url", "user_id=20001", "file_id=" + heard[0]["data"]["file_id"])["url"]) == MOON[:1000]
    # What the account uploads comes while the files are looked at.
    page.locator("#chats").get_by_text("Libration 沙盒").click()
    page.locator("#openFiles").click()
    expect(rows).to_have_count(1)
    call("upload_group_file", "group_id=730000001", "file=base64://bW9vbg==", "name=from the bot.txt")
    expect(rows.first).to_contain_text("from the bot.txt")
    expect(rows.first).to_contain_text("4 B · 小振 Libration")
    assert saved(rows.first.locator("[data-action=download]")) == ("from the bot.txt", b"moon")
    page.keyboard.press("Escape")

    # Back at the beginning there are no files.
    sheet(page, "#world", deed("reset"))
    page.locator("#openFiles").click()
    expect(body.locator(".space")).to_contain_text("0 of 10000 files")
    page.keyboard.press("Escape")
    back(call)
    print("  files dropped into a group and a chat; saved, moved, sent on, kept and deleted")
