// A bot whose results and events are judged: by the TypeScript types of node-napcat-ts, and
// by what differences.mjs says is meant to be otherwise.
import assert from "node:assert/strict";
import { NCWebsocket } from "node-napcat-ts";
import { absent, different, refused, strange } from "./differences.mjs";
import { Types } from "./types.mjs";

const DEADLINE = 20_000;
const types = new Types("node-napcat-ts");
const results = types.properties("WSSendReturn");
const events = types.properties("WSReceiveHandler");
// Of "message", "message.group" and "message.group.normal" the package emits the last one first.
const kinds = [...events.keys()].filter((key) => ![...events.keys()].some((other) => other.startsWith(`${key}.`)));

const found = new Set(); // differences
const called = new Map(); // method: 0, or the retcode of its failure
const heard = new Map(kinds.map((kind) => [kind, 0]));
const unknown = new Set(); // events that the package has no type for
const segments = new Set(); // kinds of segments in events
const inbox = [];
let woken = () => {};

// A segment is the same wherever it stands, and so is a message that an action returns.
const place = (at) => at.replace(/^.*\b(message|content)\[\]</, "segment<").replace(/^get_\w+(\.messages\[\]|\[\]\.lastestMsg)</, "get_msg<");
const judge = (type, value, at) => types.differences(type, value, at).forEach((d) => found.add(place(d)));

export const bot = new NCWebsocket({ baseUrl: process.env.WS, accessToken: process.env.TOKEN, apiTimeout: DEADLINE });
const asked = new Map();
bot.on("api.preSend", ({ action, echo }) => asked.set(echo, action));
bot.on("api.response.success", ({ data, echo }) => {
  const action = asked.get(echo);
  called.set(action, 0);
  if (results.has(action)) judge(results.get(action), data, action);
});
bot.on("api.response.failure", ({ retcode, echo }) => {
  const action = asked.get(echo);
  if (!called.has(action)) called.set(action, retcode);
});
for (const kind of kinds) {
  bot.on(kind, (event) => {
    heard.set(kind, heard.get(kind) + 1);
    judge(events.get(kind), event, kind);
    event.message?.forEach?.((segment) => segments.add(segment.type));
    inbox.push([kind, event]);
    woken();
  });
}
// The package says on the console what it has no event for.
console.warn = (...words) => unknown.add(words.at(-1));

// The next event of a kind, or the first of those that nobody asked for yet.
export async function event(kind, wanted = () => true) {
  for (;;) {
    const i = inbox.findIndex(([k, e]) => k === kind && wanted(e));
    if (i >= 0) return inbox.splice(i, 1)[0][1];
    await new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`never: ${kind}`)), DEADLINE);
      woken = () => resolve(clearTimeout(timer));
    });
  }
}

export async function sandbox(path, body, method = body ? "POST" : "GET") {
  const response = await fetch(`${process.env.CONTROL}/api/${path}`, { method, body: body && JSON.stringify(body), headers: { "Content-Type": "application/json" } });
  const answer = await response.json();
  assert.ok(response.ok, `${method} ${path}: ${JSON.stringify(answer)}`);
  return answer;
}

// "a.{b,c}: missing" is two lines.
const expand = (line) => {
  const [, head, names, tail] = line.match(/^(.*?)\{(.*?)\}(.*)$/s) ?? [];
  return names === undefined ? [line] : names.split(/[\s,]+/).flatMap((name) => expand(head + name + tail));
};
const listed = (rows) => new Set(rows.flatMap(([, ...lines]) => lines.flatMap(expand)));
const without = (a, b) => [...a].filter((line) => !b.has(line));

// What is otherwise than the package and differences.mjs say; empty when all is well.
export function verdict() {
  const out = [];
  const compare = (what, is, meant) => {
    for (const line of without(is, meant)) out.push(`${what}: ${line}`);
    for (const line of without(meant, is)) out.push(`${what}, as differences.mjs says, and it is not so any more: ${line}`);
  };
  compare("differs", found, listed(different));
  compare("fails", new Set([...called].filter(([, code]) => code).map(([action, code]) => `${action} ${code}`)), listed(refused));
  compare("never called", new Set(without(results.keys(), called)), new Set());
  compare("never heard", new Set(kinds.filter((kind) => !heard.get(kind))), listed(absent));
  compare("has no type", unknown, listed(strange));
  compare("segment never came", new Set(without(types.properties("Receive").keys(), segments)), new Set());
  return out;
}

export const counts = () => ({
  methods: [...results.keys()].filter((action) => called.get(action) === 0).length,
  refused: listed(refused).size,
  kinds: kinds.filter((kind) => heard.get(kind)).length,
  events: [...heard.values()].reduce((a, b) => a + b),
  different: listed(different).size,
});
