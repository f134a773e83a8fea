"""An echo bot on NoneBot2, as a bot author would write it."""

import asyncio
import hashlib
import json
import pathlib
import sys
import urllib.request

import nonebot
from nonebot import on, on_message, on_metaevent, on_notice, on_request
from nonebot.adapters.onebot.v11 import (
    ActionFailed,
    Adapter,
    Bot,
    Event,
    FriendRequestEvent,
    GroupIncreaseNoticeEvent,
    GroupMessageEvent,
    GroupRecallNoticeEvent,
    GroupRequestEvent,
    GroupUploadNoticeEvent,
    LifecycleMetaEvent,
    Message,
    MessageEvent,
    MessageSegment,
    NetworkError,
)

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
import bots  # noqa: E402
import samples  # noqa: E402

nonebot.init()
driver = nonebot.get_driver()
driver.register_adapter(Adapter)


@driver.on_bot_connect
async def connected(bot: Bot):
    me = await bot.get_login_info()
    print(f"CONNECTED {me['user_id']} {me['nickname']}", flush=True)


CARD = {"app": "com.example.card", "view": "main", "ver": "0.0.0.1", "prompt": "[a card, of NoneBot]", "meta": {"main": {"title": "t"}}}


def nested(bot: Bot, asked: MessageEvent):
    """Two nodes of a forward; the second one is a forward, too."""
    inner = MessageSegment.node_custom(asked.user_id, asked.sender.nickname or "", Message("inner [CQ:face,id=14]"))
    return [
        MessageSegment.node_custom(int(bot.self_id), "bot", Message("outer")),
        MessageSegment.node_custom(int(bot.self_id), "bot", Message([inner])),
    ]


async def opened(bot: Bot, id: str) -> str:
    """What a forward says, with the forwards in it in parentheses."""
    answer = await bot.get_forward_msg(id=id)
    said = []
    for node in answer["message"]:
        words = []
        for segment in node["data"]["content"]:
            data = segment["data"]
            words.append(f"({await opened(bot, data['id'])})" if segment["type"] == "forward" else data.get("text", segment["type"]))
        said.append(f"{node['data']['nickname']}: {''.join(words)}")
    return " | ".join(said)


# What it sends when it is asked for one as bytes.
SAMPLES = {"image": samples.picture(90, 60, (40, 90, 220)), "record": samples.voice(1), "video": samples.VIDEO}


def fetch(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=20) as response:
        return response.read()


async def downloaded(bot: Bot, segment: MessageSegment) -> str:
    """The SHA-1 of a medium, by its address and as the service keeps it."""
    sums = {"url": hashlib.sha1(await asyncio.to_thread(fetch, segment.data["url"])).hexdigest()}
    for action in {"image": ["get_image", "get_file"], "record": ["get_record", "get_file"], "video": ["get_file"]}[segment.type]:
        got = await bot.call_api(action, file=segment.data["file"])
        sums[action] = hashlib.sha1(pathlib.Path(got["file"]).read_bytes()).hexdigest()
    if segment.type == "record":
        wav = await bot.call_api("get_record", file=segment.data["file"], out_format="wav")
        sums["wav"] = pathlib.Path(wav["file"]).read_bytes()[:4].decode()
    return f"got {segment.type} {json.dumps(sums)}"


async def call(bot: str, method: str, params: dict):
    try:
        return True, await getattr(nonebot.get_bot(bot), method)(**params)
    except ActionFailed as e:
        return False, e.info["retcode"]
    except NetworkError as e:  # over HTTP a missing method is a status of HTTP
        return False, 1000 + int(e.msg.rsplit(" ", 1)[1])


@driver.on_startup
async def listen():
    await bots.listen(call)


@Bot.on_called_api
async def called(bot: Bot, exception, api: str, data, result):
    print("CALLED", api, flush=True)


message = on_message()


@message.handle()
async def answer(bot: Bot, event: MessageEvent):
    text = event.get_plaintext().strip()
    if text.startswith("count "):
        print("HEARD", text, flush=True)
    if text.startswith("echo "):
        await message.finish(MessageSegment.reply(event.message_id) + text.removeprefix("echo "))
    if text == "face":
        await message.finish(MessageSegment.face(14) + "a face [CQ:face,id=1] & that was text")
    if text == "members" and isinstance(event, GroupMessageEvent):
        members = await bot.get_group_member_list(group_id=event.group_id)
        owner = next(m for m in members if m["role"] == "owner")
        await message.finish(f"{len(members)} members, owner {owner['user_id']}")
    if text.startswith("send "):
        _, kind, source = text.split(" ", 2)
        await message.finish(getattr(MessageSegment, kind)(SAMPLES[kind] if source == "bytes" else source))
    for segment in event.get_message():
        if segment.type in SAMPLES:
            await message.finish(await downloaded(bot, segment))
        if segment.type == "forward":
            await message.finish("opened: " + await opened(bot, segment.data["id"]))
        if segment.type == "json":
            await message.finish("a card: " + json.loads(segment.data["data"])["prompt"])
    if text == "forward":
        await bot.call_api("send_group_forward_msg", group_id=event.group_id, messages=nested(bot, event))
    if text == "card":
        await message.finish(MessageSegment.json(json.dumps(CARD)))
    if text == "quote yourself":
        first = await bot.send(event, "the first")
        await message.finish(MessageSegment.reply(first["message_id"]) + "the second")
    if text == "history":
        if isinstance(event, GroupMessageEvent):
            past = await bot.call_api("get_group_msg_history", group_id=event.group_id, count=4)
        else:
            past = await bot.call_api("get_friend_msg_history", user_id=event.user_id, count=4)
        await message.finish("past: " + " / ".join(m["raw_message"] for m in past["messages"]))
    if event.reply and text == "what was that":
        # The adapter fetched the quoted message by get_msg.
        await message.finish(f"it was: {event.reply.message.extract_plain_text()}")
    if event.is_tome() and text == "":
        await message.finish(MessageSegment.at(event.user_id) + " you called")


recall = on_notice()


@recall.handle()
async def recalled(bot: Bot, event: GroupRecallNoticeEvent):
    gone = await bot.get_msg(message_id=event.message_id)
    text = "".join(s["data"].get("text", "") for s in gone["message"])
    await recall.finish(f"{event.operator_id} recalled: {text}")


@recall.handle()
async def welcome(bot: Bot, event: GroupIncreaseNoticeEvent):
    if event.user_id != event.self_id:
        await recall.finish(MessageSegment.at(event.user_id) + " welcome")


@recall.handle()
async def uploaded(bot: Bot, event: GroupUploadNoticeEvent):
    """Somebody else's file is downloaded, when its name asks for that."""
    if event.file.name.startswith("fetch me"):
        there = await bot.get_group_file_url(group_id=event.group_id, file_id=event.file.id, busid=event.file.busid)
        content = await asyncio.to_thread(fetch, there["url"])
        await recall.finish(f"fetched {event.file.name} {hashlib.sha1(content).hexdigest()}")


lifecycle = on_metaevent()


@lifecycle.handle()
async def online(event: LifecycleMetaEvent):
    if event.sub_type != "disable":
        print("ONLINE", flush=True)


every = on()


@every.handle()
async def saw(event: Event):
    if event.get_type() in ("notice", "request"):
        print("SAW", event.get_event_name(), event.json(), flush=True)


async def ours(event: Event):
    """The tour answers its own requests."""
    return not (getattr(event, "comment", "") or "").startswith("I am ")


asked = on_request(rule=ours)


@asked.handle()
async def friend(bot: Bot, event: FriendRequestEvent):
    if event.comment == "no":
        await event.reject(bot)
    else:
        await event.approve(bot, remark=f"remark of {event.user_id}")


@asked.handle()
async def group(bot: Bot, event: GroupRequestEvent):
    """Somebody wants to come in, or the bot is invited."""
    if "no" in (event.comment or "").split():
        await event.reject(bot, reason="not today")
    else:
        await event.approve(bot)


nonebot.run()
