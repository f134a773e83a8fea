// A Koishi bot, configured by its environment: it answers words as check.py expects, and prints
// what it saw. CommonJS, as Koishi's modules for import do not load.
const { createHash } = require("node:crypto");
const { writeFileSync } = require("node:fs");
const { Context, h, Universal } = require("koishi");
const { default: onebot } = require("koishi-plugin-adapter-onebot");
const { default: server } = require("@koishijs/plugin-server");

const { default: http } = require("@koishijs/plugin-http");

const { SELF, MODE, URL, PORT, TOKEN, FOLDER } = process.env;
const PIXEL = "R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7";
const print = (...words) => console.log(words.join(" "));

const ctx = new Context();
ctx.plugin(http);
if (MODE === "ws-reverse") ctx.plugin(server, { host: "127.0.0.1", port: Number(PORT) });
ctx.plugin(onebot, {
  selfId: SELF,
  ...(MODE === "ws" ? { protocol: "ws", endpoint: URL, token: TOKEN, retryTimes: 1000, retryInterval: 200 } : { protocol: "ws-reverse", path: "/onebot" }),
});
const bot = () => ctx.bots[0];

ctx.on("bot-status-updated", (b) => {
  if (b.status === Universal.Status.ONLINE) print("ONLINE", b.selfId, b.user.name);
  // A bot that connects by itself does not do so again once it was online: the adapter calls it offline.
  if (b.status === Universal.Status.OFFLINE && MODE === "ws") setTimeout(() => b.start(), 200);
});

// Everything that others did and the adapter makes a session of.
ctx.on("internal/session", ({ type, subtype, onebot: raw }) => {
  if (!raw) return;
  print("SAW", [raw.post_type, raw.message_type ?? raw.notice_type ?? raw.request_type, raw.sub_type].filter(Boolean).join("."), [type, subtype].filter(Boolean).join("/"));
});

const fetchHash = async (url) => createHash("sha1").update(Buffer.from(await ctx.http.get(url, { responseType: "arraybuffer" }))).digest("hex");

// "do NUMBER METHOD ARGUMENTS": a method of the bot, or with a dot before it of bot.internal.
async function call(text) {
  const [, id, method, args] = text.match(/^do (\d+) (\S+) (.*)$/s);
  const { internal } = bot();
  try {
    let result;
    if (method === ":wrapped") result = Object.getOwnPropertyNames(Object.getPrototypeOf(internal)).filter((name) => !/^_|^constructor$|Async$/.test(name));
    else if (method.startsWith(".")) result = await internal[method.slice(1)](...JSON.parse(args));
    else result = await bot()[method](...JSON.parse(args));
    print("DID", id, JSON.stringify(result ?? null));
  } catch (e) {
    print("FAILED", id, JSON.stringify(e.code ?? String(e)));
  }
}

const opened = async (id) => {
  const nodes = await bot().internal.getForwardMsg(id);
  return nodes.map((n) => `${n.sender.nickname}: ${n.content.map((s) => s.data.text ?? s.type).join("")}`).join(" | ");
};

ctx.middleware(async (session, next) => {
  const { elements, content, quote } = session;
  const [first] = elements;
  const text = elements.filter((e) => e.type === "text").map((e) => e.attrs.content).join("").trim();
  if (text.startsWith("count ")) return void print("HEARD", text);
  if (text.startsWith("do ")) return call(text);
  if (text.startsWith("echo ")) return [h.quote(session.messageId), h.text(text.slice(5))];
  if (text === "face") return [h("face", { id: 14 }), h.text("a face [CQ:face,id=1] & that was text")];
  if (text === "picture") return h.image(Buffer.from(PIXEL, "base64"), "image/gif");
  if (text === "voice") return h.audio(`file://${FOLDER}/voice.wav`);
  if (text === "video") return h.video(`file://${FOLDER}/clip.mp4`);
  if (text === "forward") {
    const said = (id, name, ...content) => h("message", {}, [h("author", { id, name }), ...content]);
    return h("figure", {}, [said("20001", "Ann", h.text("one")), said("20002", "Bert", h.text("two"), h("face", { id: 14 }))]);
  }
  if (text === "file") {
    writeFileSync(`${FOLDER}/report.txt`, "hello");
    return h("file", { src: `file://${FOLDER}/report.txt`, title: "report.txt" });
  }
  if (quote && text === "what was that") return `it was: ${quote.content}`;
  if (first?.type === "at" && first.attrs.id === session.selfId) return [h.at(session.userId), h.text(" you called")];
  if (first?.type === "forward") return `opened: ${await opened(first.attrs.id)}`;
  if (["img", "audio", "video", "file"].includes(first?.type)) return `got ${await fetchHash(first.attrs.src)}`;
  return next();
});

ctx.on("message-deleted", async (session) => {
  if (session.subtype !== "group") return;
  const gone = await session.bot.getMessage(session.channelId, session.messageId);
  await session.send(`${session.operatorId} recalled: ${gone.content}`).catch(late);
});
// In a tour the service may be ahead: the request is settled, the group is left.
const late = (e) => print("LATE", e.message);
ctx.on("guild-member-added", (session) => session.send([h.at(session.userId), h.text(" welcome")]).catch(late));

// Requests: those whose text is "no" are refused; the tour answers its own.
const decide = (handle) => (session) => {
  if (session.content?.startsWith("I am ")) return;
  return session.bot[handle](session.messageId, session.content !== "no", session.content === "no" ? "not today" : "").catch(late);
};
ctx.on("friend-request", decide("handleFriendRequest"));
ctx.on("guild-member-request", decide("handleGuildMemberRequest"));
ctx.on("guild-request", decide("handleGuildRequest"));

ctx.start();
