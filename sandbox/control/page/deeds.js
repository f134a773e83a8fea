// What people do besides writing: a row for each thing, in the sheet of what it is done to.
// key is its word, label another one; when(c) says whether it makes sense; fields(c) ask for
// more; run(c, values) does it; report(answer) are the lines to show of its answer, {title,
// about, wrong}. c has what the rows need:
//   as, users, friends, groups, clients; of the open chat group, members, mine (own member),
//   peer; and what the sheet is about: member (in a group), uin, message.
import { t } from './text.js';
import { faces } from './faces.js';
import { patch, post, remove } from './api.js';

const mostOptions = 500; // of a list to choose from; beyond, numbers are typed

const people = (name, label, list) => (list.length > mostOptions ? { name, label, type: 'number' }
  : { name, label, options: list.map((u) => [u.uin, `${u.nickname} (${u.uin})`]) });
const others = (c) => c.users.filter((u) => u.uin !== c.as);
const outsiders = (c) => c.users.filter((u) => !u.groups?.includes(c.group.code));
const strangers = (c) => others(c).filter((u) => !c.friends.includes(u.uin));
const text = (name, label, value = '') => ({ name, label, value, most: 300 });
const check = (name, label, value = false) => ({ name, label, value, type: 'checkbox' });

const groupPath = (c) => `api/groups/${c.group.code}`;
const memberPath = (c) => `${groupPath(c)}/members/${c.member.uin}`;
const ofMember = (c, what) => patch(memberPath(c), { by: c.as, ...what });
const ofGroup = (c, what) => patch(groupPath(c), { by: c.as, ...what });
const isOther = (c) => c.uin !== c.as;

// The names of kinds of honour (docs/protocol/events.md 6).
const honors = () => ['talkative', 'performer', 'legend', 'strong_newbie', 'emotion'].map((h) => [h, t(`honor_${h}`)]);
// Statuses (docs/protocol/operations.md 4.5).
const statuses = () => [10, 30, 40, 50, 60, 70].map((s) => [s, t(`status_${s}`)]);
const policies = () => ['free', 'ask', 'question', 'closed'].map((p) => [p, t(`join_${p}`)]);

// deeds has the rows of each sheet, in the order in which they are shown.
export const deeds = {
  // of the one whom the page acts as
  me: [
    {
      key: 'profile', icon: '✏️',
      fields: (c) => [text('nickname', 'nickname', c.me.nickname), text('sign', 'sign', c.me.sign)],
      run: (c, v) => patch(`api/users/${c.as}`, v),
    },
    {
      key: 'status', icon: '🟢',
      fields: (c) => [{ name: 'status', label: 'status', options: statuses(), value: c.me.status?.status || 10 }, text('words', 'ownWords')], // words go before the choice: those of before would hide it
      run: (c, { status, words }) => patch(`api/users/${c.as}`, {
        status: words ? { text: words } : { status: Number(status) },
      }),
    },
    {
      key: 'addFriend', icon: '🤝', when: (c) => strangers(c).length,
      fields: (c) => [people('to', 'account', strangers(c)), text('text', 'verification', t('exampleHello')), check('filtered', 'filtered')],
      run: (c, { to, ...v }) => post('api/friend-requests', { from: c.as, to: Number(to), ...v }),
    },
    {
      key: 'askToJoin', icon: '🚪', when: (c) => strangeGroups(c).length,
      fields: (c) => [
        { name: 'code', label: 'group', options: strangeGroups(c).map((g) => [g.code, groupWords(g)]) },
        text('text', 'answerOrText'), check('filtered', 'filtered'),
      ],
      run: (c, { code, ...v }) => post(`api/groups/${code}/requests`, { uin: c.as, ...v }),
    },
    {
      key: 'newGroup', icon: '👥', fields: () => [text('name', 'groupName', t('exampleGroup'))],
      run: (c, v) => post('api/groups', { owner: c.as, ...v }),
    },
    { key: 'removeUser', icon: '🗑️', fields: () => [], run: (c) => remove(`api/users/${c.as}`) },
  ],

  // of the group that is open
  group: [
    { key: 'invite', icon: '➕', fields: (c) => [people('uin', 'account', outsiders(c))], run: (c, { uin }) => post(`${groupPath(c)}/invitations`, { by: c.as, uin: Number(uin) }) },
    { key: 'renameGroup', icon: '✏️', fields: (c) => [text('name', 'groupName', c.group.name)], run: ofGroup },
    { key: 'muteAll', icon: '🔇', when: (c) => !c.group.mute_all, run: (c) => ofGroup(c, { mute_all: true }) },
    { key: 'unmuteAll', icon: '🔊', when: (c) => c.group.mute_all, run: (c) => ofGroup(c, { mute_all: false }) },
    {
      key: 'joinPolicy', icon: '🛂',
      fields: (c) => [
        { name: 'join', label: 'joinPolicy', options: policies(), value: c.group.join },
        text('question', 'question', c.group.question), text('answer', 'answer', c.group.answer),
      ],
      run: (c, { join, ...v }) => ofGroup(c, join === 'question' ? { join, ...v } : { join }),
    },
    {
      key: 'announce', icon: '📢', when: (c) => ['owner', 'admin'].includes(c.mine?.role),
      fields: () => [text('text', 'text', t('exampleTip')), check('pinned', 'pinnedFirst'), check('newcomers', 'forNewcomers')],
      run: (c, v) => post(`${groupPath(c)}/announcements`, { by: c.as, ...v }),
    },
    { key: 'signIn', icon: '📅', when: (c) => c.mine, run: (c) => post('api/sign-in', { group: c.group.code, uin: c.as }) },
    { key: 'pin', icon: '📌', when: (c) => c.mine && !isPinned(c), run: (c) => pin(c, true) },
    { key: 'unpin', icon: '📍', when: isPinned, run: (c) => pin(c, false) },
    { key: 'album', icon: '🖼️', fields: () => [text('image', 'albumImage', 'moon-1')], run: (c, v) => post('api/albums', { group: c.group.code, ...v }) },
    { key: 'robot', icon: '🤖', fields: (c) => [people('uin', 'account', c.users)], run: (c, { uin }) => post('api/robots', { group: c.group.code, uin: Number(uin) }) },
    { key: 'tip', icon: 'ℹ️', fields: () => [text('text', 'text', t('exampleTip'))], run: (c, v) => post('api/tips', { group: c.group.code, ...v }) },
    { key: 'leaveGroup', icon: '🚶', when: (c) => c.mine && c.mine.role !== 'owner', fields: () => [], run: (c) => remove(`${groupPath(c)}/members/${c.as}`) },
    { key: 'dissolve', icon: '💥', when: (c) => c.mine?.role === 'owner', fields: () => [], run: (c) => remove(groupPath(c)) },
  ],

  // of a member of the group that is open, who may be oneself
  member: [
    { key: 'pokeThem', icon: '👉', run: (c) => post('api/pokes', { by: c.as, target: c.uin, group: c.group.code }) },
    { key: 'card_', icon: '🏷️', fields: (c) => [text('card', 'card_', c.member.card)], run: ofMember },
    { key: 'giveTitle', icon: '🎖️', fields: (c) => [text('title', 'giveTitle', c.member.title)], run: ofMember },
    { key: 'makeAdmin', icon: '🛡️', when: (c) => c.member.role === 'member', run: (c) => ofMember(c, { admin: true }) },
    { key: 'unmakeAdmin', icon: '🛡️', when: (c) => c.member.role === 'admin', run: (c) => ofMember(c, { admin: false }) },
    {
      key: 'muteMember', icon: '🔇', when: (c) => isOther(c) && !isMuted(c.member),
      fields: () => [{ name: 'mute_seconds', label: 'muteSeconds', value: 600, type: 'number' }], run: ofMember,
    },
    { key: 'unmuteMember', icon: '🔊', when: (c) => isMuted(c.member), run: (c) => ofMember(c, { mute_seconds: 0 }) },
    {
      key: 'kickMember', icon: '🚷', when: isOther, fields: () => [check('block', 'block')],
      run: (c, { block }) => remove(`${memberPath(c)}?by=${c.as}${block ? '&block=true' : ''}`),
    },
    { key: 'transfer', icon: '👑', when: (c) => isOther(c) && c.mine?.role === 'owner', fields: () => [], run: (c) => ofGroup(c, { owner: c.uin }) },
    {
      key: 'honor', icon: '🔥', fields: () => [{ name: 'honor', label: 'honor', options: honors() }],
      run: (c, v) => post('api/honors', { group: c.group.code, uin: c.uin, ...v }),
    },
    { key: 'luckyKing', icon: '🧧', run: (c) => post('api/lucky-king', { group: c.group.code, sender: c.as, uin: c.uin }) },
    { key: 'enter', icon: '✨', run: (c) => post('api/entries', { group: c.group.code, uin: c.uin }) },
    { key: 'restrict', icon: '⛔', fields: () => [], run: (c) => post('api/restrict', { uin: c.uin, group: c.group.code }) },
    { key: 'unrestrict', icon: '🆗', run: (c) => post('api/restrict', { uin: c.uin, group: c.group.code, on: false }) },
  ],

  // of another person: in a private chat, or below what concerns the member
  person: [
    { key: 'pokeThem', icon: '👉', when: (c) => c.peer, run: (c) => post('api/pokes', { by: c.as, target: c.uin }) },
    { key: 'typing', icon: '⌨️', when: (c) => c.peer, run: (c) => post('api/typing', { from: c.as, to: c.uin }) },
    {
      key: 'likeThem', icon: '👍', when: isOther, fields: () => [{ name: 'times', label: 'times', value: 1, type: 'number' }],
      run: (c, { times }) => post('api/likes', { from: c.as, to: c.uin, times }),
    },
    {
      key: 'addFriend', icon: '🤝', when: (c) => isOther(c) && !c.friends.includes(c.uin),
      fields: () => [text('text', 'verification', t('exampleHello')), check('filtered', 'filtered')],
      run: (c, v) => post('api/friend-requests', { from: c.as, to: c.uin, ...v }),
    },
    {
      key: 'onlineFile', icon: '📡', when: (c) => c.peer,
      fields: () => [{ name: 'end', label: 'onlineFileEnd', options: ['done', 'refused', 'cancelled'].map((e) => [e, t(`end_${e}`)]) }, check('folder', 'folder')],
      run: (c, v) => post('api/online-files', { from: c.as, to: c.uin, ...v }),
    },
    { key: 'pin', icon: '📌', when: (c) => c.peer && !isPinned(c), run: (c) => pin(c, true) },
    { key: 'unpin', icon: '📍', when: (c) => c.peer && isPinned(c), run: (c) => pin(c, false) },
    { key: 'unfriend', icon: '💔', when: (c) => c.friends.includes(c.uin), fields: () => [], run: (c) => remove('api/friends', { a: c.as, b: c.uin }) },
  ],

  // of a message
  message: [
    ...[['essenceOn', '⭐', true], ['essenceOff', '☆', false]].map(([key, icon, on]) => ({
      key, icon, when: (c) => c.group && Boolean(c.message.essence) !== on,
      run: (c) => post('api/essence', { ...here(c), on }),
    })),
    ...[['todoSet', '📋', 'set'], ['todoFinish', '✅', 'finish'], ['todoCancel', '🗒️', 'cancel']].map(([key, icon, what]) => ({
      key, icon, when: (c) => c.group, run: (c) => post('api/todos', { ...here(c), do: what }),
    })),
    {
      key: 'voiceText', icon: '📝', when: (c) => isVoice(c.message), fields: () => [text('text', 'text', t('exampleText'))],
      run: (c, v) => post('api/voice-texts', { uin: c.as, group: c.group?.code, peer: c.peer, sequence: c.message.sequence, ...v }),
    },
  ],

  // of the world as a whole
  world: [
    { key: 'newUser', icon: '👤', fields: () => [text('nickname', 'nickname', t('exampleName'))], run: (c, v) => post('api/users', v) },
    {
      key: 'befriend', icon: '🤝', fields: (c) => [people('a', 'account', c.users), { ...people('b', 'account', c.users), value: c.users[1]?.uin }],
      run: (c, { a, b }) => post('api/friends', { a: Number(a), b: Number(b) }),
    },
    {
      key: 'tour', icon: '🎡', fields: (c) => [people('for', 'tourFor', c.users)],
      run: (c, v) => post('api/tour', { for: Number(v.for) }),
      report: ({ steps }) => steps.map((s) => ({ title: s.request, about: s.events.join(', ') || t('noEvents'), wrong: s.error })),
    },
    {
      key: 'kickClient', icon: '🔌', when: (c) => c.clients.length,
      fields: (c) => [people('uin', 'account', c.users.filter((u) => c.clients.some((k) => k.uin === u.uin))), text('tips', 'text', t('exampleKick'))],
      run: (c, { uin, tips }) => post(`api/clients/${uin}/kick`, { title: t('notice'), tips }),
    },
    {
      key: 'device', icon: '📱', fields: (c) => [people('uin', 'account', c.users), text('name', 'deviceName', 'iPad'), check('on', 'isOnline', true)],
      run: (c, { uin, ...v }) => post('api/devices', { uin: Number(uin), ...v }),
    },
    { key: 'reset', icon: '⏮️', fields: () => [], run: () => post('api/reset', {}) },
  ],
};

function isPinned({ me, group, peer }) {
  return group ? Boolean(me.pinned_groups?.includes(group.code)) : Boolean(me.pinned_friends?.includes(peer));
}

const pin = (c, on) => post('api/pins', { uin: c.as, group: c.group?.code, peer: c.peer, on });
const here = (c) => ({ group: c.group.code, sequence: c.message.sequence, by: c.as });
const strangeGroups = (c) => c.groups.filter((g) => !c.me.groups?.includes(g.code));
const groupWords = (g) => `${g.name} (${g.code})${g.question ? ` · ${g.question}` : ''}`;
// isVoice tells whether a message is one that becomes text.
const isVoice = (m) => m.segments.some((s) => s.type === 'record');
const isMuted = (m) => m.mute_until * 1000 > Date.now();

// reactions are what a message can be answered with: faces and emoji, {code, name, emoji}.
const emoji = '👍 👎 ❤️ 😄 😮 😢 🎉 🔥 👀 🙏 👌 💪';
export const reactions = [
  ...faces.map((f) => ({ code: String(f.id), name: f.name, emoji: f.emoji })),
  ...emoji.split(' ').map((e) => ({ code: String(e.codePointAt(0)), name: e, emoji: e })),
];
export const reactionOf = (code) => reactions.find((r) => r.code === code) ?? { code, name: code, emoji: drawn(code) };
// drawn is the character of a code point; faces have at most three digits.
const drawn = (code) => (code.length > 3 && code <= 0x10ffff ? String.fromCodePoint(code) : code);
export const react = (c, code, on) => post('api/reactions', { ...here(c), code, on });
