"""A client with napcat-sdk, for Python 3.12 or later: its models read each event and each result, and it prints what they
cannot read, or what is of another type than they say. check.py runs it."""

import asyncio
import dataclasses
import functools
import inspect
import json
import logging
import os
import pathlib
import re
import sys
import typing

import napcat
import napcat.client_api
import pydantic
from napcat.types.events import NapCatEvent
from napcat.types.messages import UnknownMessageSegment

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
import bots  # noqa: E402
from harness import ALICE, BOB, BOT, GROUP, OWN  # noqa: E402

EXAMPLES = pathlib.Path(__file__).parent.parent.parent / "onebot" / "examples.json"
found = set()


def differs(what):
    if what not in found:
        found.add(what)
        print("DIFFERS", what, flush=True)


@functools.cache
def hints(cls):
    """The types of a model's fields. Some are imported for type checkers only."""
    names = {}
    for module in [m for name, m in sys.modules.items() if name.split(".")[0] == "napcat"]:
        names |= vars(module)
    return {name: pydantic.TypeAdapter(of) for name, of in typing.get_type_hints(cls, names | vars(sys.modules[cls.__module__])).items() if name in fields(cls)}


def fields(cls):
    return {f.name for f in dataclasses.fields(cls) if not f.name.startswith("_")}


def judge_model(model, at):
    """Holds the values of a model against the types of its fields: the package itself does not."""
    if isinstance(model, UnknownMessageSegment):
        return differs(f"segment.{model.raw_type}: unknown")
    for name in fields(type(model)):
        value = getattr(model, name)
        parts = value if isinstance(value, (list, tuple)) else [value]
        if all(dataclasses.is_dataclass(part) for part in parts):
            for part in parts:
                judge_model(part, type(part).__name__)
            continue
        try:
            hints(type(model))[name].validate_python(value, strict=True)
        except pydantic.ValidationError:
            differs(f"{at}.{name}: {type(value).__name__}")


def judge_event(event):
    name = bots.name(event.to_dict())
    if type(event).__name__.startswith("Unknown"):
        differs(f"{name}: {type(event).__name__}")
    else:
        judge_model(event, name)
    print("SAW", name, flush=True)


def result_types():
    """The type of each action's result, by the signatures of the client's methods."""
    source = inspect.getsource(napcat.client_api.NapCatAPIMixin)
    methods = re.findall(r'async def (\w+)\(.*?call_action\(\s*"([^"]+)"', source, re.DOTALL)
    scope = vars(napcat.client_api)
    return {
        action: pydantic.TypeAdapter(typing.get_type_hints(getattr(napcat.NapCatClient, method), scope)["return"]) for method, action in methods
    }


def judge_result(types, action, data):
    try:
        types[action].validate_python(data, strict=True)
    except pydantic.ValidationError as e:
        for error in e.errors():
            place = "".join("[]" if isinstance(part, int) else f".{part}" for part in error["loc"])
            differs(f"{action}{place}: {error['type'].removesuffix('_type')}")


async def actions(client):
    """Calls some over the connection, and judges what all others are recorded to answer."""
    types = result_types()
    sent = await client.send_group_msg(group_id=str(OWN), message=[napcat.At(qq=str(ALICE)), napcat.Text(text=" from napcat-sdk")])
    got = await client.get_msg(message_id=sent["message_id"])
    assert [s["type"] for s in got["message"]] == ["at", "text"], got
    try:
        await client.delete_msg(message_id=0)
        raise AssertionError("there is no message 0")
    except napcat.NapCatAPIError as e:
        assert e.retcode == 100, e
    live = 0
    for action, params in {
        "get_login_info": {}, "get_status": {}, "get_version_info": {}, "get_friend_list": {}, "get_group_list": {},
        "get_friends_with_category": {}, "get_recent_contact": {}, "get_group_system_msg": {}, "get_profile_like": {},
        "get_stranger_info": {"user_id": str(BOB)}, "get_friend_msg_history": {"user_id": str(ALICE)},
        "get_group_info": {"group_id": str(GROUP)}, "get_group_member_list": {"group_id": str(GROUP)},
        "get_group_member_info": {"group_id": str(OWN), "user_id": str(BOT)}, "get_group_msg_history": {"group_id": str(OWN)},
        "get_group_root_files": {"group_id": str(OWN)}, "get_group_shut_list": {"group_id": str(OWN)},
    }.items():
        judge_result(types, action, await client.call_action(action, params))
        live += 1
    recorded = [e for e in json.loads(EXAMPLES.read_text(encoding="utf-8")) if e["action"] in types]
    for example in recorded:
        judge_result(types, example["action"], example["answers"][-1]["data"])
    print(f"ACTIONS {live} results over the connection, and those of {len(recorded)} actions that were recorded", flush=True)


async def main():
    logging.disable(logging.CRITICAL)  # it logs each field that it has no name for
    async with napcat.NapCatClient(ws_url=os.environ["WS"], token=os.environ["TOKEN"]) as client:
        assert client.self_id == BOT
        print("CONNECTED", flush=True)
        task = None
        async for event in client:
            assert isinstance(event, NapCatEvent)
            judge_event(event)
            if bots.name(event.to_dict()) == "message.private.friend" and event.raw_message == "now the actions":
                task = asyncio.create_task(actions(client))  # which waits for answers on the same connection
                task.add_done_callback(lambda t: t.result())


asyncio.run(main())
