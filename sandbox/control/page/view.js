// Small pieces of the page, made from data; nothing here asks the server.
import { t } from './text.js';
import { brief, draw, needsNoBubble } from './kinds.js';
import { make } from './make.js';

export function avatar(id, name, { group = false, online = false } = {}) {
  const letter = [...name.trim()][0] ?? '?';
  const e = make('span', { class: `avatar${group ? ' group' : ''}${online ? ' online' : ''}`, 'aria-hidden': 'true' }, letter.toUpperCase());
  e.style.setProperty('--hue', (id * 137) % 360);
  return e;
}

export const note = (text, attributes = {}) => make('div', { class: 'note', ...attributes }, text);

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false });
const day = new Intl.DateTimeFormat(undefined, { month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', hour12: false });

// bubble shows one message; on has quoted(seq), forward(s), reply(m), mayRecall(m),
// recall(m), mention(m), select(m, chosen).
export function bubble(m, mine, on) {
  if (m.recalled) return note(t('recalled', m.nickname), { 'data-seq': m.sequence, 'data-recalled': 'true' });
  return make('div', { class: mine ? 'message mine' : 'message', 'data-seq': m.sequence, 'data-from': m.from },
    make('input', { type: 'checkbox', class: 'choose', 'aria-label': t('choose', brief(m.segments)), onchange: (e) => on.select(m, e.target.checked) }),
    avatar(m.from, m.nickname),
    make('div', { class: 'column' },
      make('div', { class: 'top' },
        make('button', { class: 'from', title: t('mention'), onclick: () => on.mention(m) }, m.nickname),
        make('time', {}, clock.format(m.time * 1000)),
        make('span', { class: 'tools' },
          make('button', { class: 'quiet', 'data-action': 'reply', onclick: () => on.reply(m) }, t('reply')),
          ...(on.mayRecall(m) ? [make('button', { class: 'quiet', 'data-action': 'recall', onclick: () => on.recall(m) }, t('recall'))] : []))),
      said(m.segments, on)));
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

// happening puts an event into words; undefined when there is nothing to say.
export function happening(e, name) {
  const who = e.nickname ?? '';
  switch (e.kind) {
    case 'join': return t('join', who);
    case 'leave': return t('leave', who);
    case 'kick': return t('kick', who, name(e.by));
    case 'mute': return e.seconds ? t('mute', who, e.seconds) : t('unmute', who);
    case 'mute_all': return t(e.on ? 'mute_all' : 'unmute_all');
    case 'admin': return t(e.on ? 'admin' : 'unadmin', who);
    case 'rename': return t('rename', e.text);
    case 'title': return t('title_', who, e.text || '—');
  }
}

// split turns typed text into segments by tokens, a map from text to segment: "@name" is
// a mention, "[name]" a face.
export function split(text, tokens) {
  const escaped = [...tokens.keys()].sort((a, b) => b.length - a.length).map((k) => k.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const parts = escaped.length ? text.split(new RegExp(`(${escaped.join('|')})`, 'u')) : [text];
  return parts.filter((part) => part).map((part) => tokens.get(part) ?? { type: 'text', text: part });
}
