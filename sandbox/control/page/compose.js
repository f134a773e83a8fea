// The menu of what can be sent besides typed text, with an example of each.
import { t } from './text.js';
import { faces } from './faces.js';
import { form, tiles } from './form.js';
import { pokeNames } from './kinds.js';
import { make } from './make.js';

const $ = (id) => document.getElementById(id);

// items has a row for each kind: open(on) does it at once; otherwise fields(on) make a
// form, and segments(values) are what it sends.
const items = [
  { key: 'media', icon: '🖼️', open: (on) => on.pick(false) },
  { key: 'file', icon: '📄', open: (on) => on.pick(true) },
  { key: 'faces', icon: '🙂', open: pickFace },
  { key: 'dice', icon: '🎲', open: (on) => on.send([{ type: 'face', id: 358 }]) },
  { key: 'rps', icon: '✊', open: (on) => on.send([{ type: 'face', id: 359 }]) },
  {
    key: 'poke', icon: '👉',
    fields: () => [{ name: 'kind', label: 'poke', options: [...pokes(false), ...pokes(true)] }],
    segments: ({ kind }) => [{ type: 'poke', ...JSON.parse(kind) }],
  },
  {
    key: 'sticker', icon: '🐾',
    fields: () => [
      { name: 'summary', label: 'cardTitle', value: t('exampleSticker') },
      { name: 'id', label: 'stickerID', value: '4f1c4ff0b6ee43da8a8b3bd0e7d0c3a1' },
      { name: 'package', label: 'stickerPack', value: 231764, type: 'number' },
    ],
    segments: (v) => [{ type: 'market_face', ...v }],
  },
  { key: 'forwardMessages', icon: '📑', open: (on) => on.choose() },
  {
    key: 'location', icon: '📍',
    fields: () => [
      { name: 'title', label: 'cardTitle', value: t('examplePlace') },
      { name: 'address', label: 'address', value: t('exampleAddress') },
      { name: 'latitude', label: 'latitude', value: 39.90872, type: 'number' },
      { name: 'longitude', label: 'longitude', value: 116.39748, type: 'number' },
    ],
    segments: (v) => [{ type: 'location', ...v }],
  },
  {
    key: 'contact', icon: '👤',
    fields: (on) => [{ name: 'who', label: 'contact', options: on.contacts() }],
    segments: ({ who }) => [{ type: 'contact', ...JSON.parse(who) }],
  },
  {
    key: 'music', icon: '🎵',
    fields: () => [
      { name: 'title', label: 'cardTitle', value: t('exampleSong') },
      { name: 'singer', label: 'singer', value: t('exampleSinger') },
      { name: 'url', label: 'link', value: 'https://music.example/1' },
      { name: 'audio', label: 'audio', value: 'https://music.example/1.mp3' },
    ],
    segments: (v) => [{ type: 'music', ...v }],
  },
  {
    key: 'cardJSON', icon: '🔗',
    fields: () => [{ name: 'json', label: 'cardJSON', rows: 8, value: JSON.stringify(exampleCard(), null, 1) }],
    segments: (v) => [{ type: 'light_app', ...v }],
  },
  {
    key: 'cardXML', icon: '📰',
    fields: () => [{
      name: 'xml', label: 'cardXML', rows: 8,
      value: `<msg serviceID="60" brief="[${t('card')}]" url="https://example.com/">\n <item><title>${t('exampleTitle')}</title>\n`
        + ` <summary>${t('exampleText')}</summary></item>\n <source name="example.com"/>\n</msg>`,
    }],
    segments: (v) => [{ type: 'xml', service: 60, ...v }],
  },
  {
    key: 'markdown', icon: '📝',
    fields: () => [
      { name: 'markdown', label: 'markdown', rows: 6, value: `# ${t('exampleTitle')}\n**${t('exampleText')}**\n- 1\n- 2\n> [example.com](https://example.com/)` },
      { name: 'labels', label: 'buttons', value: t('exampleButtons') },
    ],
    segments: ({ markdown, labels }) => {
      const buttons = labels.split(/[,，]/).map((s) => s.trim()).filter((s) => s).map((label, i) => ({
        id: String(i + 1), render_data: { label, visited_label: label, style: 1 - (i % 2) },
        action: { type: 2, permission: { type: 2 }, data: label },
      }));
      return [{ type: 'markdown', markdown }, ...(buttons.length ? [{ type: 'keyboard', rows: [{ buttons }] }] : [])];
    },
  },
  {
    key: 'longMessage', icon: '📜',
    fields: () => [{ name: 'text', label: 'text', rows: 8, value: Array.from({ length: 20 }, (_, i) => `${i + 1}. ${t('exampleText')}`).join('\n') }],
    segments: ({ text }) => [{ type: 'long_message', segments: [{ type: 'text', text }] }],
  },
  {
    key: 'redPacket', icon: '🧧',
    fields: () => [{ name: 'title', label: 'cardTitle', value: t('examplePacket') }],
    segments: (v) => [{ type: 'red_packet', ...v }],
  },
  {
    key: 'flashFile', icon: '⚡️',
    fields: () => [
      { name: 'title', label: 'cardTitle', value: 'holiday.mp4' },
      { name: 'file_set', label: 'fileSet', value: '00000000-0000-4000-8000-000000000001' },
    ],
    segments: (v) => [{ type: 'flash_file', scene: 1, ...v }],
  },
];

function pokes(special) {
  const value = (id) => JSON.stringify(special ? { id, special } : { id });
  return pokeNames(special).map((name, i) => [value(i + 1), special ? `${name} ★` : name]);
}

function exampleCard() {
  const news = {
    title: t('exampleTitle'), desc: t('exampleText'), tag: 'example.com',
    preview: 'https://example.com/picture.jpg', jumpUrl: 'https://example.com/',
  };
  return { app: 'com.tencent.structmsg', desc: '', view: 'news', ver: '0.0.0.1', prompt: `[${t('card')}] ${news.title}`, meta: { news } };
}

// pickFace offers the faces: small ones go into the text, large ones are sent.
function pickFace(on) {
  const large = make('input', { type: 'checkbox', id: 'largeFace' });
  fill(
    make('label', { class: 'line' }, large, ' ', t('largeFace')),
    make('div', { class: 'faces' }, ...faces.map((f) => make('button', {
      type: 'button', class: 'quiet', title: f.name, 'aria-label': f.name, 'data-face': f.id,
      onclick: () => (large.checked ? on.send([{ type: 'face', id: f.id, large: true }]) : on.insert(`[${f.name}]`)),
    }, f.emoji))));
}

// fill shows something in the menu's place, and moves the focus there.
function fill(...content) {
  $('more').replaceChildren(make('button', { type: 'button', class: 'quiet', title: t('back'), 'aria-label': t('back'), 'data-action': 'menu', onclick: () => menu() }, '‹'), ...content);
  $('more').querySelector('input, select, textarea, .faces button').focus();
}

let menu;

// startCompose makes the menu work. on has send(segments), insert(text), pick(all), choose()
// and contacts(), the latter as options.
export function startCompose(on) {
  menu = () => {
    $('more').replaceChildren(tiles(items, (item) => (item.open ? item.open(on)
      : fill(form(item, item.fields(on), 'send', (values) => on.send(item.segments(values)))))));
    $('more').querySelector('button').focus();
  };
  const toggle = (open) => {
    $('more').hidden = !open;
    $('plus').setAttribute('aria-expanded', open);
    if (open) menu();
    else $('more').replaceChildren();
  };
  $('plus').onclick = () => toggle($('more').hidden);
  $('more').onkeydown = (e) => {
    if (e.key !== 'Escape') return;
    toggle(false);
    $('plus').focus();
  };
  return { close: () => toggle(false) };
}
