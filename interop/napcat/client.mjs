// A bot with node-napcat-ts: it calls every method that the package has, and hears everything
// that others do. check.py runs it; judged.mjs judges what the service sends.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { Structs } from "node-napcat-ts";
import { bot, counts, event, sandbox, verdict } from "./judged.mjs";

const [BOT, ALICE, BOB, CAROL, GROUP, OWN] = [10001, 20001, 20002, 20003, 730000001, 730000002];
const PIXEL = "R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7";
const PICTURE = `base64://${PIXEL}`;

async function messages() {
  const { message_id } = await bot.send_group_msg({ group_id: OWN, message: [Structs.text("one"), Structs.face(14), Structs.at(ALICE)] });
  await bot.send_private_msg({ user_id: ALICE, message: [Structs.reply((await fromAlice("what?")).message_id), Structs.text("that")] });
  await bot.send_msg({ group_id: OWN, message: [Structs.image(PICTURE, "[a picture]")] });
  const got = await bot.get_msg({ message_id });
  assert.deepEqual(got.message.map((s) => s.type), ["text", "face", "at"]);
  assert.equal((await bot.get_group_msg_history({ group_id: OWN, count: 2 })).messages.length, 2);
  assert.ok((await bot.get_friend_msg_history({ user_id: ALICE })).messages.length);
  assert.ok((await bot.get_recent_contact({ count: 5 })).length);
  await bot.set_msg_emoji_like({ message_id, emoji_id: "76" });
  assert.equal((await bot.fetch_emoji_like({ message_id, emojiId: "76", emojiType: "1" })).emojiLikesList.length, 1);
  await bot.set_essence_msg({ message_id });
  assert.equal((await bot.get_essence_msg_list({ group_id: OWN })).length, 1);
  await bot.delete_essence_msg({ message_id });
  await bot.set_group_todo({ group_id: String(OWN), message_id: String(message_id) });
  await bot.forward_friend_single_msg({ message_id, user_id: ALICE });
  await bot.forward_group_single_msg({ message_id, group_id: GROUP });
  await bot.mark_msg_as_read({ message_id });
  await bot.mark_private_msg_as_read({ user_id: ALICE });
  await bot.mark_group_msg_as_read({ group_id: OWN });
  await bot.delete_msg({ message_id });

  const node = Structs.customNode([Structs.text("inside"), Structs.image(PICTURE)], ALICE, "Ann");
  const { res_id } = await bot.send_forward_msg({ group_id: OWN, message: [node] });
  const opened = await bot.get_forward_msg({ message_id: res_id });
  assert.equal(opened.messages[0].message[0].data.text, "inside");
  await bot.send_group_forward_msg({ group_id: OWN, message: [node, node] });
  await bot.send_private_forward_msg({ user_id: ALICE, message: [Structs.customNode([node], BOB, "Bert")] });
}

async function fromAlice(text) {
  await sandbox("send", { as: ALICE, to: BOT, text });
  return event("message.private.friend", (e) => e.raw_message === text);
}

async function people() {
  assert.equal((await bot.get_login_info()).user_id, BOT);
  await bot.get_stranger_info({ user_id: BOB });
  assert.equal((await bot.get_friend_list()).length, 3);
  await bot.get_friends_with_category();
  await bot.get_unidirectional_friend_list();
  await bot.send_like({ user_id: ALICE, times: 2 });
  await bot.set_friend_remark({ user_id: ALICE, remark: "A." });
  await bot.set_qq_profile({ nickname: "renamed", personal_note: "by a bot", sex: 2 });
  await bot.set_self_longnick({ longNick: "a long one" });
  await bot.set_qq_avatar({ file: PICTURE });
  await bot.set_online_status({ status: 10, ext_status: 1028, battery_status: 0 });
  await bot.set_diy_online_status({ face_id: 21, face_type: 1, wording: "busy" });
  await bot.nc_get_user_status({ user_id: ALICE });
  await bot.set_input_status({ user_id: String(ALICE), event_type: 1 });
  await bot.get_profile_like();
  await bot.send("add_custom_face", { file: PICTURE });
  assert.equal((await bot.fetch_custom_face({ count: 5 })).length, 1);
  await bot.friend_poke({ user_id: ALICE });
  await bot.send_poke({ user_id: ALICE });
  await bot.ArkSharePeer({ user_id: String(ALICE) });
  const { uin: stray } = await sandbox("users", { nickname: "Stray" });
  await sandbox("friends", { a: BOT, b: stray });
  await event("notice.friend_add");
  await bot.delete_friend({ user_id: stray, temp_block: false, temp_both_del: true });
}

async function requests() {
  const { uin: dave } = await sandbox("users", { nickname: "Dave" });
  await sandbox("friend-requests", { from: dave, to: BOT, text: "it is me", filtered: true });
  const [filtered] = await bot.get_doubt_friends_add_request({ count: 5 });
  await bot.set_doubt_friends_add_request({ flag: filtered.flag });
  const { uin: erin } = await sandbox("users", { nickname: "Erin" });
  await sandbox("friend-requests", { from: erin, to: BOT, text: "and me" });
  const friend = await event("request.friend", (e) => e.user_id === erin);
  await bot.set_friend_add_request({ flag: friend.flag, approve: true, remark: "E." });
  await sandbox(`groups/${OWN}`, { join: "ask" }, "PATCH");
  await sandbox(`groups/${OWN}/requests`, { uin: dave, text: "please" });
  const join = await event("request.group.add");
  await bot.get_group_system_msg({ count: 5 });
  await bot.set_group_add_request({ flag: join.flag, approve: true });
  await sandbox(`groups/${OWN}/requests`, { uin: erin, text: "please", filtered: true });
  assert.equal((await bot.get_group_ignore_add_request({ group_id: OWN })).length, 1);
  await bot.get_group_ignored_notifies();

  // Quick operations, as the package offers them with each event.
  const { uin: finn } = await sandbox("users", { nickname: "Finn" });
  await sandbox("friend-requests", { from: finn, to: BOT, text: "and Finn" });
  await (await event("request.friend", (e) => e.user_id === finn)).quick_action(true);
  const { code } = await sandbox("groups", { name: "of Bob", owner: BOB });
  await sandbox(`groups/${code}/invitations`, { by: BOB, uin: BOT });
  await (await event("request.group.invite")).quick_action(true);
  await event("notice.group_increase.invite", (e) => e.group_id === code);
  await (await fromAlice("quick")).quick_action([Structs.text("quick indeed")]);
  await sandbox("send", { as: ALICE, group: GROUP, text: "quick" });
  await (await event("message.group.normal", (e) => e.raw_message === "quick")).quick_action([Structs.text("so")], true);
  await bot.set_group_leave({ group_id: code });
}

async function groups() {
  await bot.get_group_info({ group_id: OWN });
  assert.ok((await bot.get_group_list({ no_cache: true })).length >= 2);
  await bot.get_group_member_info({ group_id: OWN, user_id: BOB, no_cache: true });
  await bot.get_group_member_list({ group_id: OWN });
  await sandbox("honors", { group: OWN, uin: BOB, honor: "talkative" });
  await sandbox("honors", { group: OWN, uin: BOB, honor: "performer" });
  await bot.get_group_honor_info({ group_id: OWN, type: "all" });
  await bot.get_group_at_all_remain({ group_id: OWN });
  await bot.set_group_card({ group_id: OWN, user_id: BOB, card: "Bobby" });
  await bot.set_group_special_title({ group_id: OWN, user_id: BOB, special_title: "builder" });
  await bot.set_group_admin({ group_id: OWN, user_id: BOB, enable: true });
  await bot.set_group_admin({ group_id: OWN, user_id: BOB, enable: false });
  await bot.set_group_ban({ group_id: OWN, user_id: BOB, duration: 600 });
  assert.equal((await bot.get_group_shut_list({ group_id: OWN })).length, 1);
  await bot.set_group_ban({ group_id: OWN, user_id: BOB, duration: 0 });
  await bot.set_group_whole_ban({ group_id: OWN, enable: true });
  await bot.set_group_whole_ban({ group_id: OWN, enable: false });
  await bot.set_group_name({ group_id: OWN, group_name: "named by a bot" });
  await bot.set_group_remark({ group_id: String(OWN), remark: "mine" });
  await bot.set_group_portrait({ group_id: OWN, file: PICTURE });
  await bot.set_group_sign({ group_id: OWN });
  await bot.group_poke({ group_id: OWN, user_id: BOB });
  await bot.ArkShareGroup({ group_id: String(OWN) });
  await bot._send_group_notice({ group_id: OWN, content: "read this", image: PICTURE });
  const [notice] = await bot._get_group_notice({ group_id: OWN });
  await bot._del_group_notice({ group_id: OWN, notice_id: notice.notice_id });
  await bot.get_ai_characters({ group_id: OWN }).then(async ([{ characters }]) => {
    const [{ character_id: character }] = characters;
    await bot.get_ai_record({ character, group_id: OWN, text: "read aloud" });
    await bot.send_group_ai_record({ character, group_id: OWN, text: "read aloud" });
  });
  await bot.set_group_kick({ group_id: OWN, user_id: BOB, reject_add_request: false });
  await sandbox(`groups/${OWN}/members`, { uin: CAROL, by: BOT });
  await bot.set_group_kick_members({ group_id: String(OWN), user_id: [CAROL] });
}

async function files() {
  const there = await bot.upload_group_file({ group_id: OWN, file: PICTURE, name: "one.gif" });
  const { groupItem } = await bot.create_group_file_folder({ group_id: OWN, folder_name: "papers" });
  const folder = groupItem.folderInfo.folderId;
  const root = await bot.get_group_root_files({ group_id: OWN });
  const file_id = root.files[0].file_id;
  assert.equal(root.folders[0].folder_id, folder);
  await bot.get_group_file_system_info({ group_id: OWN });
  await bot.get_group_file_url({ group_id: OWN, file_id });
  await bot.rename_group_file({ group_id: OWN, file_id, current_parent_directory: "/", new_name: "two.gif" });
  await bot.move_group_file({ group_id: OWN, file_id, current_parent_directory: "/", target_parent_directory: folder });
  assert.equal((await bot.get_group_files_by_folder({ group_id: OWN, folder_id: folder })).files[0].file_name, "two.gif");
  await bot.delete_group_file({ group_id: OWN, file_id });
  await bot.delete_group_folder({ group_id: OWN, folder_id: folder });
  await sandbox("files", { from: ALICE, group: OWN, name: "for a time.txt", size: 100, temporary: true });
  const upload = await event("notice.group_upload");
  await bot.trans_group_file({ group_id: OWN, file_id: upload.file.id });
  await bot.upload_private_file({ user_id: ALICE, file: PICTURE, name: "one.gif" });
  await sandbox("files", { from: ALICE, to: BOT, name: "notes.txt", size: 100 });
  const { message } = await event("message.private.friend", (e) => e.message[0].type === "file");
  await bot.get_private_file_url({ file_id: message[0].data.file_id });
  await bot.get_file({ file: message[0].data.file_id });
  await bot.download_file({ base64: PIXEL, name: "three.gif" });
}

async function media() {
  await sandbox("send", { as: ALICE, to: BOT, segments: [{ type: "face", id: 359 }] }); // the tour has the dice
  await event("message.private.friend", (e) => e.message[0].type === "rps");
  await sandbox("send", { as: ALICE, to: BOT, segments: [{ type: "image", base64: PIXEL }] });
  const picture = await event("message.private.friend", (e) => e.message[0].type === "image");
  await bot.get_image({ file: picture.message[0].data.file });
  await bot.ocr_image({ image: PICTURE });
  const voice = await readFile(process.env.VOICE, "base64");
  await sandbox("send", { as: ALICE, to: BOT, segments: [{ type: "record", base64: voice }] });
  const record = await event("message.private.friend", (e) => e.message[0].type === "record");
  await bot.get_record({ file: record.message[0].data.file, out_format: "wav" });
  await bot.can_send_image();
  await bot.can_send_record();
  await bot.nc_get_rkey();
  await bot.get_rkey();
  await bot.get_rkey_server();
  await bot.get_mini_app_ark({ type: "bili", title: "t", desc: "d", picUrl: "http://p.example/1.png", jumpUrl: "pages/1" });
  await bot.get_qun_album_list({ group_id: String(OWN) });
}

async function albums() {
  await sandbox(`groups/${OWN}/albums`, { by: BOT, name: "trips" });
  const albums = await bot.get_qun_album_list({ group_id: String(OWN) });
  const { album_id } = (albums.album_list ?? albums)[0];
  await bot.upload_image_to_qun_album({ group_id: String(OWN), album_id: String(album_id), album_name: "trips", file: PICTURE });
  await bot.get_group_album_media_list({ group_id: String(OWN), album_id: String(album_id) });
}

async function itself() {
  await event("meta_event.heartbeat");
  await bot.get_status();
  await bot.get_version_info();
  await bot.get_cookies({ domain: "qun.qq.com" });
  await bot.get_csrf_token();
  await bot.get_credentials();
  await bot.get_clientkey();
  await bot.nc_get_packet_status();
  await bot.clean_cache();
  await bot.send_packet({ cmd: "OidbSvcTrpcTcp.0xfe1_2", data: "08e11f1002", rsp: true });
}

// What everybody refuses, or this service does not have: each with parameters that would do.
async function refusals() {
  const s = String(OWN);
  for (const [action, params] of Object.entries({
    bot_exit: {}, _get_model_show: { model: "x" }, get_robot_uin_range: {}, translate_en2zh: { words: ["word"] },
    create_collection: { rawData: "x", brief: "x" }, get_collection_list: { category: 0, count: 1 },
    click_inline_keyboard_button: { group_id: OWN, bot_appid: "1", button_id: "1", callback_data: "", msg_seq: "1" },
    do_group_album_comment: { group_id: s, album_id: "1", lloc: "1", content: "x" },
    set_group_album_media_like: { group_id: s, album_id: "1", lloc: "1", id: "1", set: true },
    del_group_album_media: { group_id: s, album_id: "1", lloc: "1" }, _mark_all_as_read: {},
    set_group_add_option: { group_id: s, add_type: 2 }, set_group_search: { group_id: s, no_code_finger_open: 1 },
    set_group_robot_add_option: { group_id: s, robot_member_switch: 1 }, get_group_info_ex: { group_id: OWN }, get_group_detail_info: { group_id: OWN },
  })) {
    await bot[action](params).catch(() => {});
  }
}

// A temporary chat: a stranger by way of a group.
async function aside() {
  const { code } = await sandbox("groups", { name: "of strangers", owner: BOB, members: [BOT] });
  const { uin: stranger } = await sandbox("users", { nickname: "Gina" });
  await sandbox(`groups/${code}/members`, { uin: stranger, by: BOB });
  await sandbox("send", { as: stranger, to: BOT, temp_group: code, text: "psst" });
  const { user_id, sender } = await event("message.private.group");
  await bot.send_private_msg({ user_id, group_id: sender.group_id, message: [Structs.text("psst yourself")] });
  await event("message_sent.private.group");
}

// Others do everything once, and at last the account is kicked.
async function others() {
  const { steps } = await sandbox("tour", { for: BOT, pause: "10ms" });
  assert.deepEqual(steps.filter((step) => step.error), []);
  await fromAlice("that was all"); // events keep their order
  await sandbox(`clients/${BOT}/kick`, { title: "kicked", tips: "elsewhere" });
  await event("notice.bot_offline");
}

await bot.connect();
await event("meta_event.lifecycle.connect");
for (const [step, says] of [
  [itself, "the service itself"], [messages, "messages, reactions, forwards"], [aside, "a temporary chat"], [people, "friends and the profile"],
  [requests, "requests and quick operations"], [groups, "groups and their members"], [files, "files"], [media, "pictures, voices, cards"],
  [albums, "albums"], [refusals, "what is refused"], [others, "others do everything once"],
]) {
  await step().catch((e) => {
    throw e instanceof Error ? e : new Error(JSON.stringify(e));
  });
  console.log(`PASSED ${says}`);
}
await bot.disconnect();
const wrong = verdict();
if (wrong.length) {
  console.error(wrong.join("\n"));
  process.exit(1);
}
const n = counts();
console.log(`PASSED the types of node-napcat-ts: ${n.events} events of ${n.kinds} kinds, results of ${n.methods} methods; ${n.refused} refused; ${n.different} differences, all meant`);
