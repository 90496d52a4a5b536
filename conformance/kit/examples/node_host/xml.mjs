// As much XML as INSi's answers need: elements by local name, whatever their prefix.
const ENTITIES = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

export function escaped(text) {
  return text.replace(/[&<>"']/g, (one) => `&#${one.charCodeAt(0)};`);
}

function unescaped(text) {
  return text.replace(/&(?:#x([0-9a-f]+)|#([0-9]+)|([a-z]+));/gi, (whole, hexadecimal, decimal, name) =>
    name ? (ENTITIES[name] ?? whole) : String.fromCodePoint(hexadecimal ? parseInt(hexadecimal, 16) : Number(decimal)));
}

/** Return what stands inside every element of that local name, in order. */
export function inside(xml, name) {
  const element = new RegExp(`<(?:[\\w.-]+:)?${name}(?:\\s[^>]*)?>(.*?)</(?:[\\w.-]+:)?${name}\\s*>`, "gs");
  return [...xml.matchAll(element)].map((found) => found[1]);
}

/** Return the text of the first element of that local name, or null without it or when it is empty. */
export function textOf(xml, name) {
  const [found] = inside(xml, name);
  return found === undefined || found.trim() === "" ? null : unescaped(found.trim());
}
