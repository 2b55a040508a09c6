/**
 * Make an element.
 * @param {string} tag
 * @param {{ className?: string, text?: string, style?: Partial<CSSStyleDeclaration> }} looks
 * @param {...Node} children
 */
export function element(tag, { className = "", text = "", style = {} } = {}, ...children) {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  Object.assign(made.style, style);
  made.append(...children);
  return made;
}
