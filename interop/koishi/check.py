"""Runs a Koishi bot against the service and the sandbox, over a forward WebSocket, and over a reverse one with CQ codes.

    npm ci --prefix interop/koishi
    python3 interop/koishi/check.py PATH-OF-LIBRATION [ws|ws-reverse ...]

Needs Node.js 20 or later. Koishi's HTTP mode is left out: it loses events by itself. Everything stays on loopback.
"""

import functools
import pathlib
import secrets
import sys

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
import harness  # noqa: E402
from conversation import Talk  # noqa: E402
from harness import BOT  # noqa: E402
from wrapped import methods  # noqa: E402

# What Koishi makes of the kinds of events. It drops the others without a word.
SESSIONS = {
    "message.group.normal": "message-created/group",
    "message.private.friend": "message-created/private",
    "message.private.group": "message-created/private",
    "notice.friend_add": "friend-added",
    "notice.friend_recall": "message-deleted/private",
    "notice.group_recall": "message-deleted/group",
    "notice.group_admin.set": "guild-member/role",
    "notice.group_admin.unset": "guild-member/role",
    "notice.group_ban.ban": "guild-member/ban",
    "notice.group_ban.lift_ban": "guild-member/ban",
    "notice.group_card": "guild-member/nickname",
    "notice.group_decrease.disband": "guild-removed/passive",
    "notice.group_decrease.kick": "guild-member-removed/passive",
    "notice.group_decrease.kick_me": "guild-removed/passive",
    "notice.group_decrease.leave": "guild-member-removed/active",
    "notice.group_increase.approve": "guild-added/passive guild-member-added/passive",
    "notice.group_increase.invite": "guild-added/passive guild-member-added/passive",
    "notice.notify.gray_tip": "notice/gray-tip",
    "notice.notify.honor": "notice/honor",
    "notice.notify.input_status": "notice/input-status",
    "notice.notify.lucky_king": "notice/lucky-king",
    "notice.notify.poke": "notice/poke",
    "notice.notify.poke_recall": "notice/poke-recall",
    "notice.notify.profile_like": "notice/profile-like",
    "notice.notify.title": "notice/title",
    "request.friend": "friend-request",
    "request.group.add": "guild-member-request/add",
    "request.group.invite": "guild-request/invite",
}


def bot(check, mode):
    (port,), token = harness.free_ports(1), secrets.token_hex(16)
    if mode == "ws":
        connection = {"type": "websocket", "address": f"127.0.0.1:{port}", "access_token": token}
    else:
        connection = {"type": "reverse-websocket", "url": f"ws://127.0.0.1:{port}/onebot", "reconnect": "1s", "format": "string"}
    place = harness.Place(check, connections=[connection], send={"limit": False})
    env = {"SELF": str(BOT), "MODE": mode, "URL": f"ws://127.0.0.1:{port}", "PORT": str(port), "TOKEN": token, "FOLDER": str(place.folder)}
    start = functools.partial(place.start_process, "bot", "node", HERE / "bot.cjs", env=env, gently=False)
    talk = Talk(check, place, start())
    _, service = place.start()
    talk.bot.wait_for(f"ONLINE {BOT} 小振 Libration")
    talk.words()
    talk.media()
    talk.forwards()
    talk.people()
    methods(talk)
    talk.tour(SESSIONS)
    talk.restarts(service, start, journal=mode == "ws-reverse")


harness.main(__doc__, {mode: functools.partial(bot, mode=mode) for mode in ("ws", "ws-reverse")})
