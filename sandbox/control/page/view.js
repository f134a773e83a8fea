// Small pieces of the page, made from data; nothing here asks the server.
import { t } from './text.js';

// make builds an element; text is never read as HTML.
export function make(tag, attributes = {}, ...children) {
  const e = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) e.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== false) e.setAttribute(name, value);
  }
  e.append(...children);
  return e;
}

export function avatar(id, name, { group = false, online = false } = {}) {
  const letter = [...name.trim()][0] ?? '?';
  const e = make('span', { class: `avatar${group ? ' group' : ''}${online ? ' online' : ''}`, 'aria-hidden': 'true' }, letter.toUpperCase());
  e.style.setProperty('--hue', (id * 137) % 360);
  return e;
}

export const note = (text, attributes = {}) => make('div', { class: 'note', ...attributes }, text);

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false });

function segment(s, quoted) {
  switch (s.type) {
    case 'text': return s.text ?? '';
    case 'at': return make('span', { class: 'mention' }, s.text || '@' + (s.all ? t('everyone') : s.uin));
    case 'face': {
      const name = s.text?.replace(/^\//, '') || `face ${s.id}`;
      return make('span', { class: 'element' }, s.result ? `[${name} ${s.result}]` : `[${name}]`);
    }
    case 'reply': {
      const m = quoted(s.sequence);
      return make('span', { class: 'quote' }, m ? `${m.nickname}: ${m.text}` : t('quoteGone', s.sequence));
    }
    default: return make('span', { class: 'element' }, `[${s.element}]`);
  }
}

// bubble shows one message; on has quoted(seq), reply(m), mayRecall(m), recall(m), mention(m).
export function bubble(m, mine, on) {
  if (m.recalled) return note(t('recalled', m.nickname), { 'data-seq': m.sequence, 'data-recalled': 'true' });
  return make('div', { class: mine ? 'message mine' : 'message', 'data-seq': m.sequence, 'data-from': m.from },
    avatar(m.from, m.nickname),
    make('div', { class: 'column' },
      make('div', { class: 'top' },
        make('button', { class: 'from', title: t('mention'), onclick: () => on.mention(m) }, m.nickname),
        make('time', {}, clock.format(m.time * 1000)),
        make('span', { class: 'tools' },
          make('button', { class: 'quiet', 'data-action': 'reply', onclick: () => on.reply(m) }, t('reply')),
          ...(on.mayRecall(m) ? [make('button', { class: 'quiet', 'data-action': 'recall', onclick: () => on.recall(m) }, t('recall'))] : []))),
      make('div', { class: 'bubble' }, ...m.segments.map((s) => segment(s, on.quoted)))));
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

// split turns typed text into segments: "@name" of somebody known is a mention.
export function split(text, people) {
  const known = new Map(people.map((p) => ['@' + p.name, p]));
  const escaped = [...known.keys()].sort((a, b) => b.length - a.length).map((k) => k.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  if (!escaped.length) return [{ type: 'text', text }];
  const segments = [];
  for (const part of text.split(new RegExp(`(${escaped.join('|')})`, 'u'))) {
    const p = known.get(part);
    if (p) segments.push(p.all ? { type: 'at', all: true } : { type: 'at', uin: p.uin });
    else if (part) segments.push({ type: 'text', text: part });
  }
  return segments;
}
