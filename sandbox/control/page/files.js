// The files of a group, in the sheet: folders, space, uploads, and what is done with a file
// or a folder.
import { t } from './text.js';
import { get, patch, post, remove, upload } from './api.js';
import { form, tiles } from './form.js';
import { make } from './make.js';
import { iconOf, save, sizeOf } from './media.js';
import { note } from './view.js';

const pageSize = 100; // files and folders that are asked for at once
const mostAtOnce = 1000; // when they are asked for again
const root = '/';
const longest = 2 ** 31 - 2000; // ms that a timer can wait
const mib = 2 ** 20;

const day = new Intl.DateTimeFormat(undefined, { year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', hour12: false });
const dated = (seconds) => day.format(seconds * 1000);

// startFiles returns open(), which shows the files of the open group, look(), which asks
// for them again while they are shown, and target(), which takes files that are dropped
// meanwhile. nav is the sheet: push(title, content), backTo(view), top().
export function startFiles(guarded, context, nav) {
  let views = []; // of the group and of the folder in it

  const shown = () => views.find((v) => v.entry === nav.top());

  // act shows rows of deeds about a file or folder. Each leads back to the list.
  const act = (rows, view, title) => tiles(rows.filter((d) => !d.when || d.when()), (deed) => {
    const run = guarded(async (values) => {
      const at = nav.top();
      await deed.run(values);
      if (nav.top() === at) nav.backTo(view.entry);
      await view.load();
    });
    if (deed.fields) nav.push(title, () => [form(deed, deed.fields(), 'doIt', run)]);
    else run({});
  });

  const aboutFile = (view, f) => {
    const path = `api/groups/${view.group}/files/${f.id.slice(1)}`;
    const { as, users } = context();
    const folders = () => [[root, t('allFiles')], ...views[0].folders.map((d) => [d.id, d.name])].filter(([id]) => id !== f.folder);
    const nameOf = (uin) => users.find((u) => u.uin === uin)?.nickname ?? uin;
    nav.push(f.name, () => [
      make('dl', { class: 'facts' }, ...[
        ['fileSize', `${sizeOf(f.size)} (${f.size})`], ['uploader', nameOf(f.uploader)], ['uploaded', dated(f.uploaded)],
        ['expires', f.expires ? dated(f.expires) : t('never')], ['downloads', f.downloads], ['fileID', f.id], ['MD5', f.md5],
      ].flatMap(([key, value]) => [make('dt', {}, key === 'MD5' ? key : t(key)), make('dd', {}, String(value))])),
      ...(f.medium ? [make('p', {}, save(f.medium, f.name, t('download')))] : [note(t('fileGone'))]),
      act([
        { key: 'renameFile', icon: '✏️', fields: () => [{ name: 'name', label: 'fileName', value: f.name, most: 255 }], run: (v) => patch(path, { by: as, ...v }) },
        { key: 'moveFile', icon: '📂', when: () => folders().length, fields: () => [{ name: 'folder', label: 'folderName', options: folders() }], run: (v) => patch(path, { by: as, ...v }) },
        { key: 'keepFile', icon: '📌', when: () => f.temporary, run: () => patch(path, { by: as, temporary: false }) },
        { key: 'forwardFile', icon: '↗️', fields: () => [{ name: 'to', label: 'chat', options: chats() }], run: ({ to }) => post(`${path}/copies`, { by: as, ...JSON.parse(to) }) },
        { key: 'deleteFile', icon: '🗑️', fields: () => [], run: () => remove(`${path}?by=${as}`) },
      ], view, f.name),
    ]);
  };

  const chats = () => {
    const { as, me, users, groups, friends } = context();
    return [
      ...groups.filter((g) => me.groups?.includes(g.code)).map((g) => [JSON.stringify({ group: g.code }), g.name]),
      ...users.filter((u) => friends.includes(u.uin) && u.uin !== as).map((u) => [JSON.stringify({ to: u.uin }), u.nickname]),
    ];
  };

  const aboutFolder = (view, d) => {
    const path = `api/groups/${view.group}/folders/${d.id.slice(1)}`;
    const { as } = context();
    nav.push(d.name, () => [act([
      { key: 'renameFolder', icon: '✏️', fields: () => [{ name: 'name', label: 'folderName', value: d.name, most: 255 }], run: (v) => patch(path, { by: as, ...v }) },
      { key: 'deleteFolder', icon: '🗑️', fields: () => [], run: () => remove(`${path}?by=${as}`) },
    ], view, d.name)]);
  };

  const folderRow = (view, d) => make('div', { role: 'listitem', class: 'file', 'data-folder': d.id },
    make('button', { type: 'button', class: 'open', 'data-action': 'open', onclick: () => enter(d) },
      make('span', { class: 'sort', 'aria-hidden': 'true' }, '📁'),
      make('span', { class: 'who' }, make('b', {}, d.name), make('small', {}, t(d.files === 1 ? 'oneFile' : 'fileCount', d.files)))),
    more(d.name, () => aboutFolder(view, d)));

  const fileRow = (view, f) => make('div', { role: 'listitem', class: 'file', 'data-file': f.id },
    make('span', { class: 'sort', 'aria-hidden': 'true' }, iconOf(f.name)),
    make('span', { class: 'who' }, make('b', { title: f.name }, f.name), make('small', {}, [sizeOf(f.size), f.uploader_name, dated(f.uploaded)].join(' · ')),
      ...(f.temporary ? [make('small', { class: 'until' }, t('temporaryUntil', dated(f.expires)))] : [])),
    ...(f.medium ? [save(f.medium, f.name, '⬇')] : []), more(f.name, () => aboutFile(view, f)));

  const more = (name, onclick) => make('button', { type: 'button', class: 'quiet round', 'data-action': 'more', title: t('about', name), 'aria-label': t('about', name), onclick }, '⋯');

  const uploadRow = (view, u) => make('div', { role: 'listitem', class: 'file', 'data-upload': u.name },
    make('span', { class: 'sort', 'aria-hidden': 'true' }, u.wrong ? '⚠️' : iconOf(u.name)),
    make('span', { class: 'who' }, make('b', {}, u.name), u.wrong ? make('small', { role: 'alert' }, u.wrong) : u.progress),
    ...(u.wrong && u.medium ? [make('button', { type: 'button', 'data-action': 'again', onclick: () => publish(view, u) }, t('again'))] : []),
    make('button', { type: 'button', class: 'quiet round', 'data-action': 'leave', title: t('leaveOut'), 'aria-label': `${t('leaveOut')} ${u.name}`, onclick: () => { view.forget(u); u.abort(); } }, '×'));

  // publish makes uploaded bytes a file of the group.
  const publish = async (view, u) => {
    u.wrong = undefined;
    view.fill();
    try {
      await post('api/files', { from: u.from, group: view.group, folder: view.folder, name: u.name, id: u.medium, temporary: view.temporary.checked });
    } catch (error) {
      failed(view, u, error);
      return;
    }
    view.forget(u);
    await guarded(view.load)();
  };

  // failed says why a file did not come: in its row, and, where that is not shown any more,
  // as any failure.
  const failed = (view, u, error) => {
    if (!view.running.includes(u)) return; // left out
    u.wrong = error.message;
    view.fill();
    if (shown() !== view) guarded(() => { throw new Error(`${u.name}: ${error.message}`); })();
  };

  const take = (view, files) => {
    for (const file of files) {
      const u = { name: file.name, from: context().as, abort: () => {}, progress: make('progress', { max: 1, value: 0, 'aria-label': t('uploading', file.name) }) };
      view.running.push(u);
      const sending = upload(file, (part) => { u.progress.value = part; });
      u.abort = sending.abort;
      sending.done.then(({ id }) => { u.medium = id; return publish(view, u); }, (error) => failed(view, u, error));
    }
    view.fill();
  };

  // setSpace makes the space of the group smaller or larger.
  const setSpace = (view) => {
    const { total, used, max_files, temporary_seconds, admins_only } = view.space;
    const path = `api/groups/${view.group}/space`;
    nav.push(t('space'), () => [
      act([{ key: 'fillSpace', icon: '🧱', run: () => patch(path, { total: Math.max(used, 1) }) }], view, t('space')),
      form({ key: 'space', icon: '📏' }, [
        { name: 'total', label: 'spaceMiB', value: Math.round((total / mib) * 1000) / 1000, type: 'number' }, { name: 'max_files', label: 'spaceFiles', value: max_files, type: 'number' },
        { name: 'temporary_seconds', label: 'spaceTemporary', value: temporary_seconds, type: 'number' }, { name: 'admins_only', label: 'spaceAdmins', value: admins_only, type: 'checkbox' },
      ], 'doIt', guarded(async (v) => {
        await patch(path, { ...v, total: Math.round(v.total * mib) });
        nav.backTo(view.entry);
        await view.load();
      })),
    ]);
  };

  const makeFolder = (view) => nav.push(t('newFolder'), () => [form({ key: 'newFolder', icon: '📁' }, [{ name: 'name', label: 'folderName', value: t('exampleFolder'), most: 255 }], 'doIt', guarded(async (v) => {
    await post(`api/groups/${view.group}/folders`, { by: context().as, ...v });
    nav.backTo(view.entry);
    await view.load();
  }))]);

  // show opens a folder of the group; its rows are drawn as they come.
  const show = (folder, title) => {
    const group = context().group.code;
    const view = { group, folder, running: [], folders: [], files: [], next: 0, total: 0 };
    const about = make('p', { class: 'space', role: 'status' });
    const rows = make('div', { class: 'files', role: 'list', 'aria-label': title });
    const next = make('button', { type: 'button', class: 'quiet', onclick: guarded(() => view.load(true)) }, t('moreFiles'));
    const chooser = make('input', { type: 'file', multiple: true, hidden: true, 'aria-label': t('uploadFile'), onchange: () => { take(view, chooser.files); chooser.value = ''; } });
    view.temporary = make('input', { type: 'checkbox' });
    const tools = make('div', { class: 'tools-of-files' },
      make('button', { type: 'button', 'data-action': 'upload', onclick: () => chooser.click() }, t('uploadFile')), chooser,
      ...(folder === root ? [make('button', { type: 'button', class: 'quiet', 'data-action': 'newFolder', onclick: () => makeFolder(view) }, t('newFolder'))] : []),
      make('button', { type: 'button', class: 'quiet', 'data-action': 'space', onclick: () => setSpace(view) }, t('space')),
      make('label', { class: 'line' }, view.temporary, ' ', t('asTemporary')));
    const nodes = [about, tools, note(t('dropFiles'), { class: 'note about hint' }), rows, next];

    view.forget = (u) => { view.running = view.running.filter((r) => r !== u); view.fill(); };
    view.fill = () => {
      const { action } = document.activeElement.dataset;
      const { file, folder: inFolder } = document.activeElement.closest('.file')?.dataset ?? {};
      const within = rows.contains(document.activeElement);
      rows.replaceChildren(...view.running.map((u) => uploadRow(view, u)), ...view.folders.map((d) => folderRow(view, d)), ...view.files.map((f) => fileRow(view, f)));
      if (!rows.children.length) rows.append(make('div', { role: 'listitem', class: 'note', 'data-empty': true }, t(view.space ? 'noFiles' : 'loading')));
      next.hidden = view.next >= view.total;
      if (view.space) about.textContent = t(view.space.full ? 'spaceFull' : 'spaceUsed', sizeOf(view.space.used), sizeOf(view.space.total), view.space.files, view.space.max_files);
      if (!within) return;
      const same = [...rows.children].find((r) => (file ? r.dataset.file === file : inFolder && r.dataset.folder === inFolder));
      (same?.querySelector(`[data-action=${action}]`) ?? tools.querySelector('button')).focus();
    };
    view.load = async (further) => {
      const start = further ? view.next : 0;
      const most = further ? pageSize : Math.min(Math.max(pageSize, view.next), mostAtOnce);
      const answer = await get(`api/groups/${group}/files?by=${context().as}&folder=${encodeURIComponent(folder)}&start=${start}&limit=${most}`);
      const more = (list, found) => [...(further ? list : []), ...found];
      Object.assign(view, { ...answer, folders: more(view.folders, answer.folders), files: more(view.files, answer.files) });
      view.fill();
      clearTimeout(view.timer);
      const next = Math.min(...view.files.filter((f) => f.expires).map((f) => f.expires * 1000 - Date.now()));
      if (next < longest) view.timer = setTimeout(() => { if (shown() === view) guarded(view.load)(); }, next < 0 ? 30000 : next + 1000); // the world may be behind
    };
    view.mark = (on) => rows.classList.toggle('over', on);
    view.fill();
    view.entry = nav.push(title, () => nodes, true);
    guarded(view.load)();
    return view;
  };

  const enter = (d) => { views = [views[0], show(d.id, d.name)]; };

  return {
    open: () => { views = [show(root, t('filesOf', context().group.name))]; },
    look: guarded(async () => {
      const view = shown();
      if (view && view.group === context().group?.code) await view.load();
    }),
    target: () => {
      const view = shown();
      return view && { take: (files) => take(view, files), mark: view.mark };
    },
  };
}
