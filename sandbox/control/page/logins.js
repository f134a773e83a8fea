// Logins that wait for a person: codes of clients that log in or have to be verified, and
// captchas. What waits is looked at again while it is shown: codes expire, clients go away.
import { t } from './text.js';
import { get, post } from './api.js';
import { make } from './make.js';

const $ = (id) => document.getElementById(id);
const period = 2000; // milliseconds

const captchaPage = (sid) => 'captcha.html?' + new URLSearchParams({ ...Object.fromEntries(new URLSearchParams(location.search)), sid });

// startLogins returns show(codes, captchas), of the state. account(uin) is what an account is
// called, users() are those that can log in, moved() is called when something came or went.
export function startLogins(guarded, { account, users, moved }) {
  let drawn = '';
  let timer;

  const row = (name, words, about, ...what) => make('div', { class: 'login', role: 'group', 'aria-label': words, 'data-login': name },
    make('span', { class: 'who' }, make('b', {}, words), make('small', {}, about.filter(Boolean).join(' · '))), ...what);

  const code = (q) => {
    const free = q.purpose === 'login';
    const who = make('select', { 'aria-label': t('loginAccount') }, ...users().map((u) => make('option', { value: u.uin }, account(u.uin))));
    if (q.bound_uin || q.last_uin) who.value = q.bound_uin || q.last_uin;
    const decide = (verdict) => guarded(async () => {
      await post(`api/qr/${q.id}/${verdict}`, { uin: free ? Number(who.value) : q.bound_uin });
      await look();
    });
    const words = t(`wants_${q.purpose}`, q.device_name || t('client'), account(q.bound_uin));
    const last = q.last_uin ? t('lastAccount', account(q.last_uin)) : t('noLastAccount');
    return row(q.id, words, [free ? last : '', q.state === 'scanned' && free ? t('scannedBy', account(q.bound_uin)) : '', q.remote_addr],
      ...(free ? [make('label', {}, make('span', {}, t('loginAs')), who)] : []),
      make('button', { type: 'button', 'data-action': 'approve', onclick: decide('approve') }, t(free ? 'approve' : 'confirm')),
      make('button', { type: 'button', class: 'quiet', 'data-action': 'reject', onclick: decide('reject') }, t('reject')));
  };

  const captcha = (c) => row(c.sid, t('wants_captcha', c.device_name || t('client'), account(c.uin)), [],
    make('a', { href: captchaPage(c.sid), class: 'button', target: '_blank', 'data-action': 'captcha' }, t('openCaptcha')));

  const show = (codes, captchas) => {
    const waiting = codes.filter((q) => q.state === 'waiting' || q.state === 'scanned');
    captchas = captchas.filter((c) => c.connected);
    clearTimeout(timer);
    if (waiting.length + captchas.length) timer = setTimeout(() => look().catch(() => {}), period);
    const now = JSON.stringify([waiting, captchas, users()]);
    if (now === drawn) return; // a list that somebody has opened stays open
    drawn = now;
    const focused = document.activeElement.dataset.action;
    const of = document.activeElement.closest('.login')?.dataset.login;
    $('logins').replaceChildren(...waiting.map(code), ...captchas.map(captcha));
    $('logins').hidden = !(waiting.length + captchas.length);
    if (of && focused) $('logins').querySelector(`[data-login="${of}"] [data-action=${focused}]`)?.focus();
    moved();
  };
  const look = async () => show(...await Promise.all([get('api/qr'), get('api/captchas')]));
  return { show };
}
