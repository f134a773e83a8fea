// Forms made of fields: {name, label, value, options, rows, type}. options are [value, text];
// a type of number or checkbox gives a number or a boolean.
import { t } from './text.js';
import { make } from './make.js';

function input({ name, value, options, rows, type = 'text', most }) {
  if (options) {
    const select = make('select', { name }, ...options.map(([v, text]) => make('option', { value: v }, text)));
    if (value !== undefined) select.value = value;
    return select;
  }
  if (type === 'checkbox') return make('input', { name, type, checked: Boolean(value) });
  const field = rows ? make('textarea', { name, rows, spellcheck: 'false' })
    : make('input', { name, type, step: type === 'number' ? 'any' : undefined, required: type === 'number', maxlength: most, autocomplete: 'off' });
  field.value = value ?? '';
  return field;
}

const read = ({ type, input }) => {
  if (type === 'checkbox') return input.checked;
  return type === 'number' ? input.valueAsNumber : input.value;
};

// form asks for the fields of an item {key, icon} and gives their values to submit. button
// is the word on the button.
export function form(item, fields, button, submit) {
  const filled = fields.map((f) => ({ ...f, input: input(f) }));
  return make('form', {
    class: 'fields', 'data-form': item.key,
    onsubmit: (e) => {
      e.preventDefault();
      submit(Object.fromEntries(filled.map((f) => [f.name, read(f)])));
    },
  },
  make('b', {}, item.icon, ' ', t(item.label ?? item.key)),
  ...filled.map((f) => make('label', { class: f.type === 'checkbox' ? 'check' : undefined }, make('span', {}, t(f.label)), f.input)),
  make('button', { 'data-action': 'submit' }, t(button)));
}

// tiles is a grid of buttons, one per item {key, icon, label}.
export const tiles = (items, choose) => make('div', { class: 'kinds' }, ...items.map((item) => make('button', {
  type: 'button', 'data-kind': item.key, onclick: () => choose(item),
}, make('span', { 'aria-hidden': 'true' }, item.icon), t(item.label ?? item.key))));
