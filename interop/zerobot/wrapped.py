"""Every method of ZeroBot's context that calls an action: what it returns, and that it did what it says."""

import time

from harness import ALICE, BOB, BOT, GROUP, OWN

PIXEL = "base64://R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
REFUSED, MISSING = 100, 1404  # retcodes
# What the context wraps and QQ, or this version, has not; with arguments.
FAILED = {
    "SetGroupAnonymous": (REFUSED, OWN, True), "CreateCollection": (MISSING,), "GetCollectionList": (MISSING,),
    "GetRobotUinRange": (MISSING,), "GetWordSlices": (MISSING, "x"), "TranslateEn2Zh": (MISSING, ["x"]),
    "MarkAllAsRead": (MISSING,), "SendGuildChannelMessage": (MISSING, "1", "2", "x"),
}
# Methods of the framework that call no action, or whose action is that of a method without "This".
OTHERS = {
    "Block", "Break", "CheckSession", "Echo", "ExtractPlainText", "FutureEvent", "Get", "GetMatcher", "MessageString", "NickName",
    "NoTimeout", "Parse", "Send", "SendChain", "CallAction", "CallActionWithContext",
    "SetFriendAddRequest", "SetGroupAddRequest",  # see Talk.people
    "CardOrNickName",
}


def methods(talk):
    called = set()

    def do(method, *args, fails=0):
        """Calls a method; returns its results, one as itself. Its actions have to get the retcode."""
        called.add(method)
        results, codes = talk.do(method, *args)
        assert codes and all(c.endswith(f":{fails}") for c in codes), (method, args, codes, results)
        return results[0] if len(results or []) == 1 else results

    itself(do)
    messages(talk, do)
    people(talk, do)
    groups(talk, do)
    files(talk, do)
    for method, (retcode, *args) in FAILED.items():
        do(method, *args, fails=retcode)
    wrapped = {m for m in talk.do(":methods")[0] if "This" not in m} - OTHERS
    assert wrapped == called, (wrapped - called, called - wrapped)
    talk.check.passed(f"{len(called) - len(FAILED)} methods of the context, {len(FAILED)} that QQ or this version has not")


def itself(do):
    assert do("GetLoginInfo")["user_id"] == BOT
    assert do("GetVersionInfo")["app_name"] == "Libration"
    assert do("GetOnlineClients", True)["clients"] is not None
    do("SetOnlineStatus", 10, 1028, 0)
    do("SetSelfLongNick", "by ZeroBot")
    do("SetMyAvatar", PIXEL)
    assert do("OCRImage", PIXEL)["texts"] == []


def messages(talk, do):
    group = f"group={OWN}"
    message_id = do("SendGroupMessage", OWN, "[CQ:face,id=14]&#91;x&#93;")
    got = do("GetMessage", message_id)
    assert [s["type"] for s in got["Elements"]] == ["face", "text"] and got["Sender"]["user_id"] == BOT, got
    assert do("SendPrivateMessage", BOB, [{"type": "text", "data": {"text": "to Bob"}}]) != 0
    node = {"type": "node", "data": {"name": "Ann", "uin": str(ALICE), "content": "inside"}}
    assert do("SendGroupForwardMessage", OWN, [node])["message_id"]
    assert do("SendPrivateForwardMessage", ALICE, [node, node])["message_id"]
    number, res_id = do("SendForwardMessage", "group", 0, OWN, [node])
    assert number and do("GetForwardMessage", res_id)["messages"][0]["raw_message"] == "inside"
    assert [m["segments"][0]["type"] for m in talk.sandbox.history(group)[-3:]] == ["face", "forward", "forward"]
    assert do("GetGroupMessageHistory", OWN, message_id, 1, False)["messages"][-1]["message_id"] == message_id
    assert do("GetLatestGroupMessageHistory", OWN, 2, False)["messages"][-1]["message_id"] == number
    assert do("GetFriendMessageHistory", str(BOB), "0", 5, False)["messages"][-1]["raw_message"] == "to Bob"
    assert do("GetRecentContact", 5)
    do("SetMessageEmojiLike", message_id, 76)
    do("SetGroupEssenceMessage", message_id)
    assert [m["message_id"] for m in do("GetGroupEssenceMessageList", OWN)] == [message_id]
    do("DeleteGroupEssenceMessage", message_id)
    do("ForwardFriendSingleMessage", BOB, message_id)
    do("ForwardGroupSingleMessage", GROUP, message_id)
    do("MarkMessageAsRead", message_id)
    do("MarkGroupMessageAsRead", OWN)
    do("MarkPrivateMessageAsRead", ALICE)
    do("DeleteMessage", message_id)
    assert next(m for m in talk.sandbox.history(group) if m["segments"][0]["type"] == "face")["recalled"]
    received = [s["data"] | {"type": s["type"]} for m in do("GetFriendMessageHistory", str(ALICE), "0", 50, False)["messages"] for s in m["message"]]
    assert do("GetImage", next(s for s in received if s["type"] == "image")["file"])["size"]
    assert do("GetRecord", next(s for s in received if s["type"] == "record")["file"], "wav")["file"].endswith(".wav")
    assert do("GetFile", next(s for s in received if s["type"] == "file")["file_id"])["file"]


def people(talk, do):
    assert do("GetStrangerInfo", BOB, True)["nickname"] == "Bob"
    assert talk.do("CardOrNickName", BOB)[0] == ["Bob"]  # in private it asks for a member of group 0 first
    assert BOB in {f["user_id"] for f in do("GetFriendList")}
    assert do("GetFriendsWithCategory")[0]["buddyList"]
    do("SendLike", BOB, 3)
    assert do("GetProfileLike")["uid"]
    do("FriendPoke", ALICE)
    assert do("FetchCustomFace", 5) == []
    assert do("ArkSharePeer", str(ALICE), "")


def groups(talk, do):
    def member(uin=BOB):
        return talk.sandbox.member(OWN, uin)

    assert do("GetGroupInfo", OWN, True)["group_id"] == OWN
    assert OWN in {g["group_id"] for g in do("GetGroupList")}
    assert do("GetGroupMemberInfo", OWN, BOT, True)["role"] == "owner"
    assert BOB in {m["user_id"] for m in do("GetGroupMemberList", OWN)}
    assert BOB in {m["user_id"] for m in do("GetGroupMemberListNoCache", OWN)}
    assert do("GetGroupHonorInfo", OWN, "talkative")["group_id"] == OWN
    assert do("GetGroupSystemMessage")["join_requests"]
    assert do("GetGroupAtAllRemain", OWN)["can_at_all"]
    do("SetGroupSign", OWN)
    do("SetGroupCard", OWN, BOB, "Bobby")
    do("SetGroupSpecialTitle", OWN, BOB, "builder")
    do("SetGroupAdmin", OWN, BOB, True)
    assert {k: member()[k] for k in ("card", "title", "role")} == {"card": "Bobby", "title": "builder", "role": "admin"}, member()
    do("SetGroupAdmin", OWN, BOB, False)
    do("SetGroupBan", OWN, BOB, 600)
    assert 500 < member()["mute_until"] - time.time() < 610, member()
    do("SetGroupBan", OWN, BOB, 0)
    do("SetGroupWholeBan", OWN, True)
    do("SetGroupName", OWN, "named by ZeroBot")
    group = next(g for g in talk.sandbox.call("groups") if g["code"] == OWN)
    assert group["mute_all"] and group["name"] == "named by ZeroBot", group
    do("SetGroupWholeBan", OWN, False)
    do("SetGroupPortrait", OWN, PIXEL)
    do("GroupPoke", OWN, BOB)
    do("SendPoke", OWN, BOB)
    assert do("ArkShareGroup", str(OWN))
    character = do("GetAICharacters", OWN, 1)[0]["characters"][0]["character_id"]
    assert do("GetAIRecord", character, OWN, "read aloud")
    assert do("SendGroupAIRecord", character, OWN, "read aloud")
    do("SetGroupKick", OWN, BOB, False)
    assert member() is None
    guest = talk.sandbox.call("groups", {"name": "left soon", "owner": BOB, "members": [BOT]})["code"]
    do("SetGroupLeave", guest, False)
    assert talk.sandbox.member(guest, BOT) is None
    do("SetGroupBan", GROUP, ALICE, 60, fails=REFUSED)  # who is its owner
    assert do("SetMessageEmojiLike", 1, 76, fails=REFUSED) is None  # no such message, and no error


def files(talk, do):
    path = talk.place.folder / "a.txt"
    path.write_bytes(b"a file")
    do("UploadGroupFile", OWN, str(path), "a.txt", "")
    file = next(f for f in do("GetGroupRootFiles", OWN)["files"] if f["file_name"] == "a.txt")
    assert do("GetGroupFileURL", OWN, file["busid"], file["file_id"]).startswith("http")
    assert do("GetGroupFilesystemInfo", OWN)["file_count"] >= 1
    assert do("GetGroupFilesByFolder", OWN, "/")["files"]
