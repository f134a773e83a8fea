// The page of a captcha: passing it is a press of a button. Its request has the name of the
// real page's, and ticket and randstr are in the answer, so that reading them off can be
// practised.
import { t, translate } from './text.js';
import { get, post } from './api.js';

translate();
const $ = (id) => document.getElementById(id);
const sid = new URLSearchParams(location.search).get('sid');

try {
  const asked = (await get('api/captchas')).find((c) => c.sid === sid);
  $('about').textContent = asked ? t('captchaFor', asked.uin) : t('captchaGone');
  $('practice').hidden = !asked;
} catch (e) {
  $('about').textContent = e.message;
}

$('solve').onclick = async () => {
  try {
    const answer = await post('cap_union_new_verify', { sid });
    $('answer').textContent = JSON.stringify(answer, null, 2);
    $('values').textContent = `ticket: ${answer.ticket}\nrandstr: ${answer.randstr}`;
    $('command').textContent = `libration login captcha ${answer.ticket} ${answer.randstr}`;
    $('about').textContent = answer.ticket ? $('about').textContent : t('captchaGone');
    $('solved').hidden = !answer.ticket;
  } catch (e) {
    $('about').textContent = e.message;
  }
};
