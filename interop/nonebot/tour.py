"""Others do everything once."""

import harness

# What others do, by the class that NoneBot reads it as. The last two are for what the standard has not.
EVENTS = {
    "FriendRequestEvent": "request.friend",
    "GroupRequestEvent": "request.group.add request.group.invite",
    "FriendAddNoticeEvent": "notice.friend_add",
    "FriendRecallNoticeEvent": "notice.friend_recall",
    "GroupRecallNoticeEvent": "notice.group_recall",
    "GroupAdminNoticeEvent": "notice.group_admin.set notice.group_admin.unset",
    "GroupBanNoticeEvent": "notice.group_ban.ban notice.group_ban.lift_ban",
    "GroupIncreaseNoticeEvent": "notice.group_increase.approve notice.group_increase.invite",
    "GroupDecreaseNoticeEvent": " ".join(f"notice.group_decrease.{sub}" for sub in ("leave", "kick", "kick_me", "disband")),
    "GroupUploadNoticeEvent": "notice.group_upload",
    "HonorNotifyEvent": "notice.notify.honor",
    "LuckyKingNotifyEvent": "notice.notify.lucky_king",
    "PokeNotifyEvent": "notice.notify.poke",
    "NotifyEvent": "notice.notify.gray_tip notice.notify.input_status notice.notify.poke_recall notice.notify.title",
    "NoticeEvent": "notice.client_status notice.essence.add notice.essence.delete notice.group_card notice.group_name_change"
    " notice.notify.poke_recall notice.notify.profile_like notice.offline_file notice.online_file_receive.cancel"
    " notice.online_file_send.receive notice.online_file_send.refuse notice.reaction.add notice.reaction.remove",
}


def tour(check, sandbox, bot):
    """Others do everything once: each event is of the class that NoneBot has for it."""
    before = len(bot.said("SAW "))
    want = {f"{kind} {name}" for kind, names in EVENTS.items() for name in names.split()}

    def heard():
        return {line.removeprefix("SAW ") for line in bot.said("SAW ")[before:]}

    # A bot that answers its requests by itself is ahead of the tour.
    late = [step for step in sandbox.tour(pause="20ms") if step.get("error")]
    assert all("group-requests/answer" in step["request"] for step in late), late
    try:
        bot.wait_until("all of the tour", lambda: heard() >= want)
    except harness.Failed:
        raise harness.Failed(f"missing: {want - heard()}") from None
    assert heard() == want, f"not expected: {heard() - want}"
    check.passed(f"a tour of everything: {len(want)} kinds of events, each of its class")
