"""Where this service is meant to be otherwise than a foreign model says: a reason, and what it is about. Words in
braces stand for several lines. A difference that is not here fails the check, and so does one that is not there any more."""

import itertools
import re

NONEBOT = [
    (
        "the standard has no such notice, and the adapter no class: the fields are there by name",
        "notice.{bot_online bot_offline client_status essence.add essence.delete group_card offline_file}: NoticeEvent",
        "notice.{online_file_receive.cancel online_file_send.receive online_file_send.refuse}: NoticeEvent",
        "notice.{group_name_change reaction.add reaction.remove group_msg_emoji_like}: NoticeEvent",
        "notice.notify.{title input_status gray_tip group_name}: NotifyEvent",
    ),
    (
        "the adapter wants a group in every notify but a poke, and these are about no group",
        "notice.notify.{profile_like poke_recall}: NoticeEvent",
    ),
    ("the same in a group", "notice.notify.poke_recall: NotifyEvent"),
    (
        "the adapter knows no messages of the account itself; only those who ask for them get them (report_self)",
        "message_sent.{private.friend group.normal}: Event",
    ),
]

NAPCAT_SDK = [
    (
        "NapCat has no such notice, so the package has no model; the standard, go-cqhttp or Lagrange have it",
        "notice.{bot_online client_status offline_file notify.honor notify.lucky_king notify.poke_recall}: UnknownNoticeEvent",
    ),
    ("NapCat does not tell of such a segment", "segment.{flash_file keyboard longmsg redbag}: unknown"),
    ("the id of what was made, where NapCat says nothing", "{_send_group_notice forward_friend_single_msg forward_group_single_msg}: none_required"),
    ("nothing, where the package says that there is an object, but not what is in it", "{_del_group_notice upload_image_to_qun_album}: dict"),
    ("a list, as is the message; the package says that it is an object", "get_doubt_friends_add_request: dict", "get_msg.message: dict"),
    ("the shape of Lagrange", "get_rkey: list", "get_stranger_info.status: int"),
    ("the shape of go-cqhttp; NapCat's list is always empty", "get_online_clients: list"),
    ("go-cqhttp's empty answer; the package has none", "{get_guild_list get_guild_service_profile}: none_required"),
    (
        "the recorded example asks for one kind of honour, and the others are left out, as the standard has it",
        "get_group_honor_info.{current_talkative emotion_list legend_list strong_newbie_list talkative_list}: missing",
    ),
]


def lines(differences):
    """Each difference, with its reason."""
    found = {}
    for reason, *patterns in differences:
        for pattern in patterns:
            choices = [part.split() if i % 2 else [part] for i, part in enumerate(re.split("[{}]", pattern))]
            for line in map("".join, itertools.product(*choices)):
                assert line not in found, f"twice: {line}"
                found[line] = reason
    return found


def compare(differences, found):
    """Fails unless what was found is what is meant."""
    meant = lines(differences).keys()
    assert not found - meant, "new differences:\n" + "\n".join(sorted(found - meant))
    assert not meant - found, "differences that are not there any more:\n" + "\n".join(sorted(meant - found))
    return len(meant)
