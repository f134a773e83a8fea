// The chat page of the sandbox: act as any account, see everything live. The
// account and the chat stand in the address (#as=20001&chat=g730000001), so that
// several windows can be several people.
import { t, translate } from './text.js';
import { get, post, watch } from './api.js';
import { attachments, startAttach } from './attach.js';
import { startCompose } from './compose.js';
import { react } from './deeds.js';
import { faceTokens } from './faces.js';
import { startFaults } from './faults.js';
import { brief } from './kinds.js';
import { startLogins } from './logins.js';
import { make } from './make.js';
import { startViewer } from './media.js';
import { startMention } from './mention.js';
import { startPanel } from './panel.js';
import { startSheet } from './sheet.js';
import { startThread } from './thread.js';
import { avatar, bubble, happening, note, showPictures, split } from './view.js';

const $ = (id) => document.getElementById(id);

let state = { users: [], groups: [], clients: [], qr: [], captchas: [] };
let as = 0;
let chat = ''; // "g<code>" or "u<uin>"
let shownAs = 0; // who reads what is on the page
let members = [];
let queue = []; // events not yet on the page
let replyTo = null;
let chosen = null; // the sequences of messages to forward, while they are being chosen
const unread = new Map();
const last = new Map(); // chat -> {sequence, text} of the newest message

const user = (uin) => state.users.find((u) => u.uin === uin);
showPictures((id, group) => (group ? state.groups.find((g) => g.code === id) : user(id))?.avatar);
const nameOf = (uin) => user(uin)?.nickname ?? String(uin);
const account = (uin) => `${nameOf(uin)} (${uin})`;
const isOnline = (uin) => state.clients.some((c) => c.uin === uin && c.registered);
const isGroup = () => chat.startsWith('g');
const target = () => Number(chat.slice(1));
const narrow = matchMedia('(max-width: 720px)');
const touch = matchMedia('(hover: none)');

function toast(error) {
  (document.querySelector('dialog[open]') ?? document.body).append($('toast')); // above what is open
  $('toast').textContent = error.message ?? error;
  $('toast').hidden = false;
  clearTimeout(toast.timer);
  toast.timer = setTimeout(() => { $('toast').hidden = true; }, 4000);
}

const guarded = (f) => async (...args) => {
  try {
    return await f(...args);
  } catch (error) {
    toast(error);
  }
};

// State: users, chats, clients, logins.

const loadState = guarded(async () => {
  state = await get('api/state');
  if (!user(as)) {
    const free = state.users.filter((u) => !isOnline(u.uin));
    as = (free.find((u) => u.uin > 20000) ?? free[0] ?? state.users[0])?.uin ?? 0;
  }
  renderSide();
  logins.show(state.qr, state.captchas);
  renderHeading();
  if (isGroup()) members = await get(`api/groups/${target()}/members`);
  sheet.refresh();
  await sheet.look();
});

let stateTimer;
function refreshSoon() {
  stateTimer ??= setTimeout(() => { stateTimer = undefined; loadState(); }, 150);
}

let filesTimer;
function lookAtFiles() {
  filesTimer ??= setTimeout(() => { filesTimer = undefined; sheet.lookAtFiles(); }, 150);
}

function chatsOf(uin) {
  const u = user(uin);
  const groups = state.groups.filter((g) => u?.groups?.includes(g.code));
  const chats = [
    ...groups.map((g) => ({ key: 'g' + g.code, id: g.code, name: g.name, group: true, about: t('members', g.member_count), pinned: u.pinned_groups?.includes(g.code) })),
    ...(u?.friends ?? []).map((f) => ({ key: 'u' + f, id: f, name: nameOf(f), online: isOnline(f), about: String(f), pinned: u.pinned_friends?.includes(f) })),
  ];
  return [...chats.filter((c) => c.pinned), ...chats.filter((c) => !c.pinned)];
}

function renderSide() {
  $('as').replaceChildren(...state.users.map((u) => make('option', { value: u.uin }, `${u.nickname} (${u.uin})`)));
  $('as').value = as;
  const online = state.clients.filter((c) => c.registered);
  $('status').replaceChildren(...(online.length
    ? online.map((c) => make('div', { class: 'dot on', 'data-online': c.uin, title: c.device_name }, t('online', nameOf(c.uin)), make('small', {}, ` · ${c.device_name}`)))
    : [make('div', { class: 'dot' }, t('nobody')), ...(state.qr.length + state.captchas.length ? [] : [make('small', {}, t('connect'), ' ', make('code', {}, `server.sandbox.control: ${location.origin}`))])]));
  renderChats();
}

function renderChats() {
  const chats = chatsOf(as);
  $('chats').replaceChildren(...chats.map((c) => {
    const count = unread.get(c.key) ?? 0;
    return make('button', { type: 'button', class: 'chat', 'data-chat': c.key, 'aria-current': c.key === chat, onclick: () => open(c.key) },
      avatar(c.id, c.name, c),
      make('span', { class: 'who' }, make('b', {}, c.pinned ? '📌 ' : '', c.name), make('small', {}, last.get(c.key)?.text ?? c.about)),
      ...(count ? [make('span', { class: 'badge', title: t('unread', count) }, count > 99 ? '99+' : count)] : []));
  }));
  if (!chats.length) $('chats').append(note(t('noChats')));
  $('chats').append(make('button', { type: 'button', class: 'quiet add', 'data-action': 'add', onclick: () => sheet.add() }, '＋ ', t('add')));
}

// Narrow screens show one half at a time; the logins must be seen in both.
const placeLogins = () => (narrow.matches && !chat ? $('chats') : $('messages')).before($('logins'));

const logins = startLogins(guarded, { account, users: () => state.users, moved: placeLogins });

// The open chat.

function renderHeading() {
  const c = chatsOf(as).find((c) => c.key === chat);
  document.body.dataset.view = c ? 'chat' : 'chats';
  $('composer').hidden = !c;
  $('name').textContent = c?.name ?? t('pick');
  $('detail').textContent = !c ? '' : c.group ? `${c.id} · ${c.about}` : String(c.id);
  $('at').hidden = !c?.group;
  $('manage').hidden = !c;
  $('openFiles').hidden = !c?.group;
  if (!c && chat) { // no longer a friend or member
    chat = '';
    thread.clear();
    renderChats();
  }
}

const on = {
  quoted: (sequence) => {
    const m = thread.message(sequence);
    return m && `${m.nickname}: ${brief(m.segments)}`;
  },
  select: (m, isChosen) => {
    if (isChosen) chosen.add(m.sequence);
    else chosen.delete(m.sequence);
    renderChoosing();
  },
  mention: (m) => { if (isGroup()) insert(mention.text(m.from) + ' '); },
  person: (uin) => sheet.person(uin),
  react: (m) => sheet.react(m),
  more: (m) => sheet.message(m, on),
  hasReacted: (r) => r.users.includes(as),
  toggle: guarded((m, r) => react({ ...context(), message: m }, r.code, !r.users.includes(as))),
  reply: (m) => {
    replyTo = m;
    renderReplying();
    $('input').focus();
  },
  mayRecall: (m) => m.from === as || ['owner', 'admin'].includes(members.find((p) => p.uin === as)?.role),
  recall: guarded((m) => post('api/recall', { as, sequence: m.sequence, ...(isGroup() ? { group: target() } : { peer: target() }) })),
};

// context is what the sheets need.
const context = () => {
  const me = user(as) ?? {};
  return {
    as, me, users: state.users, friends: me.friends ?? [], groups: state.groups, clients: state.clients.filter((c) => c.registered),
    group: isGroup() ? state.groups.find((g) => g.code === target()) : undefined, members: isGroup() ? members : [],
    mine: members.find((m) => m.uin === as), peer: chat && !isGroup() ? target() : undefined,
  };
};

const sheet = startSheet(guarded, context, {
  mention: (m) => insert(mention.text(m.uin) + ' '),
  chatWith: (uin) => open('u' + uin),
});

function element(m) { return bubble(m, m.from === as, on); }

const thread = startThread(guarded, element);

// open opens a chat: its messages are asked for, again where it is open already.
const open = guarded(async (key) => {
  if (key !== chat || as !== shownAs) thread.clear(); // those of the chat before, perhaps none of this account
  shownAs = as;
  chat = key;
  unread.delete(key);
  replyTo = null;
  chosen = null;
  members = [];
  queue = [];
  location.hash = new URLSearchParams(key ? { as, chat: key } : { as });
  mention.close();
  composer.close();
  attachments.clear();
  renderReplying();
  renderChoosing();
  renderHeading();
  renderChats();
  placeLogins();
  if (!chat) return;
  const [newest, people] = await Promise.all([
    thread.open(isGroup() ? `group=${target()}` : `a=${as}&b=${target()}`),
    isGroup() ? get(`api/groups/${target()}/members`) : [],
  ]);
  if (key !== chat || newest === null) return; // another chat was opened meanwhile
  members = people;
  if (newest && !(last.get(key)?.sequence > newest.sequence)) setLast(key, newest);
  renderChats();
  if (!touch.matches) $('input').focus({ preventScroll: true }); // which would open a keyboard
});

// Reactions and the like belong to messages that are there already: those are looked at again.
const changed = new Set();
const refreshMessages = guarded(async () => {
  refreshMessages.timer = undefined;
  const sequences = [...changed].filter(thread.has);
  changed.clear();
  if (isGroup() && sequences.length) await thread.refresh(sequences);
});

function lookAgain(sequences) {
  for (const s of sequences) changed.add(s);
  refreshMessages.timer ??= setTimeout(refreshMessages, 100);
}

function setLast(key, m) {
  const said = brief(m.segments);
  const text = key.startsWith('g') ? `${m.nickname}: ${said}` : said;
  last.set(key, { sequence: m.sequence, text: m.recalled ? t('recalled', m.nickname) : text });
}

// undo is a button that takes back one's own poke.
function undo(e) {
  if (e.kind !== 'poke' || e.by !== as) return [];
  const where = e.group ? { group: e.group } : { peer: e.peer };
  return [' ', make('button', { class: 'quiet', 'data-action': 'unpoke', onclick: guarded(() => post('api/pokes/recall', { by: as, tips: e.sequence, ...where })) }, t('recall'))];
}

// Events. Many may come at once: they are put on the page together.

function chatOf(e) {
  if (e.group) return user(as)?.groups?.includes(e.group) ? 'g' + e.group : '';
  const two = [e.user, e.peer, e.by].filter((u) => u);
  const other = two.find((u) => u !== as);
  return two.includes(as) && other ? 'u' + other : '';
}

const aboutMessages = ['reaction', 'essence'];
const aboutFiles = /^(file|folder)_/;
const takesFiles = ['file_removed', 'file_expired', 'folder_removed']; // their messages offer nothing any more

function onEvent(e) {
  if (e.kind === 'reset') { // the messages are gone, too
    unread.clear();
    last.clear();
    loadState().then(() => open(chat));
  }
  if (aboutFiles.test(e.kind)) lookAtFiles();
  else if (e.kind !== 'message' && e.kind !== 'recall') refreshSoon();
  const key = chatOf(e);
  if (!key) return;
  if (key === chat && aboutMessages.includes(e.kind)) {
    lookAgain([e.sequence]);
  }
  if (key === chat && takesFiles.includes(e.kind)) lookAgain(thread.saying('file'));
  if (!queue.length) requestAnimationFrame(flush);
  queue.push({ key, e });
  if (queue.length > 10000) queue = queue.slice(-5000); // a window in the background
}

function flush() {
  const fresh = [];
  const newest = new Map();
  for (const { key, e } of queue) {
    if (e.message) newest.set(key, e.message);
    if (key !== chat) {
      if (e.message && e.message.from !== as) unread.set(key, (unread.get(key) ?? 0) + 1);
    } else if (e.kind === 'message') {
      fresh.push({ message: e.message });
    } else if (e.kind === 'recall') {
      const m = thread.recall(e.sequence) ?? fresh.find((f) => f.message?.sequence === e.sequence)?.message;
      if (!m) continue;
      m.recalled = true;
      if (last.get(key)?.sequence === m.sequence) newest.set(key, m);
    } else {
      const text = happening(e, nameOf);
      if (text) fresh.push({ text, more: undo(e) });
    }
  }
  queue = [];
  thread.add(fresh);
  tellNew(fresh);
  for (const [key, m] of newest) setLast(key, m);
  renderChats();
}

// tell has words read aloud. New messages are told one at a time, many by their number.
function tell(words) { $('told').textContent = words; }

function tellNew(fresh) {
  const heard = fresh.filter((f) => f.text || f.message.from !== as);
  if (!heard.length) return;
  const { text, message } = heard.at(-1);
  tell(heard.length > 1 ? t('newMessages', heard.length) : text ?? `${message.nickname}: ${brief(message.segments)}`);
}

// Writing.

function renderReplying() {
  $('replying').hidden = !replyTo;
  if (replyTo) $('replying').firstElementChild.textContent = t('replyTo', replyTo.nickname, brief(replyTo.segments));
}

function insert(text) {
  const input = $('input');
  input.setRangeText(text, input.selectionStart, input.selectionEnd, 'end');
  input.focus();
  fit();
}

function fit() {
  $('input').style.height = 'auto';
  $('input').style.height = $('input').scrollHeight + 2 + 'px';
}

const mention = startMention({ members: () => (isGroup() ? members : undefined), tell, changed: fit });

const tokens = () => new Map([...faceTokens, ...mention.tokens()]);

const here = () => (isGroup() ? { group: target() } : { to: target() });
const say = (segments) => post('api/send', { as, segments, ...here() });
const sendFile = (file) => post('api/files', { from: as, ...file, ...here() });

// Text and pictures are one message; voices, videos and files stand alone.
const submit = guarded(async () => {
  const key = chat;
  if (!key || $('send').disabled) return;
  $('send').disabled = true;
  try {
    const { taken, sent } = await attachments.take();
    if (key !== chat) return; // another chat was opened while files were uploaded
    const pictures = taken.filter((a) => a.kind === 'image');
    const text = $('input').value;
    const segments = [...pictures.map((a) => a.segment), ...(text.trim() ? split(text, tokens()) : [])];
    if (segments.length) {
      if (replyTo) segments.unshift({ type: 'reply', sequence: replyTo.sequence });
      await say(segments);
      sent(pictures);
      $('input').value = '';
      replyTo = null;
      renderReplying();
      fit();
    }
    for (const other of taken.filter((a) => a.kind !== 'image')) {
      await (other.file ? sendFile(other.file) : say([other.segment]));
      sent([other]);
    }
  } finally {
    $('send').disabled = false;
  }
});

const composer = startCompose({
  send: guarded(async (segments) => {
    await say(segments);
    composer.close();
    $('input').focus();
  }),
  insert,
  pick: (all) => {
    composer.close();
    attachments.pick(all);
  },
  choose: () => {
    chosen = new Set();
    composer.close();
    renderChoosing();
  },
  contacts: () => [
    ...state.users.map((u) => [JSON.stringify({ uin: u.uin }), `${u.nickname} (${u.uin})`]),
    ...state.groups.map((g) => [JSON.stringify({ group: g.code }), `${g.name} (${g.code})`]),
  ],
});

// Forwarding: messages are chosen, then sent as one card.

function renderChoosing() {
  $('choosing').hidden = !chosen;
  document.body.classList.toggle('choosing', Boolean(chosen));
  if (!chosen) {
    for (const box of $('messages').querySelectorAll('.choose:checked')) box.checked = false;
    return;
  }
  $('choosing').firstElementChild.textContent = t('chosen', chosen.size);
  $('choosing').querySelector('[data-action=forward]').disabled = !chosen.size;
}

const stopChoosing = () => { chosen = null; renderChoosing(); };

const forwardChosen = guarded(async () => {
  const nodes = [...chosen].sort((a, b) => a - b).map((sequence) => ({ sequence }));
  await say([{ type: 'forward', nodes }]);
  stopChoosing();
});

function listen() {
  $('as').onchange = () => {
    as = Number($('as').value);
    unread.clear();
    last.clear();
    guarded(sheet.look)();
    open(chatsOf(as).some((c) => c.key === chat) ? chat : '');
  };
  $('back').onclick = () => open('');
  for (const id of ['me', 'world']) $(id).onclick = () => sheet[id]();
  $('manage').onclick = () => sheet.chat();
  $('openFiles').onclick = () => sheet.files();
  $('replying').lastElementChild.onclick = () => { replyTo = null; renderReplying(); };
  $('composer').onsubmit = (e) => { e.preventDefault(); submit(); };
  $('choosing').querySelector('[data-action=forward]').onclick = forwardChosen;
  $('choosing').lastElementChild.onclick = stopChoosing;
  $('input').oninput = fit;
  $('input').onkeydown = (e) => {
    if (mention.key(e) || e.key !== 'Enter' || e.shiftKey || e.isComposing) return;
    e.preventDefault();
    submit();
  };
  narrow.onchange = placeLogins;
  window.onhashchange = () => {
    const wanted = new URLSearchParams(location.hash.slice(1));
    const key = wanted.get('chat') ?? '';
    if (Number(wanted.get('as')) === as && key !== chat) open(key);
  };
}

// first is the chat that is opened where none is asked for: on a phone the list comes first.
const first = () => (narrow.matches ? '' : chatsOf(as)[0]?.key ?? '');

async function start() {
  translate();
  $('input').placeholder = t('placeholder');
  listen();
  startFaults(guarded);
  startViewer();
  startAttach(() => chat && !chosen, sheet.fileTarget);
  on.forward = startPanel(guarded);
  const wanted = new URLSearchParams(location.hash.slice(1));
  as = Number(wanted.get('as'));
  await loadState();
  await open(wanted.get('chat') ?? first());
  watch(onEvent, async (connected) => {
    const wasLost = !$('lost').hidden;
    $('lost').hidden = connected;
    if (!connected) return;
    if (wasLost) { // perhaps it is another world by now
      unread.clear();
      last.clear();
      $('toast').hidden = true;
    }
    await loadState(); // also what changed between the first look and now
    await open(chat || first());
  });
}

start();
