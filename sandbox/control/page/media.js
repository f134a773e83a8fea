// Pictures, voices and videos. They come from the sandbox itself, by the id of their bytes:
// the page loads nothing else, whatever a message says. Files come from there, too: they are
// saved, never shown.
import { lang, t } from './text.js';
import { make } from './make.js';

const $ = (id) => document.getElementById(id);

const isID = (id) => /^[0-9a-f]{40}$/.test(id ?? '');
const address = (id, query = '') => `api/media/${id}${query}`;

// save is a link that saves the bytes of a file. Its word may be a sign.
export function save(id, name, word) {
  if (!isID(id)) return gone(name);
  const label = `${t('download')} ${name}`;
  return make('a', { href: address(id), download: name, class: word === t('download') ? 'button' : 'button quiet round', 'data-action': 'download', title: label, 'aria-label': label }, word);
}

// portrait is the picture of an account or a group, to be put over its letter; nothing where
// there is none. One that the sandbox has dropped leaves the letter.
export const portrait = (id) => (isID(id) ? [make('img', { src: address(id), alt: '', onerror: (e) => e.target.remove() })] : []);

// sizeOf is a number of bytes as people read it.
export function sizeOf(bytes) {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let at = 0;
  for (; bytes >= 1024 && at < units.length - 1; at++) bytes /= 1024;
  return `${new Intl.NumberFormat(lang, { maximumFractionDigits: bytes < 10 && at ? 1 : 0 }).format(bytes)} ${units[at]}`;
}

// iconOf stands for what the name of a file says that it is.
export function iconOf(name) {
  const ending = /\.(\w{1,5})$/.exec(name)?.[1].toLowerCase() ?? '';
  return Object.entries(sorts).find(([, endings]) => endings.split(' ').includes(ending))?.[0] ?? '📄';
}

const sorts = {
  '🖼️': 'png jpg jpeg gif webp bmp svg tiff heic', '🎵': 'mp3 wav ogg flac m4a amr silk aac', '🎞️': 'mp4 mkv webm mov avi',
  '🗜️': 'zip gz xz bz2 7z rar tar tgz zst', '📕': 'pdf', '📊': 'csv xls xlsx ods', '📦': 'apk exe msi deb rpm dmg jar',
};

// gone stands for a medium whose bytes the sandbox does not have.
const gone = (what) => make('span', { class: 'element' }, t('mediaGone', what));

function image(id, what, attributes = {}) {
  const shown = make('img', { src: address(id), alt: '', loading: 'lazy', draggable: 'false', ...attributes });
  shown.onerror = () => shown.replaceWith(gone(what));
  return shown;
}

// room is how much a picture takes on the page before it is there.
function room({ width, height }, most, highest) {
  if (!width || !height) return {};
  const scale = Math.min(1, most / width, highest / height);
  return { width: Math.ceil(width * scale), height: Math.ceil(height * scale) };
}

// thumbnail is a small picture of an upload.
export const thumbnail = (id) => image(id, t('image'));

// imageName is what a picture is called in lists.
export const imageName = (s) => (!s.flash && s.summary) || `[${t(s.flash ? 'flashImage' : s.sub_type === 1 ? 'imageSticker' : 'image')}]`;

// picture is shown small; a click opens it. A flash picture is covered until then.
export function picture(s) {
  const name = imageName(s);
  if (!isID(s.id)) return gone(name);
  const sort = s.flash ? 'picture flash' : s.sub_type === 1 ? 'picture small' : 'picture';
  const size = room(s, s.sub_type === 1 ? 132 : 280, s.sub_type === 1 ? 132 : 320);
  return make('button', { type: 'button', class: sort, title: t('openImage'), 'aria-label': `${t('openImage')} ${name}`, onclick: () => view(s.id, name) },
    ...(s.flash ? [make('span', { 'aria-hidden': 'true' }, '⚡️'), name.replace(/^\[(.*)\]$/, '$1')] : [image(s.id, name, size)]));
}

function view(id, name) {
  const viewer = $('viewer');
  viewer.setAttribute('aria-label', name);
  $('viewed').replaceChildren(image(id, name, { alt: name, loading: 'eager' }));
  viewer.showModal();
}

// startViewer makes the full view close: by its button, Escape, or a click beside it.
export function startViewer() {
  $('viewerClose').onclick = () => $('viewer').close();
  $('viewer').onclick = (e) => { if (e.target.tagName !== 'IMG') $('viewer').close(); };
  $('viewer').onclose = () => $('viewed').replaceChildren();
}

let playing; // the voice that is heard

// voice has one button, which plays and stops it.
export function voice(s) {
  if (!isID(s.id)) return gone(`[${t('record')}]`);
  const sound = make('audio', { src: address(s.id, '?as=wav'), preload: 'none' });
  const played = make('progress', { max: s.seconds || 1, value: 0, 'aria-hidden': 'true' });
  const button = make('button', { type: 'button', class: 'play', onclick: () => (sound.paused ? play() : sound.pause()) });
  const shown = make('span', { class: 'voice' }, button, played, make('small', {}, t('seconds', s.seconds ?? 0)), sound);
  const play = () => {
    playing?.pause();
    playing = sound;
    sound.play().catch(() => {}); // onerror says it
  };
  const face = () => {
    button.textContent = sound.paused ? '▶' : '❚❚';
    button.setAttribute('aria-label', t(sound.paused ? 'playVoice' : 'stopVoice', s.seconds ?? 0));
  };
  sound.onplay = sound.onpause = face;
  sound.onended = () => { sound.currentTime = 0; };
  sound.ontimeupdate = () => { played.value = sound.currentTime; };
  sound.onerror = () => shown.replaceChildren(t('mediaSilent', `[${t('record')}]`));
  face();
  return shown;
}

export function video(s) {
  if (!isID(s.id)) return gone(`[${t('video')}]`);
  const poster = isID(s.cover?.id) ? { poster: address(s.cover.id) } : {};
  const size = room(s, 320, 320);
  const player = make('video', { src: address(s.id), controls: true, playsinline: true, preload: 'none', 'aria-label': videoName(s), ...poster, ...size });
  player.onerror = () => player.replaceWith(t('mediaSilent', `[${t('video')}]`));
  return make('span', { class: 'video' }, player, make('small', {}, videoName(s)));
}

const videoName = (s) => (s.seconds ? `${t('video')} ${t('seconds', s.seconds)}` : t('video'));
