// Requests that wait for the answer of the one whom the page acts as.
import { t } from './text.js';
import { get, post } from './api.js';
import { make } from './make.js';
import { note } from './view.js';

const $ = (id) => document.getElementById(id);

// startRequests returns look(), which asks for the requests of as() and shows how many wait,
// and content(), which shows them. nameOf(uin) is what somebody is called.
export function startRequests(guarded, as, nameOf) {
  let friends = [];
  let groups = [];
  let shown; // where they are shown

  const look = async () => {
    const user = as();
    const [f, g] = await Promise.all([get(`api/friend-requests?user=${user}`), get(`api/group-requests?user=${user}`)]);
    if (user !== as()) return; // somebody else by now
    friends = f.filter((r) => r.state === 'pending' && r.to === user);
    groups = g.filter((r) => r.state === 'pending');
    const count = friends.length + groups.length;
    $('requestCount').textContent = count || '';
    $('me').setAttribute('aria-label', count ? `${t('myself')} (${count})` : t('myself'));
    if (shown?.isConnected) fill();
  };

  const row = (words, text, filtered, answers) => make('div', { class: 'request' },
    make('span', { class: 'who' }, make('b', {}, words), make('small', {}, [filtered ? t('isFiltered') : '', text].filter(Boolean).join(' · '))),
    ...answers.map(([key, answer]) => make('button', {
      type: 'button', class: key === 'accept' ? '' : 'quiet', 'data-action': key,
      onclick: guarded(async () => { await answer(); await look(); }),
    }, t(key))));

  const groupWords = (r) => t(`wants_${r.kind}`, nameOf(r.target), r.group_name || r.group, nameOf(r.inviter));

  const fill = () => shown.replaceChildren(
    make('h3', {}, t('requests')),
    ...friends.map((r) => row(t('wantsFriend', r.nickname), r.text, r.filtered,
      ['accept', 'refuse'].map((verdict) => [verdict, () => post('api/friend-requests/answer', { user: as(), from: r.from, accept: verdict === 'accept' })]))),
    ...groups.map((r) => row(groupWords(r), r.comment, r.filtered,
      ['accept', 'refuse', 'ignore'].map((verdict) => [verdict, () => post('api/group-requests/answer', { user: as(), sequence: r.sequence, verdict })]))),
    ...(friends.length + groups.length ? [] : [note(t('noRequests'))]));

  const content = () => {
    shown = make('div', { class: 'requests' });
    fill();
    return [shown];
  };
  return { look, content };
}
