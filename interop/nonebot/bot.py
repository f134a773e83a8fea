"""An echo bot on NoneBot2, as a bot author would write it."""

import nonebot
from nonebot import on_message, on_notice
from nonebot.adapters.onebot.v11 import (
    Adapter,
    Bot,
    GroupMessageEvent,
    GroupRecallNoticeEvent,
    MessageEvent,
    MessageSegment,
)

nonebot.init()
driver = nonebot.get_driver()
driver.register_adapter(Adapter)


@driver.on_bot_connect
async def connected(bot: Bot):
    me = await bot.get_login_info()
    print(f"CONNECTED {me['user_id']} {me['nickname']}", flush=True)


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


nonebot.run()
