// What goes with the next message: files that were chosen, dropped or pasted. Each is
// uploaded at once, and what it is the sandbox finds by its bytes: a picture, a voice or a
// video is shown, and everything can be sent as a file.
import { t } from './text.js';
import { upload } from './api.js';
import { make } from './make.js';
import { iconOf, thumbnail } from './media.js';

const $ = (id) => document.getElementById(id);
const maxMedium = 100 * 2 ** 20; // bytes of what is shown
let items = []; // {row, done, abort, name, kind, id, look}
let asFiles = false; // how what is chosen next is sent

const icons = { image: '🖼️', record: '🎤', video: '🎞️' };
// looks are what each kind can be sent as.
const looks = {
  image: [['', 'image'], ['sticker', 'imageSticker'], ['flash', 'flashImage'], ['file', 'file']],
  record: [['', 'record'], ['file', 'file']], video: [['', 'video'], ['file', 'file']],
};

function add(file, asFile) {
  const progress = make('progress', { max: 1, value: 0, 'aria-label': t('uploading', file.name) });
  const picture = make('span', { class: 'thumb' }, '…');
  const state = make('span', { class: 'state' }, progress);
  const item = { name: file.name };
  item.row = make('div', { role: 'listitem', class: 'attachment' }, picture, make('b', { title: file.name }, file.name), state,
    make('button', { type: 'button', class: 'quiet', title: t('leaveOut'), 'aria-label': `${t('leaveOut')} ${file.name}`, onclick: () => drop(item) }, '×'));
  const failed = (why) => {
    picture.textContent = '⚠️';
    state.replaceChildren(make('span', { role: 'alert' }, why));
  };
  items.push(item);
  show();
  const sending = upload(file, (part) => { progress.value = part; });
  item.abort = sending.abort;
  item.done = sending.done.then(({ id, kind }) => {
    Object.assign(item, { id, kind: file.size > maxMedium ? undefined : kind });
    picture.replaceChildren(item.kind === 'image' ? thumbnail(id) : icons[item.kind] ?? iconOf(file.name));
    if (!looks[item.kind]) {
      state.replaceChildren(t('file'));
      return;
    }
    item.look = make('select', { 'aria-label': t('look') }, ...looks[item.kind].map(([value, word]) => make('option', { value }, t(word))));
    if (asFile) item.look.value = 'file';
    state.replaceChildren(item.look);
  }).catch((error) => failed(error.message));
}

function drop(item) {
  item.abort?.();
  items = items.filter((i) => i !== item);
  show();
  $('input').focus();
}

function show() {
  $('attached').replaceChildren(...items.map((i) => i.row));
  $('attached').hidden = !items.length;
}

const isFile = ({ kind, look }) => !looks[kind] || look.value === 'file';
const segment = ({ kind, id, look }) => ({
  type: kind, id, ...(look.value === 'sticker' ? { sub_type: 1 } : {}), ...(look.value === 'flash' ? { flash: true } : {}),
});

export const attachments = {
  // take waits for the uploads and returns what can be sent, {kind, segment} or, of a file,
  // {file: {id, name}}; what failed stays out. sent(some) takes away what was sent of it.
  async take() {
    await Promise.all(items.map((i) => i.done));
    const taken = items.filter((i) => i.id).map((i) => ({ item: i, ...(isFile(i) ? { file: { id: i.id, name: i.name } } : { kind: i.kind, segment: segment(i) }) }));
    const sent = (some) => {
      const gone = some.map((s) => s.item);
      items = items.filter((i) => !gone.includes(i));
      show();
    };
    return { taken, sent };
  },
  clear() {
    for (const i of items) i.abort?.();
    items = [];
    show();
  },
  // pick has somebody choose files; with all set they are sent as files, whatever they are.
  pick(all) {
    asFiles = all;
    $('files').accept = all ? '' : 'image/*,audio/*,video/*,.silk,.amr';
    $('files').click();
  },
};

// startAttach takes files from everywhere, when ready() says that there is a chat.
// elsewhere() is what takes them in place of the chat, {take(files), mark(on)}, if anything
// does.
export function startAttach(ready, elsewhere) {
  const take = (files, asFile = false) => {
    if (elsewhere()) {
      elsewhere().take(files);
      return;
    }
    if (!ready()) return;
    for (const file of files) add(file, asFile);
    $('input').focus();
  };
  const hasFiles = (e) => e.dataTransfer?.types.includes('Files');
  let depth = 0; // how many elements under the pointer were entered
  const over = (change) => {
    depth = change === 0 ? 0 : depth + change;
    elsewhere()?.mark(depth > 0);
    $('dropHere').hidden = !depth || !ready() || Boolean(elsewhere());
  };
  document.ondragenter = (e) => { if (hasFiles(e)) over(1); };
  document.ondragleave = (e) => { if (hasFiles(e)) over(-1); };
  document.ondragover = (e) => { if (hasFiles(e)) e.preventDefault(); };
  document.ondrop = (e) => {
    if (!hasFiles(e)) return;
    e.preventDefault(); // else the browser would open the file
    over(0);
    take(e.dataTransfer.files);
  };
  document.onpaste = (e) => {
    if (!e.clipboardData.files.length || e.clipboardData.types.includes('text/plain')) return;
    e.preventDefault();
    take(e.clipboardData.files);
  };
  $('files').onchange = () => {
    take($('files').files, asFiles);
    $('files').value = '';
  };
}
