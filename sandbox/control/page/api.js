// Requests to the control API; failures are Errors with its text.
import { lang, t } from './text.js';

async function request(method, path, body) {
  const options = { method, headers: { 'Accept-Language': lang } };
  if (body !== undefined) {
    options.headers['Content-Type'] = 'application/json';
    options.body = JSON.stringify(body);
  }
  let response;
  let answer;
  try {
    response = await fetch(path, options);
    answer = await response.json();
  } catch {
    throw new Error(t('unreachable')); // the browser's own words are for developers
  }
  if (!response.ok) throw new Error(answer.error);
  return answer;
}

export const get = (path) => request('GET', path);
export const remove = (path, body) => request('DELETE', path, body);
export const post = (path, body) => request('POST', path, body);
export const patch = (path, body) => request('PATCH', path, body);

const maxFile = 4 * 2 ** 30; // bytes: what the sandbox keeps of one

// upload sends a file; onProgress gets the part that has been sent, 0 to 1. It returns done,
// a promise of the answer, and abort().
export function upload(file, onProgress) {
  const wrong = !file.size ? t('fileEmpty') : file.size > maxFile ? t('fileTooLarge', maxFile / 2 ** 30) : '';
  if (wrong) return { done: Promise.reject(new Error(wrong)), abort: () => {} };
  const request = new XMLHttpRequest(); // fetch tells no progress
  const done = new Promise((resolve, reject) => {
    request.upload.onprogress = (e) => onProgress(e.loaded / e.total);
    request.onload = () => {
      const answer = JSON.parse(request.responseText);
      if (request.status < 300) resolve(answer);
      else reject(new Error(answer.error));
    };
    request.onerror = () => reject(new Error(t('uploadFailed')));
    request.onabort = () => reject(new Error(t('cancel')));
  });
  request.open('POST', 'api/media');
  request.setRequestHeader('Content-Type', 'application/octet-stream');
  request.setRequestHeader('Accept-Language', lang);
  request.send(file);
  return { done, abort: () => request.abort() };
}

// watch calls onEvent for everything that happens, onState(true) when connected
// (again: what happened meanwhile is lost) and onState(false) when cut off.
export function watch(onEvent, onState) {
  const source = new EventSource('api/events');
  source.onopen = () => onState(true);
  source.onerror = () => {
    onState(false);
    if (source.readyState !== EventSource.CLOSED) return;
    setTimeout(() => watch(onEvent, onState), 2000);
  };
  source.onmessage = (m) => onEvent(JSON.parse(m.data));
}
