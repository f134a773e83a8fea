// The panel that opens forwards. Those within one open inside; back leads out again.
import { t } from './text.js';
import { get } from './api.js';
import { nodeBubble } from './view.js';

const $ = (id) => document.getElementById(id);
let open = []; // forwards, the outermost first: {title, nodes}

async function enter(s) {
  const nodes = s.nodes ?? (await get(`api/forwards/${encodeURIComponent(s.id)}`)).nodes;
  open.push({ title: s.source || t(s.type === 'long_message' ? 'longMessage' : 'forward'), nodes });
  show();
}

function show() {
  const { title, nodes } = open.at(-1);
  $('panelTitle').textContent = title;
  $('panelBack').hidden = open.length < 2;
  $('panelNodes').replaceChildren(...nodes.map((n) => nodeBubble(n, on)));
  $('panelNodes').scrollTop = 0;
  if (!$('panel').open) $('panel').showModal();
  $('panelNodes').focus();
}

let on;

// startPanel returns what opens a forward segment. guarded reports failures.
export function startPanel(guarded) {
  on = { quoted: () => '', forward: guarded(enter) };
  $('panelBack').onclick = () => { open.pop(); show(); };
  $('panelClose').onclick = () => $('panel').close();
  $('panel').onclose = () => { open = []; $('panelNodes').replaceChildren(); };
  $('panel').onclick = (e) => { if (e.target === $('panel')) $('panel').close(); }; // beside it
  return guarded((s) => { open = []; return enter(s); });
}
