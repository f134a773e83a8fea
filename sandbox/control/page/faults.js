// The panel of faults: what is switched on, and switches for all there are.
import { t } from './text.js';
import { get, post, remove } from './api.js';
import { make } from './make.js';

const $ = (id) => document.getElementById(id);
const period = 2000; // how often an open panel looks, in milliseconds

export function startFaults(guarded) {
  let kinds = [];
  let params = [];

  const show = (answer) => {
    if (!kinds.length) {
      ({ kinds, params } = answer);
      $('faultName').replaceChildren(...kinds.map((k) => make('option', { value: k.name }, k.name)));
      describe();
    }
    $('faultCount').textContent = answer.active.length || '';
    $('activeFaults').replaceChildren(...answer.active.map((f) => make('div', { 'data-fault': f.id },
      make('code', {}, f.fault), make('span', { title: t('struck', f.struck) }, f.struck),
      make('button', {
        class: 'quiet', title: t('switchOff'), onclick: guarded(async () => { await remove(`api/faults/${f.id}`); await look(); }),
      }, '×'))));
  };
  const look = async () => show(await get('api/faults'));

  const describe = () => {
    const kind = kinds.find((k) => k.name === $('faultName').value);
    $('faultDoc').textContent = `${kind.doc}${kind.on ? ` (on: ${kind.on})` : ''}`;
    $('faultParams').placeholder = kind.params.map((p) => p + '=').join(',');
    $('faultParams').title = params.filter((p) => kind.params.includes(p.name)).map((p) => `${p.name}: ${p.doc}`).join('\n');
  };

  $('faultName').onchange = () => { $('faultParams').value = ''; describe(); };
  $('addFault').onsubmit = (e) => {
    e.preventDefault();
    guarded(async () => {
      const given = $('faultParams').value.trim();
      await post('api/faults', { fault: $('faultName').value + (given ? ':' + given : '') });
      await look();
    })();
  };
  $('faults').ontoggle = () => { if ($('faults').open) guarded(look)(); };
  // Faults end by themselves; a failed look is told by the rest of the page.
  setInterval(() => { if ($('faults').open && !document.hidden) look().catch(() => {}); }, period);
  look().catch(() => {});
}
