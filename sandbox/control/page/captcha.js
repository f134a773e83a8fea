// The page of a captcha: there is nothing to solve, it shows the solution.
import { t, translate } from './text.js';
import { get } from './api.js';

translate();
const sid = new URLSearchParams(location.search).get('sid');
const asked = (await get('api/captchas')).find((c) => c.sid === sid);
document.getElementById('about').textContent = asked ? t('captchaFor', asked.uin) : t('captchaGone');
document.getElementById('solution').textContent = asked
  ? `ticket: ${asked.ticket}\nrandstr: ${asked.randstr}\n\nlibration login captcha ${asked.ticket} ${asked.randstr}` : '';
