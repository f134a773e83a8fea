// Small pieces of the page, made from data; nothing here asks the server.
import { t } from './text.js';
import { reactionOf } from './deeds.js';
import { brief, draw, needsNoBubble } from './kinds.js';
import { make } from './make.js';
import { portrait } from './media.js';

// pictures(id, group) is the id of the picture that an account or a group has given itself.
let pictures = () => undefined;
export const showPictures = (of) => { pictures = of; };

export function avatar(id, name, { group = false, online = false } = {}) {
  const letter = [...name.trim()][0] ?? '?';
  const e = make('span', { class: `avatar${group ? ' group' : ''}${online ? ' online' : ''}`, 'aria-hidden': 'true' }, letter.toUpperCase());
  e.style.setProperty('--hue', (id * 137) % 360);
  e.append(...portrait(pictures(id, group)));
  return e;
}

export const note = (text, attributes = {}, ...more) => make('div', { class: 'note', ...attributes }, text, ...more);

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false });
const day = new Intl.DateTimeFormat(undefined, { month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', hour12: false });

// bubble shows one message; on has quoted(seq), forward(s), reply(m), mayRecall(m),
// recall(m), mention(m), select(m, chosen), person(uin), and, in a group, react(m),
// toggle(m, reaction), more(m), hasReacted(reaction).
export function bubble(m, mine, on) {
  if (m.recalled) return note(t('recalled', m.nickname), { 'data-seq': m.sequence, 'data-recalled': 'true' });
  return make('div', { class: mine ? 'message mine' : 'message', 'data-seq': m.sequence, 'data-from': m.from },
    make('input', { type: 'checkbox', class: 'choose', 'aria-label': t('choose', brief(m.segments)), onchange: (e) => on.select(m, e.target.checked) }),
    make('button', { type: 'button', class: 'face', title: t('about', m.nickname), 'aria-label': t('about', m.nickname), onclick: () => on.person(m.from) }, avatar(m.from, m.nickname)),
    make('div', { class: 'column' },
      make('div', { class: 'top' },
        make('button', { type: 'button', class: 'from', title: t('mention'), onclick: () => on.mention(m) }, m.nickname),
        make('time', {}, clock.format(m.time * 1000)),
        ...(m.essence ? [make('span', { class: 'star', role: 'img', 'aria-label': t('essence'), title: t('essence') }, '⭐')] : []),
        make('span', { class: 'tools' },
          tool('reply', () => on.reply(m)), ...(on.mayRecall(m) ? [tool('recall', () => on.recall(m))] : []),
          ...(m.group ? [tool('react', () => on.react(m))] : []),
          tool('more', () => on.more(m), '⋯'))),
      said(m.segments, on), ...reacted(m, on)));
}

const tool = (key, onclick, sign) => make('button', { type: 'button', class: 'quiet', 'data-action': key, 'aria-label': sign && t(key), title: sign && t(key), onclick }, sign ?? t(key));

// reacted shows what a message was answered with.
function reacted(m, on) {
  if (!m.reactions?.length) return [];
  return [make('div', { class: 'reactions' }, ...m.reactions.map((r) => make('button', {
    type: 'button', 'data-code': r.code, 'aria-pressed': on.hasReacted(r), onclick: () => on.toggle(m, r),
  }, reactionOf(r.code).emoji, ' ', r.users.length)))];
}

// said is what a message says; of on it needs quoted(seq) and forward(s).
export function said(segments, on) {
  return make('div', { class: needsNoBubble(segments) ? 'bubble bare' : 'bubble' }, ...draw(segments, on));
}

// nodeBubble shows a message of a forward; on as for said.
export function nodeBubble(n, on) {
  const at = Number(new Date(n.time * 1000)); // NaN for no time, and for one that no calendar has
  return make('div', { class: 'message' },
    avatar(n.uin, n.name || String(n.uin)),
    make('div', { class: 'column' },
      make('div', { class: 'top' }, make('span', { class: 'from' }, n.name || String(n.uin)), at ? make('time', {}, day.format(at)) : ''),
      said(n.segments, on)));
}

// told has what is said of each kind of event: by(uin) is a name, who that of its subject.
const told = {
  join: (e, { who }) => t('join', who),
  leave: (e, { who }) => t('leave', who),
  kick: (e, { who, by }) => t('kick', who, by(e.by)),
  mute: (e, { who }) => (e.seconds ? t('mute', who, e.seconds) : t('unmute', who)),
  mute_all: (e) => t(e.on ? 'mute_all' : 'unmute_all'),
  admin: (e, { who }) => t(e.on ? 'admin' : 'unadmin', who),
  owner: (e, { who }) => t('toldOwner', who),
  rename: (e) => t('rename', e.text),
  avatar: () => t('toldAvatar'),
  card: (e, { who }) => t('toldCard', who, e.text || '—'),
  title: (e, { who }) => t('title_', who, e.text || '—'),
  poke: (e, { who, by }) => t('toldPoke', by(e.by), who),
  poke_recall: (e, { by }) => t('toldPokeRecall', by(e.by)),
  like: (e, { who }) => t('toldLike', who, e.times),
  typing: (e, { who }) => e.on && t('toldTyping', who),
  essence: (e, { who, by }) => t(e.on ? 'toldEssence' : 'toldNoEssence', by(e.by), who),
  announcement: (e, { by }) => t(e.on ? 'toldAnnounced' : 'toldNotAnnounced', by(e.by), e.text),
  todo: (e, { by }) => t(`toldTodo_${e.text}`, by(e.by)),
  sign_in: (e, { who }) => t('toldSignIn', who),
  honor: (e, { who }) => t('toldHonor', who, t(`honor_${e.text}`)),
  lucky_king: (e, { who, by }) => t('toldLuckyKing', who, by(e.by)),
  tip: (e) => e.text,
  enter: (e, { who }) => t('toldEnter', who),
  album: () => t('toldAlbum'),
  robot: (e, { who }) => t('toldRobot', who),
  button: (e, { who, by }) => t('toldButton', by(e.by), who),
  restrict: (e, { who }) => t(e.on ? 'toldRestrict' : 'toldUnrestrict', who),
  voice_text: (e) => t('toldVoiceText', e.text),
  online_file: (e, { by }) => t('toldOnlineFile', by(e.by), t(`end_${e.text}`)),
  file_removed: (e, { who }) => t('toldFileRemoved', who, e.text),
  file_renamed: (e, { who }) => t('toldFileRenamed', who, e.text),
  file_moved: (e, { who }) => t('toldFileMoved', who, e.text),
  file_kept: (e, { who }) => t('toldFileKept', who, e.text),
  file_expired: (e) => t('toldFileExpired', e.text),
  folder_added: (e, { who }) => t('toldFolderAdded', who, e.text),
  folder_renamed: (e, { who }) => t('toldFolderRenamed', who, e.text),
  folder_removed: (e, { who }) => t('toldFolderRemoved', who, e.text),
  friend_added: () => t('toldFriendAdded'),
  join_policy: (e) => t(`join_${e.text}`),
  join_request: (e, { who }) => t('toldJoinRequest', who),
  invited_join_request: (e, { who, by }) => t('toldInvitedJoin', who, by(e.by)),
};

// happening puts an event into words; undefined when there is nothing to say.
export const happening = (e, by) => told[e.kind]?.(e, { who: e.nickname ?? '', by });

// split turns typed text into segments by tokens, a map from text to segment: "@name" is
// a mention, "[name]" a face.
export function split(text, tokens) {
  const escaped = [...tokens.keys()].sort((a, b) => b.length - a.length).map((k) => k.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const parts = escaped.length ? text.split(new RegExp(`(${escaped.join('|')})`, 'u')) : [text];
  return parts.filter((part) => part).map((part) => tokens.get(part) ?? { type: 'text', text: part });
}
