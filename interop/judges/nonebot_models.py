"""The models of nonebot-adapter-onebot."""

import itertools

import pydantic
from nonebot.adapters.onebot.v11 import (
    Adapter,
    Event,
    MessageEvent,
    MetaEvent,
    NoticeEvent,
    NotifyEvent,
    RequestEvent,
)

import bots

# What an event becomes that has no class of its own, or does not fit it.
GENERAL = (Event, MessageEvent, MetaEvent, NoticeEvent, NotifyEvent, RequestEvent)


def read(event):
    """Reads an event as the adapter does, but strictly: numbers are numbers, and texts texts. Returns it, and what is
    not as the models want it."""
    problems = set()
    for model in [*Adapter.get_event_model(event), Event]:
        try:
            done = model.model_validate(event, strict=True)
            break
        except pydantic.ValidationError as e:
            if model not in GENERAL:
                problems |= {f"{bots.name(event)}: {model.__name__}.{'.'.join(map(str, x['loc']))}: {x['type']}" for x in e.errors()}
    assert type(Adapter.json_to_event(event)) is type(done), event
    if type(done) in GENERAL:
        problems.add(f"{bots.name(event)}: {type(done).__name__}")
    return done, problems


def judge(arrays, strings):
    """What is not as the models want it, of the events in one format and the same ones in the other."""
    found, messages = set(), {}
    for event in itertools.chain(arrays, strings):
        done, problems = read(event)
        found |= problems
        if isinstance(done, MessageEvent):
            messages.setdefault(event["event_id"], []).append(done)
    assert messages and all(isinstance(e["message"], str) for e in strings if "message" in e)
    for array, string in messages.values():
        assert array.raw_message == string.raw_message, (array, string)
        assert [s.type for s in array.message] == [s.type for s in string.message], (array.message, string.message)
        assert array.message.extract_plain_text() == string.message.extract_plain_text(), (array.message, string.message)
    return found
