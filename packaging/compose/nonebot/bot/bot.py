"""A small bot on NoneBot2: it answers /ping, and greets who joins a group."""

import nonebot
from nonebot import on_command, on_notice
from nonebot.adapters.onebot.v11 import Adapter, GroupIncreaseNoticeEvent, MessageSegment

nonebot.init()  # host, port and token come from the environment: HOST, PORT, ONEBOT_ACCESS_TOKEN
nonebot.get_driver().register_adapter(Adapter)

ping = on_command("ping")
joined = on_notice()


@ping.handle()
async def answer():
    await ping.finish("pong")


@joined.handle()
async def greet(event: GroupIncreaseNoticeEvent):
    await joined.finish(MessageSegment.at(event.user_id) + " 欢迎！")


if __name__ == "__main__":
    nonebot.run()
