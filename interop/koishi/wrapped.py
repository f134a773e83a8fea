"""Every method that Koishi's adapter wraps: what it returns, and that it did what it says."""

import time

from harness import ALICE, BOB, BOT, CAROL, GROUP, OWN

PIXEL = "base64://R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
REFUSED, MISSING = 100, 1404  # retcodes
# What the adapter wraps and QQ, or this version, has not; with arguments.
FAILED = {
    "setGroupAnonymous": (REFUSED, OWN), "setGroupAnonymousBan": (REFUSED, OWN, "flag", 60),
    "getWordSlices": (MISSING, "x"), "getModelShow": (MISSING, "x"), "setModelShow": (MISSING, "x", "y"),
    "qidianGetLoginInfo": (MISSING,), "getVipInfo": (MISSING, ALICE),
    "getGuildMetaByGuest": (MISSING, "1"), "getGuildChannelList": (MISSING, "1"),
    "getGuildMemberList": (MISSING, "1"), "getGuildMemberProfile": (MISSING, "1", "2"), "sendGuildChannelMsg": (MISSING, "1", "2", "x"),
}


def methods(talk):
    called = set()

    def do(method, *args, **how):
        called.add(method)
        return talk.do("." + method, *args, **how)

    itself(do)
    messages(talk, do)
    people(talk, do)
    groups(talk, do)
    files(talk, do)
    do("setRestart", 3_600_000, fails=1)  # long after this: accepted, which the adapter throws
    for method, (retcode, *args) in FAILED.items():
        do(method, *args, fails=retcode)
    wrapped = set(talk.do(":wrapped"))
    # The requests are answered by the adapter's own handlers; see Talk.people.
    assert wrapped - called == {"setFriendAddRequest", "setGroupAddRequest"}, (wrapped - called, called - wrapped)
    talk.check.passed(f"{len(called) - len(FAILED)} methods that the adapter wraps, {len(FAILED)} that QQ or this version has not")
    # They throw the code with which an action is accepted.
    assert talk.do(".setGroupCardAsync", OWN, ALICE, "accepted", fails=1) == 1
    talk.until("the card", lambda: talk.sandbox.member(OWN, ALICE)["card"] == "accepted")
    talk.check.passed("a method ...Async works, and throws 1")


def itself(do):
    assert do("getLoginInfo")["user_id"] == BOT
    assert do("getStatus")["online"] and do("getVersionInfo")["protocol_version"] == "v11"
    assert do("canSendImage") and do("canSendRecord")
    cookies, token = do("getCookies", "qun.qq.com"), do("getCsrfToken")
    assert f"uin=o{BOT}" in cookies and token > 0
    assert do("getCredentials", "qun.qq.com")["cookies"] == cookies
    assert do("getOnlineClients", True) is not None
    assert do("checkUrlSafely", "https://example.com/") in (1, 2, 3)
    assert do("getGuildServiceProfile")["tiny_id"] in ("", "0") and do("getGuildList") == []
    do("reloadEventFilter")
    do("cleanCache")
    do("setOnlineStatus", 10, 1028, 0)
    do("setQqProfile", "renamed", "", "", "", "by Koishi")
    do("setQqAvatar", PIXEL)
    do("uploadImage", PIXEL)  # the adapter keeps what it returns to itself
    assert do("ocrImage", PIXEL)["texts"] == []


def messages(talk, do):
    group = f"group={OWN}"
    message_id = do("sendGroupMsg", OWN, "[CQ:face,id=14]&#91;x&#93;")
    assert [s["type"] for s in do("getMsg", message_id)["message"]] == ["face", "text"]
    do("sendPrivateMsg", BOB, "to Bob", True)
    do("sendMsg", None, OWN, "to the group")
    node = {"type": "node", "data": {"name": "Ann", "uin": str(ALICE), "content": [{"type": "text", "data": {"text": "inside"}}]}}
    do("sendGroupForwardMsg", OWN, [node])
    do("sendPrivateForwardMsg", str(ALICE), [node, node])
    sent = talk.sandbox.history(group)
    assert [m["segments"][0]["type"] for m in sent[-3:]] == ["face", "text", "forward"], sent
    assert do("getForwardMsg", sent[-1]["segments"][0]["id"])[0]["content"][0]["data"]["text"] == "inside"
    assert do("getGroupMsgHistory", OWN)["messages"][-3]["message_id"] == message_id
    assert do("getFriendMsgHistory", BOB, None, 5)[-1]["raw_message"] == "to Bob"
    do("markMsgAsRead", message_id)
    do("setMsgEmojiLike", message_id, "76", True)
    do("setEssenceMsg", message_id)
    assert [m["message_id"] for m in do("getEssenceMsgList", OWN)] == [message_id]
    do("deleteEssenceMsg", message_id)
    do("deleteMsg", message_id)
    assert next(m for m in talk.sandbox.history(group) if m["segments"][0]["type"] == "face")["recalled"]
    picture = next(s for m in do("getGroupMsgHistory", GROUP)["messages"] for s in m["message"] if s["type"] == "image")
    assert do("getImage", picture["data"]["file"])["size"]
    voice = next(s for m in do("getFriendMsgHistory", ALICE, None, 50) for s in m["message"] if s["type"] == "record")
    assert do("getRecord", voice["data"]["file"], "wav")["file"].endswith(".wav")


def people(talk, do):
    assert do("getStrangerInfo", BOB, True)["nickname"] == "Bob"
    assert {f["user_id"] for f in do("getFriendList")} >= {ALICE, BOB, CAROL}
    do("sendLike", BOB, 3)
    stray = talk.sandbox.call("users", {"nickname": "Stray"})["uin"]
    talk.sandbox.call("friends", {"a": BOT, "b": stray})
    talk.until("a new friend", lambda: stray in {f["user_id"] for f in do("getFriendList")})
    do("deleteFriend", stray)  # who still has the account among theirs
    assert [f["user_id"] for f in do("getUnidirectionalFriendList")] == [stray]
    do("deleteUnidirectionalFriend", stray)
    assert do("getUnidirectionalFriendList") == []


def groups(talk, do):
    def member(uin=BOB):
        return talk.sandbox.member(OWN, uin)

    assert do("getGroupInfo", OWN, True)["group_id"] == OWN
    assert {g["group_id"] for g in do("getGroupList", True)} >= {GROUP, OWN}
    assert do("getGroupMemberInfo", OWN, BOT, True)["role"] == "owner"
    assert BOB in {m["user_id"] for m in do("getGroupMemberList", OWN)}
    assert do("getGroupHonorInfo", OWN, "talkative")["group_id"] == OWN
    assert do("getGroupSystemMsg")["join_requests"]
    assert do("getGroupAtAllRemain", OWN)["can_at_all"]
    do("sendGroupSign", OWN)
    assert [m["user_id"] for m in do("getGroupSignedList", OWN)] == [BOT]
    do("setGroupCard", OWN, BOB, "Bobby")
    do("setGroupSpecialTitle", OWN, BOB, "builder")
    do("setGroupAdmin", OWN, BOB, True)
    assert {k: member()[k] for k in ("card", "title", "role")} == {"card": "Bobby", "title": "builder", "role": "admin"}, member()
    do("setGroupAdmin", OWN, BOB, False)
    do("setGroupBan", OWN, BOB, 600)
    assert 500 < member()["mute_until"] - time.time() < 610, member()
    do("setGroupBan", OWN, BOB, 0)
    do("setGroupWholeBan", OWN, True)
    do("setGroupName", OWN, "named by Koishi")
    group = next(g for g in talk.sandbox.call("groups") if g["code"] == OWN)
    assert group["mute_all"] and group["name"] == "named by Koishi", group
    do("setGroupWholeBan", OWN, False)
    do("setGroupPortrait", OWN, PIXEL, 1)
    do("sendGroupNotice", OWN, "read this", PIXEL, 0, 1)
    notice = do("getGroupNotice", OWN)[0]
    assert notice["message"]["text"] == "read this", notice
    do("delGroupNotice", OWN, notice["notice_id"])
    assert do("getGroupNotice", OWN) == []
    do("setGroupKick", OWN, BOB, False)
    assert member() is None
    guest = talk.sandbox.call("groups", {"name": "left soon", "owner": BOB, "members": [BOT]})["code"]
    do("setGroupLeave", guest, False)
    assert talk.sandbox.member(guest, BOT) is None
    # The same by Koishi's own methods.
    talk.sandbox.call(f"groups/{OWN}/members", {"uin": BOB, "by": BOT})
    assert talk.do("getGuildMember", str(OWN), str(BOB))["user"]["name"] == "Bob"
    assert str(OWN) in {g["id"] for g in talk.do("getGuildList")["data"]}
    talk.do("muteGuildMember", str(OWN), str(BOB), 60_000)
    assert 50 < member()["mute_until"] - time.time() < 61, member()
    assert talk.do("getMessageList", str(OWN))["data"]
    talk.do("kickGuildMember", str(OWN), str(BOB), False)
    assert member() is None


def files(talk, do):
    def root():
        there = do("getGroupRootFiles", OWN)
        return {f["file_name"]: f for f in there["files"]}, {f["folder_name"]: f for f in there["folders"]}

    path = talk.place.folder / "a.txt"
    path.write_bytes(b"a file")
    do("uploadGroupFile", OWN, str(path), "a.txt")
    do("createGroupFileFolder", OWN, None, "papers")
    there, folders = root()
    folder, file = folders["papers"]["folder_id"], there["a.txt"]
    assert do("getGroupFileSystemInfo", OWN)["file_count"] >= 1
    assert do("getGroupFileUrl", OWN, file["file_id"], file["busid"]).startswith("http")
    do("moveGroupFile", OWN, file["file_id"], "/", folder)
    assert [f["file_name"] for f in do("getGroupFilesByFolder", OWN, folder)["files"]] == ["a.txt"]
    do("renameGroupFileFolder", OWN, folder, "old papers")
    assert "old papers" in root()[1]
    do("deleteGroupFile", OWN, folder, file["file_id"], file["busid"])
    do("deleteGroupFolder", OWN, folder)
    do("createGroupFileFolder", OWN, None, "empty")
    do("deleteGroupFileFolder", OWN, root()[1]["empty"]["folder_id"])
    assert root() == ({}, {}), root()
    sent = do("uploadPrivateFile", ALICE, str(path), "b.txt")
    assert sent is None  # the adapter hands the result of no upload on
    listed = next(s["data"] for m in do("getFriendMsgHistory", ALICE, None, 5) for s in m["message"] if s["type"] == "file")
    assert do("getPrivateFileUrl", ALICE, listed["file_id"], listed.get("file_hash", "")).startswith("http")
    assert do("downloadFile", listed["url"], "", 1)
