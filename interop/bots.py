"""What checks of bots in Python have in common: methods that the bot is made to call, a bot that is killed, and
the names of what others do. A bot calls listen, and prints a line "HEARD ..." for each message "count ..."."""

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
    """Others do everything once, and the bot prints "SAW name json" for each event; returns the lists of events by name,
    and what the steps of the tour have answered, by their request."""
    begin = len(bot.said("SAW "))

    def seen():
        events = collections.defaultdict(list)
        for line in bot.said("SAW ")[begin:]:
            _, name, event = line.split(" ", 2)
            events[name].append(json.loads(event))
        return {name: those for name, those in events.items() if not name.startswith("message")}

    # A bot that answers its requests by itself is ahead of the tour.
    steps = sandbox.tour(pause="20ms")
    late = [step for step in steps if step.get("error")]
    assert all("group-requests/answer" in step["request"] for step in late), late
    try:
        bot.wait_until("all of the tour", lambda: seen().keys() >= TOUR)
    except harness.Failed:
        raise harness.Failed(f"missing: {TOUR - seen().keys()}") from None
    assert seen().keys() == TOUR, f"not expected: {seen().keys() - TOUR}"
    check.passed(f"a tour of everything: {len(TOUR)} kinds of notices and requests")
    return seen(), steps


class Counting:
    """Alice counts in the group, whatever becomes of the bot, and it has to hear each number, in order."""

    def __init__(self, place):
        self.place, self.count, self.bots = place, 0, []

    def on(self):
        """Says twenty numbers more."""
        for _ in range(20):
            self.place.sandbox.call("send", {"as": harness.ALICE, "group": harness.GROUP, "text": f"count {self.count:03}"})
            self.count += 1

    def until_now(self, bot):
        """Waits until the bot has heard the last number; it may be another one than before."""
        if bot not in self.bots:
            self.bots.append(bot)
        bot.wait_for(f"HEARD count {self.count - 1:03}")

    def check(self):
        heard = [line for bot in self.bots for line in bot.said("HEARD")]
        # One that was not known to be received comes again.
        assert list(dict.fromkeys(heard)) == [f"HEARD count {i:03}" for i in range(self.count)], heard


def killed(place, bot, start):
    """Kills the bot while Alice counts, and starts it again; returns what counts, and the new bot."""
    counting = Counting(place)
    counting.on()
    counting.until_now(bot)  # else it could die with one that it has, but did not print
    bot.kill()
    counting.on()
    again = start()
    counting.on()  # some before it is there, some after
    counting.until_now(again)
    counting.check()
    return counting, again
