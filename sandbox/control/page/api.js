// Requests to the control API; failures are Errors with its text.
async function request(method, path, body) {
  const options = { method };
  if (body !== undefined) {
    options.headers = { 'Content-Type': 'application/json' };
    options.body = JSON.stringify(body);
  }
  const response = await fetch(path, options);
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error);
  return answer;
}

export const get = (path) => request('GET', path);
export const remove = (path) => request('DELETE', path);
export const post = (path, body) => request('POST', path, body);

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
