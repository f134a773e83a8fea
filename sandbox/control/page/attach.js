// What goes with the next message: files that were chosen, dropped or pasted. Each is
// uploaded at once, and what it is the sandbox finds by its bytes.
import { t } from './text.js';
import { upload } from './api.js';
import { make } from './make.js';
import { thumbnail } from './media.js';

const $ = (id) => document.getElementById(id);
const maxFile = 100 << 20; // bytes
let items = []; // {row, done, abort, kind, id, look}

const icons = { image: '🖼️', record: '🎤', video: '🎞️' };
const looks = [['', 'image'], ['sticker', 'imageSticker'], ['flash', 'flashImage']]; // of pictures

function add(file) {
  const progress = make('progress', { max: 1, value: 0, 'aria-label': t('uploading', file.name) });
  const picture = make('span', { class: 'thumb' }, '…');
  const state = make('span', { class: 'state' }, progress);
  const item = {};
  item.row = make('div', { role: 'listitem', class: 'attachment' }, picture, make('b', { title: file.name }, file.name), state,
    make('button', { type: 'button', class: 'quiet', title: t('leaveOut'), 'aria-label': `${t('leaveOut')} ${file.name}`, onclick: () => drop(item) }, '×'));
  const failed = (why) => {
    picture.textContent = '⚠️';
    state.replaceChildren(make('span', { role: 'alert' }, why));
  };
  items.push(item);
  show();
  if (!file.size || file.size > maxFile) {
    failed(t(file.size ? 'fileTooLarge' : 'fileEmpty', maxFile >> 20));
    return;
  }
  const sending = upload(file, (part) => { progress.value = part; });
  item.abort = sending.abort;
  item.done = sending.done.then(({ id, kind }) => {
    if (!icons[kind]) throw new Error(t('fileUnknown'));
    Object.assign(item, { id, kind });
    picture.replaceChildren(kind === 'image' ? thumbnail(id) : icons[kind]);
    if (kind !== 'image') {
      state.replaceChildren(t(kind));
      return;
    }
    item.look = make('select', { 'aria-label': t('look') }, ...looks.map(([value, word]) => make('option', { value }, t(word))));
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

const segment = ({ kind, id, look }) => ({
  type: kind, id, ...(look?.value === 'sticker' ? { sub_type: 1 } : {}), ...(look?.value === 'flash' ? { flash: true } : {}),
});

export const attachments = {
  // take waits for the uploads and returns [pictures, others], segments; what failed stays
  // out. sent() takes away what was taken.
  async take() {
    await Promise.all(items.map((i) => i.done));
    const ready = items.filter((i) => i.id);
    return {
      pictures: ready.filter((i) => i.kind === 'image').map(segment),
      others: ready.filter((i) => i.kind !== 'image').map(segment),
      sent: () => {
        items = items.filter((i) => !ready.includes(i));
        show();
      },
    };
  },
  clear() {
    for (const i of items) i.abort?.();
    items = [];
    show();
  },
  pick() { $('files').click(); },
};

// startAttach takes files from everywhere, when ready() says that there is a chat.
export function startAttach(ready) {
  const take = (files) => {
    if (!ready()) return;
    for (const file of files) add(file);
    $('input').focus();
  };
  const hasFiles = (e) => e.dataTransfer?.types.includes('Files');
  let depth = 0; // how many elements under the pointer were entered
  const over = (change) => {
    depth = change === 0 ? 0 : depth + change;
    $('dropHere').hidden = !depth || !ready();
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
    take($('files').files);
    $('files').value = '';
  };
}
