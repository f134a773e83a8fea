// The messages of the open chat: the newest, older ones as somebody reads up to them, and
// what comes.
import { t } from './text.js';
import { get } from './api.js';
import { make } from './make.js';
import { note } from './view.js';

const pageSize = 60; // messages that are asked for at once
const maxShown = 300; // rows on the page while its end is read
const mostShown = 3000; // while somebody reads what is older

// startThread returns the thread. element(m) draws a message.
export function startThread(guarded, element) {
  const list = document.getElementById('messages');
  let where = ''; // the chat, as the query of a request
  let shown = new Map(); // sequence -> message
  let loading = false;
  let late; // rows that came while the end of the chat is asked for; undefined at other times
  const older = make('button', { type: 'button', id: 'older', class: 'quiet', onclick: () => load() }, t('older'));

  const find = (sequence) => list.querySelector(`[data-seq="${sequence}"]`);
  const oldest = () => Number(list.querySelector('[data-seq]')?.dataset.seq ?? 0);
  const ask = (query) => get(`api/messages?${where}&${query}`);

  // Whoever reads the end goes on reading it when messages come or room is lost.
  let atEnd = true;
  const stay = () => { if (atEnd) list.scrollTop = list.scrollHeight; };

  const load = guarded(async () => {
    if (loading || older.hidden) return;
    loading = true;
    try {
      const chat = where;
      const found = await ask(`before=${oldest()}&limit=${pageSize}`);
      if (chat !== where) return;
      const below = list.scrollHeight - list.scrollTop;
      const focused = document.activeElement === older;
      for (const m of found) shown.set(m.sequence, m);
      older.after(...found.map(element));
      older.hidden = found.length < pageSize;
      if (focused && older.hidden) list.focus({ preventScroll: true });
      list.scrollTop = list.scrollHeight - below;
    } finally {
      loading = false;
    }
  });

  let top = 0;
  list.onscroll = () => {
    const { scrollHeight, scrollTop, clientHeight } = list;
    // Only who scrolls up leaves the end: what grows meanwhile moves it away, too.
    atEnd = scrollHeight - scrollTop - clientHeight < 80 || (atEnd && scrollTop >= top);
    if (!atEnd && scrollTop < top && scrollTop < 100) load();
    top = scrollTop;
  };
  new ResizeObserver(stay).observe(list);
  // Pictures and covers take their room when they are there. Such events do not bubble.
  list.addEventListener('load', stay, true);

  const clear = () => {
    where = '';
    late = undefined;
    shown = new Map();
    list.replaceChildren();
  };

  const add = (rows) => {
    if (late) {
      late.push(...rows);
      return;
    }
    const fresh = rows.filter((r) => !r.message || !shown.has(r.message.sequence)); // some came with the list, too
    for (const { message } of fresh) if (message) shown.set(message.sequence, message);
    if (fresh.length) list.querySelector('[data-empty]')?.remove();
    list.append(...fresh.slice(-maxShown).map((r) => (r.message ? element(r.message) : note(r.text, {}, ...r.more))));
    while (list.children.length > (atEnd ? maxShown : mostShown)) {
      older.nextElementSibling.remove();
      older.hidden = false;
    }
    for (const sequence of shown.keys()) {
      if (shown.size <= 2 * mostShown) break;
      shown.delete(sequence);
    }
    stay();
  };

  return {
    clear,
    has: (sequence) => shown.has(sequence),
    message: (sequence) => shown.get(sequence),
    // saying returns the messages that have a type of segment.
    saying: (type) => [...shown.values()].filter((m) => m.segments.some((s) => s.type === type)).map((m) => m.sequence),
    // open shows the end of a chat, and returns its newest message; undefined for none. It
    // returns null when another chat was opened meanwhile. What is shown stays until then.
    async open(query) {
      where = query;
      const came = [];
      late = came;
      let found;
      try {
        found = await ask(`limit=${pageSize}`);
      } finally {
        if (late === came) late = undefined;
        else found = null;
      }
      if (!found) return null;
      shown = new Map(found.map((m) => [m.sequence, m]));
      list.replaceChildren(older, ...(found.length ? found.map(element) : [note(t('empty'), { 'data-empty': true })]));
      older.hidden = found.length < pageSize;
      atEnd = true;
      add(came);
      stay();
      return found.at(-1);
    },
    // add puts rows at the end: {message}, or {text, more} for what is told.
    add,
    // recall returns the message that is there no more; undefined for one that is not shown.
    recall(sequence) {
      const m = shown.get(sequence);
      if (!m) return undefined;
      m.recalled = true;
      find(sequence)?.replaceWith(element(m));
      return m;
    },
    // refresh looks at messages again: reactions and the like belong to those that are there.
    async refresh(sequences) {
      const [low, high] = [Math.min(...sequences), Math.max(...sequences)];
      const chat = where;
      const found = await ask(`before=${high + 1}&limit=${Math.min(500, high - low + 1)}`);
      if (chat !== where) return;
      for (const m of found) {
        if (!sequences.includes(m.sequence)) continue;
        shown.set(m.sequence, m);
        find(m.sequence)?.replaceWith(element(m));
      }
    },
  };
}
