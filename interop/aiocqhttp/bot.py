"""An aiocqhttp bot, as a bot author would write it."""

import json
import os
import pathlib
import sys

from aiocqhttp import ActionFailed, CQHttp, Event, HttpFailed, Message, MessageSegment

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
import bots  # noqa: E402

bot = CQHttp(
    message_class=Message, api_root=os.environ.get("API_ROOT"), access_token=os.environ.get("TOKEN"), secret=os.environ.get("SECRET"),
)


async def call(account: str, method: str, params: dict):
    try:
        return True, await getattr(bot, method)(self_id=int(account), **params)
    except ActionFailed as e:
        return False, e.retcode
    except HttpFailed as e:  # a missing method
        return False, 1000 + e.status_code


# What it answers to a text, by a quick operation: over HTTP that is the answer to the post, else
# aiocqhttp calls .handle_quick_operation_async.
OPERATIONS = {
    "reply": {"reply": "a reply"},
    "reply with a face": {"reply": MessageSegment.face(14) + " & a face"},
    "reply as it is": {"reply": "not a face: [CQ:face,id=14]", "auto_escape": True},
    "reply to me": {"reply": "you said so", "at_sender": True},
    "take it back": {"delete": True},
    "mute me": {"ban": True, "ban_duration": 600},
    "throw me out": {"kick": True, "reject_add_request": True},
}


@bot.before_message
async def heard(event: Event):
    """Events run as tasks, one each; that a handler is in a thread changes their order, but not that of what is before."""
    if event.raw_message.startswith("count "):
        print("HEARD", event.raw_message, flush=True)


@bot.on_message
async def message(event: Event):
    text = event.message.extract_plain_text().strip()
    if text.startswith("echo "):
        await bot.send(event, MessageSegment.reply(event.message_id) + text.removeprefix("echo "))
    if text == "at":
        await bot.send(event, "you called", at_sender=True)
    return OPERATIONS.get(text)


@bot.on_message("group.normal")
def members(event: Event):
    """A handler without await, in a thread."""
    if event.raw_message == "members":
        members = bot.sync.get_group_member_list(self_id=event.self_id, group_id=event.group_id)
        bot.sync.send_group_msg(self_id=event.self_id, group_id=event.group_id, message=f"{len(members)} members")


@bot.on_request
async def request(event: Event):
    """Answers by a quick operation, but for what the check answers, or the tour itself."""
    comment = event.comment or ""
    if comment == "later" or comment.startswith("I am "):
        return None
    return {"approve": False, "reason": "not today"} if comment == "no" else {"approve": True, "remark": "asked nicely"}


@bot.on_notice("group_increase")
async def welcome(event: Event):
    if event.user_id != event.self_id:
        await bot.send(event, MessageSegment.at(event.user_id) + " welcome")


@bot.on("message", "notice", "request", "meta_event")
async def saw(event: Event):
    print("SAW", event.name, json.dumps({**event, "attributes": {key: getattr(event, key) for key in Event.__annotations__}}), flush=True)


@bot.on_startup
async def started():
    await bots.listen(call)


bot.run(host="127.0.0.1", port=int(os.environ["PORT"]))
