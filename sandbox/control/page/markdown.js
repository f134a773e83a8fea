// A small part of Markdown, for messages: headings, lists, quotes, code, bold, italic.
// Links and pictures are shown as their text and address.
import { make } from './make.js';

const maxShown = 20000; // characters

export function markdown(text) {
  const nodes = [];
  let code = null;
  for (const line of text.slice(0, maxShown).split('\n')) {
    if (/^\s*```/.test(line)) {
      if (code) nodes.push(make('code', { class: 'block' }, code.join('\n')));
      code = code ? null : [];
    } else if (code) {
      code.push(line);
    } else {
      nodes.push(block(line));
    }
  }
  if (code) nodes.push(make('code', { class: 'block' }, code.join('\n')));
  return nodes;
}

function block(line) {
  const [, mark, rest] = /^\s*(#{1,6}|>|[-*+]|\d+[.)])\s+(.*)$/.exec(line) ?? [];
  if (!mark) return make('span', { class: 'line' }, ...inline(line));
  if (mark.startsWith('#')) return make('b', { class: `line h${mark.length}` }, ...inline(rest));
  if (mark === '>') return make('span', { class: 'line quote' }, ...inline(rest));
  return make('span', { class: 'line item' }, /\d/.test(mark) ? mark : '•', ' ', ...inline(rest));
}

// The counts keep hostile text from taking long.
const spans = /(\*\*|__)(.{1,500}?)\1|([*_])(\S.{0,500}?)\3|`([^`]{1,500})`|!?\[([^\]]{0,500})\]\(([^)]{0,500})\)/g;

function inline(text) {
  const nodes = [];
  let end = 0;
  for (const m of text.matchAll(spans)) {
    nodes.push(text.slice(end, m.index));
    end = m.index + m[0].length;
    if (m[2] !== undefined) nodes.push(make('b', {}, m[2]));
    else if (m[4] !== undefined) nodes.push(make('em', {}, m[4]));
    else if (m[5] !== undefined) nodes.push(make('code', {}, m[5]));
    else nodes.push(m[6] || '', make('small', { class: 'address' }, ` ${m[7]}`));
  }
  nodes.push(text.slice(end));
  return nodes;
}
