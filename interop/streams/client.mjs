// A bot on another machine, with Node's own fetch and WebSocket and nothing else: it hands a
// file over in chunks, by WebSocket and by HTTP, and as a form, puts it into a group, and
// takes it back in chunks. check.py runs it.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { openAsBlob } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const { HTTP: http, WS: ws, TOKEN: token, WS_TOKEN: wsToken, GROUP: group } = process.env;
const auth = { Authorization: `Bearer ${token}` };
const hash = (bytes) => createHash("sha256").update(bytes).digest("hex");
const content = randomBytes(5 * 1024 * 1024 + 4711);
const sum = hash(content);
const name = "报告 1.bin";

// Frames of an answer by HTTP: JSON objects with an empty line behind each.
async function* byHTTP(action, params) {
  const response = await fetch(`${http}/${action}`, {
    method: "POST",
    headers: { ...auth, "Content-Type": "application/json" },
    body: JSON.stringify(params),
  });
  let rest = "";
  for await (const part of response.body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + part).split(/\r?\n/);
    rest = lines.pop();
    for (const line of lines) if (line) yield JSON.parse(line);
  }
  if (rest) yield JSON.parse(rest);
}

// A connection whose answers find their requests by echo.
class Socket {
  static async open() {
    const s = new Socket();
    s.waiting = new Map();
    s.count = 0;
    s.socket = new WebSocket(`${ws}/api?access_token=${wsToken}`);
    s.socket.onmessage = ({ data }) => {
      const frame = JSON.parse(data);
      s.waiting.get(frame.echo)?.(frame);
    };
    await new Promise((opened, failed) => {
      s.socket.onopen = opened;
      s.socket.onerror = failed;
    });
    return s;
  }

  async *call(action, params) {
    const echo = ++this.count;
    const frames = [];
    let wake = () => {};
    this.waiting.set(echo, (frame) => {
      frames.push(frame);
      wake();
    });
    this.socket.send(JSON.stringify({ action, params, echo }));
    for (;;) {
      while (!frames.length) await new Promise((resolve) => (wake = resolve));
      const frame = frames.shift();
      yield frame;
      if (frame.status !== "ok" || frame.data?.type !== "stream" || action === "upload_file_stream") break;
    }
    this.waiting.delete(echo);
  }
}

// The last frame of an answer, which has to be a good one.
async function data(frames) {
  let last;
  for await (last of frames);
  assert.equal(last.status, "ok", JSON.stringify(last));
  return last.data;
}

async function uploadInChunks(call, id) {
  const size = 256 * 1024;
  const total = Math.ceil(content.length / size);
  const order = [...Array(total).keys()].reverse(); // any order will do
  await Promise.all(
    [0, 1, 2, 3].map(async () => {
      for (let i; (i = order.pop()) !== undefined; ) {
        const chunk = content.subarray(i * size, (i + 1) * size);
        const got = await data(call("upload_file_stream", {
          stream_id: id, chunk_data: chunk.toString("base64"), chunk_index: i, total_chunks: total, file_size: content.length, filename: name,
        }));
        assert.equal(got.status, "chunk_received");
      }
    }),
  );
  const done = await data(call("upload_file_stream", { stream_id: id, is_complete: true, expected_sha256: sum }));
  assert.deepEqual([done.type, done.status, done.file_size, done.sha256, done.received_chunks], ["response", "file_complete", content.length, sum, total]);
  return done.file;
}

// download takes a file back; one of an address may be called otherwise.
async function download(call, file, called = name) {
  const parts = [];
  let info, last;
  for await (const frame of call("download_file_stream", { file, chunk_size: 100000 })) {
    assert.equal(frame.status, "ok", JSON.stringify(frame));
    assert.equal(frame.stream, "stream-action");
    last = frame.data;
    if (last.data_type === "file_info") info = last;
    if (last.data_type === "file_chunk") parts[last.index] = Buffer.from(last.data, "base64");
  }
  const bytes = Buffer.concat(parts);
  assert.deepEqual([called ?? info.file_name, info.file_size, last.type, last.data_type, last.total_chunks, last.sha256], [info.file_name, bytes.length, "response", "file_complete", parts.length, sum]);
  assert.equal(hash(bytes), sum);
}

async function uploadForm() {
  const path = join(tmpdir(), `libration-${process.pid}.bin`);
  await writeFile(path, content);
  const form = new FormData();
  form.set("file", await openAsBlob(path), name);
  const response = await fetch(`${http}/upload`, { method: "POST", headers: auth, body: form });
  const answer = await response.json();
  await rm(path);
  assert.equal(answer.status, "ok", JSON.stringify(answer));
  assert.deepEqual([answer.data.name, answer.data.size, answer.data.sha256], [name, content.length, sum]);
  return answer.data.file;
}

async function refused(headers, want) {
  const form = new FormData();
  form.set("file", new Blob(["x"]), "x");
  const response = await fetch(`${http}/upload`, { method: "POST", headers, body: form });
  assert.equal(response.status, want);
}

// toGroup puts a file into the group, finds it there and reads it back.
async function toGroup(call, file) {
  await data(call("upload_group_file", { group_id: Number(group), file, name }));
  const { files } = await data(call("get_group_root_files", { group_id: Number(group) }));
  const there = files.filter((f) => f.file_name === name);
  assert.equal(there.length, 1, JSON.stringify(files));
  const { url } = await data(call("get_group_file_url", { group_id: Number(group), file_id: there[0].file_id, busid: there[0].busid }));
  const bytes = Buffer.from(await (await fetch(url)).arrayBuffer());
  assert.equal(hash(bytes), sum);
  await download(call, url, null);
  await data(call("delete_group_file", { group_id: Number(group), file_id: there[0].file_id, busid: there[0].busid }));
}

const socket = await Socket.open();
const ways = { "the WebSocket": (action, params) => socket.call(action, params), HTTP: byHTTP };
for (const [way, call] of Object.entries(ways)) {
  const file = await uploadInChunks(call, `stream of ${way}`);
  for (const [other, back] of Object.entries(ways)) {
    await download(back, file);
    console.log(`  in chunks: up by ${way}, down by ${other}`);
  }
  await toGroup(call, file);
  console.log(`  into a group's files and back, by ${way}`);
}
const file = await uploadForm();
await download(byHTTP, file);
await toGroup(byHTTP, file);
console.log("  as a form, into a group's files and back");
const test = [];
for await (const frame of socket.call("test_download_stream", { error: true })) test.push(frame);
assert.deepEqual([test.length, test.at(-1).status, test.at(-1).data.type], [11, "failed", "error"]);
await refused({}, 401);
await refused({ Authorization: "Bearer wrong" }, 403);
await data(socket.call("clean_stream_temp_file", {}));
console.log("  refusals and errors");
socket.socket.close();
