// The sheet: what can be done to an account, a group, a member, a message or the world, with
// forms for what has to be said. One sheet opens another; back leads out again.
import { t } from './text.js';
import { deeds, react, reactions } from './deeds.js';
import { startFiles } from './files.js';
import { form, tiles } from './form.js';
import { brief } from './kinds.js';
import { make } from './make.js';
import { startRequests } from './requests.js';
import { avatar, note } from './view.js';

const $ = (id) => document.getElementById(id);
const mostRows = 200; // members that are listed at once

// What brings people and groups together, of all sheets.
const adding = ['newUser', 'befriend', 'addFriend', 'newGroup', 'askToJoin'].map((key) => [...deeds.world, ...deeds.me].find((d) => d.key === key));

let open = []; // the outermost first: {title, content()}, content returns nodes

function show() {
  const { title, content, left } = open.at(-1);
  $('toast').hidden = true; // of what was tried before
  $('sheetTitle').textContent = title;
  $('sheetBack').hidden = open.length < 2;
  $('sheetBody').replaceChildren(...content());
  $('sheetBody').scrollTop = left?.scrolled ?? 0;
  if (!$('sheet').open) $('sheet').showModal();
  const before = left?.focused.isConnected && left.focused;
  (before || ($('sheetBody').querySelector('input, select, textarea, button') ?? $('sheetBody'))).focus();
}

// refresh draws what is open again; a form, and whoever is searching, is left alone.
function refresh() {
  const focused = document.activeElement;
  if (!open.length || open.at(-1).live || $('sheetBody').querySelector('form') || focused.tagName === 'INPUT') return;
  const { kind, member } = focused.dataset;
  $('sheetBody').replaceChildren(...open.at(-1).content());
  if (kind ?? member) $('sheetBody').querySelector(kind ? `[data-kind=${kind}]` : `[data-member="${member}"]`)?.focus();
}

// push opens a sheet. One that is live draws itself again. Whoever comes back to a sheet
// finds it as it was left.
function push(title, content, live = false) {
  const under = open.at(-1);
  if (under) under.left = { scrolled: $('sheetBody').scrollTop, focused: document.activeElement };
  open.push({ title, content, live });
  show();
  return open.at(-1);
}

// backTo leads out again to a sheet.
function backTo(entry) {
  const at = open.indexOf(entry);
  if (at < 0) return;
  open.length = at + 1;
  show();
}

// startSheet returns what opens the sheets. context() is what deeds need, of now; mention(member)
// and chatWith(uin) are done by the page.
export function startSheet(guarded, context, { mention, chatWith }) {
  const nameOf = (uin) => context().users.find((u) => u.uin === uin)?.nickname ?? String(uin);
  const close = () => $('sheet').close();
  const requests = startRequests(guarded, () => context().as, nameOf);
  const files = startFiles(guarded, context, { push, backTo, top: () => open.at(-1) });

  // list shows the rows of deeds that make sense for c.
  const list = (rows, c) => tiles(rows.filter((d) => !d.when || d.when(c)), (deed) => {
    const run = guarded(async (values) => {
      const at = open.at(-1);
      const answer = await deed.run(c, values);
      if (open.at(-1) !== at) return; // left meanwhile
      if (deed.report) push(open.at(-1).title, () => [make('div', { class: 'people' }, ...deed.report(answer).map(line))]);
      else close();
    });
    if (!deed.fields) run({});
    else push(open.at(-1).title, () => [form(deed, deed.fields(c), 'doIt', run)]);
  });

  const line = ({ title, about, wrong }) => make('div', { class: 'request' },
    make('span', { class: 'who' }, make('b', {}, title), make('small', {}, about), ...(wrong ? [make('small', { role: 'alert' }, wrong)] : [])));

  const row = (m, c) => make('button', { type: 'button', class: 'person', 'data-member': m.uin, onclick: () => person(m.uin) },
    avatar(m.uin, m.card || m.nickname, { online: c.clients.some((k) => k.uin === m.uin) }),
    make('span', { class: 'who' }, make('b', {}, m.card || m.nickname),
      make('small', {}, [m.uin, m.card ? m.nickname : '', m.title ? `🎖️ ${m.title}` : '', m.mute_until * 1000 > Date.now() ? t('isMuted') : ''].filter(Boolean).join(' · '))),
    ...(m.role === 'member' ? [] : [make('span', { class: 'tag' }, t(`role_${m.role}`))]));

  const roster = (c) => {
    const rows = make('div', { class: 'people' });
    const fill = (wanted) => {
      const found = c.members.filter((m) => [m.uin, m.nickname, m.card].join('\n').toLowerCase().includes(wanted.toLowerCase()));
      rows.replaceChildren(...found.slice(0, mostRows).map((m) => row(m, c)),
        ...(found.length > mostRows ? [note(t('moreMembers', found.length - mostRows))] : []));
    };
    fill('');
    const search = make('input', { type: 'search', class: 'search', placeholder: t('search'), 'aria-label': t('search'), oninput: (e) => fill(e.target.value) });
    return [make('h3', {}, t('members', c.members.length)), ...(c.members.length > 12 ? [search] : []), rows];
  };

  const person = (uin) => {
    const about = () => {
      const c = context();
      return { ...c, uin, member: c.members.find((m) => m.uin === uin) };
    };
    push(about().member?.card || nameOf(uin), () => {
      const c = about();
      const talk = [
        ...(c.member && uin !== c.as ? [{ key: 'mention', icon: '@', run: () => { close(); mention(c.member); } }] : []),
        ...(!c.peer && c.friends.includes(uin) ? [{ key: 'openChat', icon: '💬', run: () => chatWith(uin) }] : []),
      ];
      return [
        note(describe(c), { class: 'note about' }),
        list([...talk, ...(c.group && c.member ? deeds.member : []), ...deeds.person], c),
      ];
    });
  };

  const describe = ({ member, users, uin }) => [
    uin, ...(member ? [t(`role_${member.role}`), member.title] : []), users.find((u) => u.uin === uin)?.sign,
  ].filter(Boolean).join(' · ');

  const chooseReaction = (m) => push(t('react'), () => [make('div', { class: 'faces' }, ...reactions.map((r) => make('button', {
    type: 'button', class: 'quiet', title: r.name, 'aria-label': r.name, 'data-code': r.code,
    onclick: guarded(async () => { await react({ ...context(), message: m }, r.code, true); close(); }),
  }, r.emoji)))]);

  const start = (opens) => (...args) => {
    open = [];
    opens(...args);
  };

  $('sheetBack').onclick = () => { open.pop(); show(); };
  $('sheetClose').onclick = close;
  $('sheet').onclose = () => { open = []; $('sheetBody').replaceChildren(); };
  $('sheet').onclick = (e) => { if (e.target === $('sheet')) close(); }; // beside it

  return {
    me: start(() => push(context().me.nickname, () => {
      const c = context();
      return [...requests.content(), list(deeds.me, c)];
    })),
    chat: start(() => {
      const { group, peer } = context();
      if (peer) person(peer);
      else push(group.name, () => { const c = context(); return [note(t(`join_${c.group.join || 'free'}`), { class: 'note about' }), list([{ key: 'files', icon: '📁', run: files.open }, ...deeds.group], c), ...roster(c)]; });
    }),
    person: start(person),
    // A message has, besides, what its own buttons do: on a phone they are here alone.
    message: start((m, on) => push(t('about', m.nickname), () => [
      note(brief(m.segments), { class: 'note about' }),
      list([
        { key: 'reply', icon: '↩️', run: () => { close(); on.reply(m); } },
        ...(on.mayRecall(m) ? [{ key: 'recall', icon: '⛔️', run: () => on.recall(m) }] : []),
        ...(m.group ? [{ key: 'react', icon: '🙂', run: () => chooseReaction(m) }] : []),
        ...deeds.message,
      ], { ...context(), message: m }),
    ])),
    add: start(() => push(t('add'), () => [list(adding, context())])),
    react: start(chooseReaction),
    files: start(files.open),
    // lookAtFiles asks for the files that are shown again; fileTarget takes files that are
    // dropped on them, undefined where none are shown.
    lookAtFiles: files.look,
    fileTarget: files.target,
    world: start(() => push(t('world'), () => [list(deeds.world, context())])),
    // look counts what waits for an answer; the page shows it.
    look: requests.look,
    refresh,
  };
}
