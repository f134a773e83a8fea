"""What checks of bots in Python have in common: methods that the bot is made to call, and the names of what others do."""

import asyncio
import collections
import itertools
import json
import sys
import threading

import harness

# The event names of a tour: what others do, but for messages. Of some facts each flavour has its own event.
COMMON = frozenset("""
    request.friend request.group.add request.group.invite
    notice.friend_add notice.friend_recall notice.group_recall notice.group_admin.set notice.group_admin.unset
    notice.group_ban.ban notice.group_ban.lift_ban notice.group_increase.approve notice.group_increase.invite
    notice.group_decrease.leave notice.group_decrease.kick notice.group_decrease.kick_me notice.group_decrease.disband
    notice.group_upload notice.notify.honor notice.notify.lucky_king notice.notify.poke
    notice.notify.gray_tip notice.notify.input_status notice.notify.poke_recall notice.notify.title notice.notify.profile_like
    notice.client_status notice.essence.add notice.essence.delete notice.group_card notice.offline_file
    notice.online_file_receive.cancel notice.online_file_send.receive notice.online_file_send.refuse
""".split())
FLAVOURS = {
    "lagrange": frozenset({"notice.group_name_change", "notice.reaction.add", "notice.reaction.remove"}),
    "napcat": frozenset({"notice.notify.group_name", "notice.group_msg_emoji_like"}),
}
FLAVOURS["both"] = FLAVOURS["lagrange"] | FLAVOURS["napcat"]
TOUR = COMMON | FLAVOURS["lagrange"]


def name(event):
    """An event's name: its types, from the general to the particular."""
    kind = event["post_type"]
    particular = event.get(f"{'message' if kind == 'message_sent' else kind}_type")
    return ".".join(part for part in (kind, particular, event.get("sub_type")) if part)


async def listen(call):
    """In the bot: has `call(bot, method, params)` do what the input says; it returns whether that worked, and the
    result or the retcode."""
    loop = asyncio.get_running_loop()

    async def answer(asked):
        result = await call(asked["bot"], asked["method"], asked["params"])
        print(f"ANSWER {asked['number']} {json.dumps(result)}", flush=True)

    def read():
        for line in sys.stdin:
            asyncio.run_coroutine_threadsafe(answer(json.loads(line)), loop)

    threading.Thread(target=read, daemon=True).start()


class Caller:
    """Has the bot call a method, and returns its result; `fails` is the retcode of one that has to fail. `results` has
    what each method has answered last."""

    def __init__(self, bot):
        self.bot, self.numbers, self.results = bot, itertools.count(), {}

    def __call__(self, method, fails=None, bot=harness.BOT, **params):
        number = next(self.numbers)
        self.bot.tell(json.dumps({"number": number, "bot": str(bot), "method": method, "params": params}))
        worked, result = json.loads(self.bot.wait_for(f"ANSWER {number} ").split(" ", 2)[2])
        assert (worked, fails) == (True, None) or (worked, result) == (False, fails), (method, params, result)
        self.results[method] = result
        return result


def tour(check, sandbox, bot):
    """Others do everything once, and the bot prints "SAW name json" for each event; returns the lists of notices and requests by name,
    and what the steps of the tour have answered, by their request."""
    begin = len(bot.said("SAW "))

    def seen():
        events = collections.defaultdict(list)
        for line in bot.said("SAW ")[begin:]:
            _, name, event = line.split(" ", 2)
            events[name].append(json.loads(event))
        return {name: those for name, those in events.items() if name.startswith(("notice.", "request."))}

    steps = sandbox.tour()
    try:
        bot.wait_until("all of the tour", lambda: seen().keys() >= TOUR)
    except harness.Failed:
        raise harness.Failed(f"missing: {TOUR - seen().keys()}") from None
    assert seen().keys() == TOUR, f"not expected: {seen().keys() - TOUR}"
    check.passed(f"a tour of everything: {len(TOUR)} kinds of notices and requests")
    return seen(), steps
