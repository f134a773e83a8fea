"""The methods of the standard, and those of files: what each answers, and what it does in the world of the sandbox."""

import hashlib
import secrets
import time
import urllib.request

from harness import ALICE, BOB, BOT, CAROL, GROUP, OWN

REFUSED = 100  # a retcode
# Methods that always fail: QQ has no anonymous chat any more.
FAILED = {"set_group_anonymous": REFUSED, "set_group_anonymous_ban": REFUSED}


def methods(check, sandbox, do):
    """Every method of the standard that there is, but for those of requests, forwards and files."""

    def member(uin):
        return sandbox.member(OWN, uin)

    assert do("get_login_info")["user_id"] == BOT
    assert do("get_stranger_info", user_id=BOB, no_cache=True)["nickname"] == "Bob"
    assert {f["user_id"] for f in do("get_friend_list")} == {ALICE, BOB, CAROL}
    assert do("get_group_info", group_id=OWN, no_cache=True)["member_count"] == 3
    assert {g["group_id"] for g in do("get_group_list")} == {GROUP, OWN}
    assert do("get_group_member_info", group_id=OWN, user_id=BOT, no_cache=True)["role"] == "owner"
    assert len(do("get_group_member_list", group_id=OWN)) == 3
    assert do("get_status")["online"] and do("get_version_info")["protocol_version"] == "v11"
    assert do("can_send_image")["yes"] and do("can_send_record")["yes"]

    do("send_private_msg", user_id=BOB, message="to Bob", auto_escape=True)
    do("send_msg", message_type="group", group_id=OWN, message="to the group")
    message_id = do("send_group_msg", group_id=OWN, message="[CQ:face,id=14]")["message_id"]
    assert do("get_msg", message_id=message_id)["message"][0]["type"] == "face"
    do("delete_msg", message_id=message_id)
    sent, recalled, *_ = sandbox.history(f"group={OWN}")
    assert sent["text"] == "to the group" and recalled["recalled"], (sent, recalled)

    do("send_like", user_id=ALICE, times=3)
    do("set_group_card", group_id=OWN, user_id=BOB, card="Bobby")
    do("set_group_special_title", group_id=OWN, user_id=BOB, special_title="builder")
    do("set_group_admin", group_id=OWN, user_id=BOB)
    assert {k: member(BOB)[k] for k in ("card", "title", "role")} == {"card": "Bobby", "title": "builder", "role": "admin"}, member(BOB)
    do("set_group_admin", group_id=OWN, user_id=BOB, enable=False)
    assert member(BOB)["role"] == "member"
    do("set_group_ban", group_id=OWN, user_id=BOB)
    assert 1700 < member(BOB)["mute_until"] - time.time() < 1810, member(BOB)
    do("set_group_ban", group_id=OWN, user_id=BOB, duration=0)
    assert member(BOB)["mute_until"] <= time.time()
    do("set_group_ban", fails=REFUSED, group_id=GROUP, user_id=ALICE)  # who is its owner
    do("set_group_whole_ban", group_id=OWN)
    do("set_group_name", group_id=OWN, group_name="named by NoneBot")
    group = next(g for g in sandbox.call("groups") if g["code"] == OWN)
    assert group["mute_all"] and group["name"] == "named by NoneBot", group
    do("set_group_whole_ban", group_id=OWN, enable=False)
    do("set_group_kick", group_id=OWN, user_id=BOB, reject_add_request=True)
    assert member(BOB) is None
    honors = do("get_group_honor_info", group_id=OWN, type="talkative")
    assert honors["group_id"] == OWN and isinstance(honors["talkative_list"], list), honors
    cookies, token = do("get_cookies", domain="qun.qq.com")["cookies"], do("get_csrf_token")["token"]
    assert f"uin=o{BOT}" in cookies and token > 0, token
    credentials = do("get_credentials", domain="qun.qq.com")
    assert (credentials["cookies"], credentials["csrf_token"]) == (cookies, token)
    do("set_restart", delay=3_600_000)  # accepted; the check is over before
    do("clean_cache")
    assert len(do("get_group_list")) == 2
    for method, retcode in FAILED.items():
        do(method, fails=retcode, group_id=GROUP, anonymous_flag="x", type="talkative")
    guest = sandbox.call("groups", {"name": "left soon", "owner": BOB, "members": [BOT]})["code"]
    do("set_group_leave", group_id=guest)
    assert sandbox.member(guest, BOT) is None
    do("set_group_leave", fails=REFUSED, group_id=OWN)  # its owner would disband it
    assert member(BOT)["role"] == "owner"
    check.passed("every method of the standard that there is; what may not be done, and what QQ has no more, fails")


def files(check, place, do):
    """A bot uploads to a group, lists, downloads, moves, renames and deletes; and sends a file to a friend."""
    sandbox = place.sandbox

    def fetched(url):
        with urllib.request.urlopen(url, timeout=20) as response:
            return hashlib.sha1(response.read()).hexdigest()

    def names(folder_id="/"):
        return [f["file_name"] for f in do("get_group_files_by_folder", group_id=OWN, folder_id=folder_id)["files"]]

    path, content = place.folder / ("a report 报告.txt"), secrets.token_bytes(3 << 20)
    path.write_bytes(content)
    want = hashlib.sha1(content).hexdigest()
    before = do("get_group_file_system_info", group_id=OWN)

    for source, name in ((path.as_uri(), None), (str(path), "again.bin"), ("base64://aGVsbG8=", "hello.txt")):
        there = do("upload_group_file", group_id=OWN, file=source, **({"name": name} if name else {}))
        name = name or path.name
        listed = next(f for f in do("get_group_root_files", group_id=OWN)["files"] if f["file_id"] == there["file_id"])
        assert (listed["file_name"], listed["uploader"], listed["busid"], listed["dead_time"]) == (name, BOT, 102, 0), listed
        sandbox.expect(f"group={OWN}", 0, name, kind="file")
        if name != "hello.txt":
            assert listed["file_size"] == len(content), listed
            assert fetched(do("get_group_file_url", group_id=OWN, file_id=there["file_id"])["url"]) == want
    after = do("get_group_file_system_info", group_id=OWN)
    assert after["file_count"] == before["file_count"] + 3 and after["used_space"] >= before["used_space"] + 2 * len(content), (before, after)

    reports = do("create_group_file_folder", group_id=OWN, name="reports")["folder_id"]
    assert reports in [f["folder_id"] for f in do("get_group_root_files", group_id=OWN)["folders"]]
    file = next(f for f in do("get_group_root_files", group_id=OWN)["files"] if f["file_name"] == path.name)["file_id"]
    do("move_group_file", group_id=OWN, file_id=file, parent_directory="/", target_directory=reports)
    assert names(reports) == [path.name] and path.name not in names()
    do("rename_group_file", group_id=OWN, file_id=file, current_parent_directory=reports, new_name="final.txt")
    do("rename_group_file_folder", group_id=OWN, folder_id=reports, new_folder_name="done")
    assert names("done") == ["final.txt"]
    assert fetched(do("get_group_file_url", group_id=OWN, file_id=file)["url"]) == want
    do("delete_group_file", group_id=OWN, file_id=file)
    do("get_group_file_url", fails=REFUSED, group_id=OWN, file_id=file)
    do("delete_group_folder", group_id=OWN, folder_id=reports)
    for f in do("get_group_root_files", group_id=OWN)["files"]:
        do("delete_group_file", group_id=OWN, file_id=f["file_id"], busid=f["busid"])
    left = do("get_group_root_files", group_id=OWN)
    assert left["files"] == left["folders"] == [], left
    assert do("get_group_file_system_info", group_id=OWN) == before

    assert sandbox.call(f"groups/{OWN}/files")["total"] == 0
    sandbox.call(f"groups/{OWN}/space", {"total": 10}, "PATCH")
    do("upload_group_file", fails=REFUSED, group_id=OWN, file=path.as_uri())
    there = do("upload_group_file", group_id=OWN, file=path.as_uri(), temporary=True)
    assert there["busid"] == 104 and fetched(do("get_group_file_url", group_id=OWN, file_id=there["file_id"])["url"]) == want
    do("delete_group_file", group_id=OWN, file_id=there["file_id"])
    sandbox.call(f"groups/{OWN}/space", {"total": 0}, "PATCH")

    theirs = {"from": ALICE, "group": GROUP, "name": "fetch me.txt", "base64": "aGVsbG8="}
    seq = sandbox.call("files", theirs)["sequence"]
    sandbox.expect(f"group={GROUP}", seq, "fetched fetch me.txt " + hashlib.sha1(b"hello").hexdigest())
    do("delete_group_file", fails=REFUSED, group_id=GROUP, file_id=do("get_group_root_files", group_id=GROUP)["files"][0]["file_id"])

    there = do("upload_private_file", user_id=ALICE, file=path.as_uri())
    sandbox.expect(f"a={ALICE}&b={BOT}", 0, path.name, kind="file")
    assert fetched(do("get_private_file_url", user_id=ALICE, file_id=there["file_id"], file_hash=there["file_hash"])["url"]) == want
    do("upload_private_file", fails=REFUSED, user_id=ALICE, file=path.as_uri() + ".gone")
    check.passed("files of a group: uploaded, listed, downloaded, moved, renamed and deleted, bytes compared; one sent to a friend")
