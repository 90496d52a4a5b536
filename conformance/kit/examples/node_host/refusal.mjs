/** What a rule refuses, with a stable code and never with data of a person. */
export class Refusal extends Error {
  constructor(code) {
    super(code);
    this.code = code;
  }
}

/** Refuse unless `held`. */
export function require(held, code) {
  if (!held) throw new Refusal(code);
}

/** Refuse an object that is none, or has a field that nobody knows. */
export function onlyFields(given, known, code) {
  require(given !== null && typeof given === "object" && !Array.isArray(given), code);
  require(Object.keys(given).every((name) => known.includes(name)), code);
}
