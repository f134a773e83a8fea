// How each kind of segment looks. Everything that came with a message is text: no HTML and
// no link of it is ever loaded. Pictures, voices and videos come from the sandbox.
import { lang, t } from './text.js';
import { faceOf } from './faces.js';
import { make } from './make.js';
import { markdown } from './markdown.js';
import { iconOf, imageName, picture, save, sizeOf, video, voice } from './media.js';

// kinds has {draw, brief, bare} by type. draw(s, on) makes the node; brief(s) is what
// stands for the segment in lists; bare is for what needs no bubble around it.
const kinds = {
  text: { draw: (s) => s.text, brief: (s) => s.text },
  at: { draw: (s) => make('span', { class: 'mention' }, mentioned(s)), brief: mentioned },
  face: { draw: face, brief: faceName, bare: (s) => s.large || s.id === dice || s.id === rps },
  reply: {
    draw: (s, on) => make('span', { class: 'quote' }, on.quoted(s.sequence) || s.text || t('quoteGone', s.sequence ?? '?')),
    brief: () => '',
  },
  image: { draw: picture, brief: imageName, bare: () => true },
  record: { draw: voice, brief: () => bracketed(t('record')) },
  video: { draw: video, brief: () => bracketed(t('video')), bare: () => true },
  file: { draw: file, brief: (s) => `${bracketed(t('file'))} ${s.name}`, bare: () => true },
  market_face: {
    draw: (s) => make('figure', { class: 'sticker', style: { '--hue': parseInt(s.id.slice(0, 4), 16) % 360 } },
      make('span', { 'aria-hidden': 'true' }, '🐾'), make('figcaption', {}, clip(unbracketed(s.summary), 60) || t('sticker'))),
    brief: (s) => s.summary || bracketed(t('sticker')),
    bare: () => true,
  },
  poke: {
    draw: (s) => make('span', { class: 'poke' }, make('span', { 'aria-hidden': 'true' }, '👉'), pokeName(s), s.count > 1 ? ` ×${s.count}` : ''),
    brief: (s) => bracketed(pokeName(s)),
    bare: () => true,
  },
  light_app: {
    draw: (s) => card({ icon: { contact: '👤', music: '🎵' }[s.view] ?? '🔗', foot: s.tag || s.app, ...s }),
    brief: (s) => s.prompt || bracketed(t('card')),
    bare: () => true,
  },
  xml: {
    draw: (s) => card({ icon: '🔗', foot: s.tag || `XML ${s.service ?? ''}`, ...s }),
    brief: (s) => s.prompt || bracketed(t('card')),
    bare: () => true,
  },
  location: {
    draw: (s) => make('span', { class: 'card place' },
      make('b', {}, clip(s.title) || t('location')), make('small', {}, clip(s.address) ?? ''),
      make('span', { class: 'map', 'aria-hidden': 'true' }, '📍'),
      make('small', { class: 'foot' }, `${s.latitude.toFixed(5)}, ${s.longitude.toFixed(5)}`)),
    brief: (s) => bracketed(t('location')) + (s.title ?? ''),
    bare: () => true,
  },
  contact: {
    draw: (s) => card({ icon: '👤', title: String(s.uin ?? s.group), foot: t('contact') }),
    brief: () => bracketed(t('contact')),
    bare: () => true,
  },
  markdown: { draw: (s) => make('span', { class: 'markdown' }, ...markdown(s.markdown)), brief: () => bracketed('Markdown') },
  keyboard: {
    draw: (s) => make('span', { class: 'keyboard', role: 'group', 'aria-label': t('buttons') },
      ...s.rows.slice(0, 10).map((row) => make('span', {}, ...row.buttons.slice(0, 10).map(key)))),
    brief: () => bracketed(t('buttons')),
  },
  forward: {
    draw: (s, on) => make('button', { type: 'button', class: 'card forward', 'data-forward': s.id ?? '', onclick: () => on.forward(s) },
      make('b', {}, s.source || t('forward')), ...(s.preview ?? []).slice(0, 4).map((line) => make('small', {}, clip(line))),
      make('small', { class: 'foot' }, s.summary || t('forwardCount', s.count || s.nodes?.length || '?'))),
    brief: (s) => s.prompt || bracketed(t('forward')),
    bare: () => true,
  },
  long_message: {
    draw: (s, on) => make('button', { type: 'button', class: 'card forward', 'data-forward': s.id, onclick: () => on.forward(s) },
      make('b', {}, t('longMessage')), make('small', { class: 'foot' }, t('openIt'))),
    brief: () => bracketed(t('longMessage')),
    bare: () => true,
  },
  red_packet: {
    draw: (s) => make('span', { class: 'card packet' },
      make('span', { class: 'icon', 'aria-hidden': 'true' }, '🧧'), make('b', {}, clip(s.title)), make('small', { class: 'foot' }, t('redPacket'))),
    brief: (s) => bracketed(t('redPacket')) + s.title,
    bare: () => true,
  },
  flash_file: {
    draw: (s) => card({ icon: '⚡️', title: s.title, desc: s.file_set, foot: t('flashFile') }),
    brief: (s) => bracketed(t('flashFile')) + s.title,
    bare: () => true,
  },
};

const nameOfOther = (s) => bracketed(s.element ?? s.type);
const other = { draw: (s) => make('span', { class: 'element' }, nameOfOther(s)), brief: nameOfOther };
const kindOf = (s) => (Object.hasOwn(kinds, s.type) ? kinds[s.type] : other);

export const draw = (segments, on) => segments.map((s) => kindOf(s).draw(s, on));
export const brief = (segments) => segments.map((s) => kindOf(s).brief(s)).join('').replace(/\s+/g, ' ').slice(0, 200);
// needsNoBubble is for a message that is one picture or card.
export const needsNoBubble = (segments) => segments.length === 1 && Boolean(kindOf(segments[0]).bare?.(segments[0]));

// A card shows little of what it says.
const clip = (text, most = 300) => (text?.length > most ? text.slice(0, most) + '…' : text);
const clipped = (shown) => Object.fromEntries(Object.entries(shown).map(([name, value]) => [name, typeof value === 'string' ? clip(value) : value]));

const bracketed = (text) => `[${text}]`;
const unbracketed = (text) => text?.replace(/^\[(.*)\]$/, '$1');

function mentioned(s) { return s.text || '@' + (s.all ? t('everyone') : s.uin); }

// key is a button of a message: nobody can press it.
function key({ render_data: { label, style }, action: { data } }) {
  return make('button', { type: 'button', disabled: true, class: style === 1 ? 'strong' : '', title: clip(data) || undefined }, clip(label, 40));
}

// Dice and rock-paper-scissors.

const dice = 358;
const rps = 359;
const hands = [undefined, '✋', '✌️', '✊'];
const handNames = () => [undefined, t('paper'), t('scissors'), t('rock')];

function faceName(s) {
  if (s.id === dice) return bracketed(s.result ? t('diceShows', s.result) : t('dice'));
  if (s.id === rps) return bracketed(handNames()[s.result] ?? t('rps'));
  return bracketed(clip(s.text, 60)?.replace(/^\//, '') || faceOf(s.id)?.name || t('face', s.id));
}

function face(s) {
  if (s.id === dice && pips[s.result]) return die(s.result);
  if (s.id === dice || s.id === rps) {
    const shown = s.id === dice ? '🎲' : hands[s.result] ?? hands[3];
    return make('span', { class: 'hand', role: 'img', 'aria-label': unbracketed(faceName(s)) }, shown);
  }
  const known = faceOf(s.id);
  const many = s.count > 1 ? [make('small', {}, `×${s.count}`)] : [];
  if (!known) return make('span', { class: s.large ? 'element large' : 'element' }, faceName(s), ...many);
  return make('span', { class: s.large ? 'emoji large' : 'emoji', role: 'img', title: known.name, 'aria-label': known.name }, known.emoji, ...many);
}

const pips = [undefined, [5], [1, 9], [1, 5, 9], [1, 3, 7, 9], [1, 3, 5, 7, 9], [1, 3, 4, 6, 7, 9]];

function die(n) {
  const dots = Array.from({ length: 9 }, (_, i) => make('i', { class: pips[n].includes(i + 1) ? 'pip' : '' }));
  return make('span', { class: 'die', role: 'img', 'aria-label': t('diceShows', n) }, ...dots);
}

// Pokes (docs/protocol/messages.md 5.6).
const pokes = {
  en: ['Poke', 'Heart', 'Like', 'Broken heart', '666', 'Big move'],
  zh: ['戳一戳', '比心', '点赞', '心碎', '666', '放大招'],
};
const specialPokes = {
  en: ['Like', 'Love', 'Haha', 'Pig', 'Bomb', 'Poo', 'Kiss', 'Pill', 'Durian', 'Tongue', 'Pan', 'Cash'],
  zh: ['点赞', '爱心', '哈哈', '猪头', '炸弹', '便便', '亲亲', '药丸', '榴莲', '略略略', '平底锅', '钞票'],
};

export const pokeNames = (special) => (special ? specialPokes : pokes)[lang];
const pokeName = (s) => pokeNames(s.special)[s.id - 1] ?? (clip(s.title, 60) || t('poke'));

const temporary = 104; // where a group keeps files for a time

// file is what lies in a group's files, or was sent to one person.
function file(s) {
  return make('span', { class: 'card of-file', 'data-file': s.id },
    make('span', { class: 'icon', 'aria-hidden': 'true' }, iconOf(s.name)), make('b', { title: clip(s.name) }, clip(s.name)), make('small', {}, s.bus === temporary ? `${sizeOf(s.size)} · ${t('temporaryFile')}` : sizeOf(s.size)),
    make('small', { class: 'foot' }, ...(s.medium ? [save(s.medium, s.name, t('download'))] : [t('fileGone')])));
}

// card draws what all cards have in common. Addresses are shown, not opened.
function card(shown) {
  const { icon, title, desc, prompt, preview, url, foot } = clipped(shown);
  return make('span', { class: 'card' },
    make('span', { class: 'icon', 'aria-hidden': 'true' }, icon),
    make('b', {}, title || prompt || t('card')),
    ...(desc ? [make('span', { class: 'desc' }, desc)] : []),
    ...(preview ? [make('small', { class: 'address' }, `${t('picture')} ${preview}`)] : []),
    ...(url ? [make('small', { class: 'address' }, `${t('link')} ${url}`)] : []),
    make('small', { class: 'foot' }, foot));
}
