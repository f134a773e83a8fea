// make builds an element; text is never read as HTML. style is an object of custom
// properties.
export function make(tag, { style = {}, ...attributes } = {}, ...children) {
  const e = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) e.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== false) e.setAttribute(name, value);
  }
  for (const [name, value] of Object.entries(style)) e.style.setProperty(name, value);
  e.append(...children);
  return e;
}
