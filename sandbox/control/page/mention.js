// Mentions: "@" and what follows it is completed by the members of the group, and what was
// typed becomes segments.
import { t } from './text.js';
import { make } from './make.js';
import { avatar } from './view.js';

const $ = (id) => document.getElementById(id);
const mostOffered = 50;
const mostTyped = 40; // characters after "@" that are looked for

// called is what a member is called, and what stands in the text: the number too, where
// somebody else is called the same.
const called = (m) => m.card || m.nickname;
function written(people) {
  const count = new Map();
  for (const p of people) count.set(p.name, (count.get(p.name) ?? 0) + 1);
  return people.map((p) => ({ ...p, text: count.get(p.name) > 1 && p.uin ? `@${p.name}(${p.uin})` : `@${p.name}` }));
}

// startMention makes the composer complete mentions. members() are those of the open group,
// undefined in a private chat; tell(words) is read aloud.
export function startMention({ members, tell, changed }) {
  const input = $('input');
  const list = $('people');
  let offered = [];
  let at = -1; // which of those is chosen
  let from = 0; // where "@" stands in the text

  const people = () => written([
    { name: t('everyone'), all: true, about: '' },
    ...members().map((m) => ({ name: called(m), uin: m.uin, about: [m.card ? m.nickname : '', m.uin].filter(Boolean).join(' · ') })),
  ]);

  // typed is what stands between "@" and the cursor; undefined where nothing is to be completed.
  const typed = () => {
    if (!members() || input.selectionStart !== input.selectionEnd) return undefined;
    const before = input.value.slice(0, input.selectionStart);
    const found = /(?:^|[^\w.])@([^\s@]*)$/u.exec(before);
    if (!found || found[1].length > mostTyped) return undefined;
    from = before.length - found[1].length - 1;
    return found[1].toLowerCase();
  };

  const choose = (n) => {
    at = n;
    [...list.children].forEach((e, i) => e.setAttribute('aria-selected', i === n));
    if (n < 0) {
      input.removeAttribute('aria-activedescendant');
      return;
    }
    input.setAttribute('aria-activedescendant', list.children[n].id);
    list.children[n].scrollIntoView({ block: 'nearest' });
  };

  const close = () => {
    if (list.hidden) return;
    list.hidden = true;
    choose(-1);
    list.replaceChildren();
  };

  const take = (person) => {
    input.setRangeText(person.text + ' ', from, input.selectionStart, 'end');
    close();
    input.focus();
    changed();
  };

  const look = () => {
    const wanted = typed();
    offered = wanted === undefined ? [] : people().filter((p) => [p.name, p.about].join('\n').toLowerCase().includes(wanted)).slice(0, mostOffered);
    if (!offered.length) {
      close();
      return;
    }
    list.replaceChildren(...offered.map((p, i) => make('div', {
      role: 'option', id: `person${i}`, 'data-uin': p.uin ?? 'all', onclick: () => take(p),
    }, avatar(p.uin ?? 0, p.name), make('span', { class: 'who' }, make('b', {}, p.name), make('small', {}, p.about)))));
    list.hidden = false;
    choose(0);
    tell(t('offered', offered.length));
  };

  // key handles a key while people are offered; it returns whether it did.
  const key = (e) => {
    if (list.hidden || e.isComposing) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[e.key];
    if (step) choose((at + step + offered.length) % offered.length);
    else if ((e.key === 'Enter' && !e.shiftKey) || (e.key === 'Tab' && !e.shiftKey)) take(offered[at]);
    else if (e.key === 'Escape') close();
    else return false;
    e.preventDefault();
    return true;
  };

  input.addEventListener('input', look);
  input.addEventListener('click', look);
  input.addEventListener('blur', close);
  // The button writes "@", where it does not stand already.
  $('at').onmousedown = list.onmousedown = (e) => e.preventDefault(); // the cursor stays where it is
  $('at').onclick = () => {
    if (!list.hidden) {
      close();
      return;
    }
    input.focus();
    if (typed() === undefined) {
      const before = input.value.slice(0, input.selectionStart);
      input.setRangeText(/[\w.]$/.test(before) ? ' @' : '@', input.selectionStart, input.selectionEnd, 'end');
      changed();
    }
    look();
  };

  return {
    key,
    close,
    // text is what mentions a member.
    text: (uin) => people().find((p) => p.uin === uin)?.text ?? `@${uin}`,
    // tokens are the mentions in typed text, for split.
    tokens: () => (members() ? people().map((p) => [p.text, p.all ? { type: 'at', all: true } : { type: 'at', uin: p.uin }]) : []),
  };
}
