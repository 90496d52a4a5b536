// Traits: their form, their writing towards INSi, their comparison.
import { onlyFields, require } from "./refusal.mjs";

const STRICT = ["nom_naissance", "premier_prenom", "sexe", "date_naissance", "lieu_naissance"];
const BIRTHPLACE = /^(?:[0-9]{2}|2[AB])[0-9]{3}$/;
const UNKNOWN_BIRTHPLACE = "99999";
const BASES = { Æ: "AE", Œ: "OE", ẞ: "SS", Ø: "O", Ł: "L" };
const FORMS = {
  nom_naissance: (text) => typeof text === "string" && text.trim() !== "" && text.length <= 100,
  premier_prenom: (text) => FORMS.nom_naissance(text),
  prenoms_naissance: (list) => Array.isArray(list) && list.every(FORMS.nom_naissance),
  sexe: (text) => ["F", "M", "I"].includes(text),
  date_naissance: (text) => isDay(text),
  lieu_naissance: (text) => typeof text === "string" && BIRTHPLACE.test(text),
  date_interpretee: (mark) => typeof mark === "boolean",
};

/** Tell whether a text is a day of the calendar: a date with an unknown part is none. */
export function isDay(text) {
  const day = /^[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}$/.test(text ?? "") ? new Date(`${text}T00:00:00Z`) : new Date(NaN);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text);
}

function heldToForm(given, needed) {
  onlyFields(given, Object.keys(FORMS), "input.traits");
  const names = Object.keys(FORMS).filter((name) => needed.includes(name) || given[name] != null);
  require(names.every((name) => FORMS[name](given[name])), "input.traits");
}

/** Hold the five strict traits, and what goes with them, to their form. */
export function strictTraits(given) {
  heldToForm(given, STRICT);
  return { ...given, prenoms_naissance: given.prenoms_naissance ?? [] };
}

/** Hold what is known of a person to search with to its form; names are all it takes. */
export function searchTraits(given) {
  heldToForm(given, ["nom_naissance", "prenoms_naissance"]);
  require(given.prenoms_naissance.length > 0, "input.traits");
  return given;
}

/** Return strict traits as INSi is asked for them. */
export function asSearch({ premier_prenom: first, prenoms_naissance: names, ...rest }) {
  return { ...rest, prenoms_naissance: names.length > 0 ? names : [first] };
}

/** Upper case, without accent, ligature nor typography. */
function folded(text) {
  const plain = text.toUpperCase().replace(/[\u2018\u2019\u02bc]/g, "'").replace(/[\u2010-\u2014]/g, "-");
  const letters = plain.replace(/[ÆŒẞØŁ]/g, (letter) => BASES[letter]).normalize("NFD");
  return letters.replace(/[\u0300-\u036f]/g, "").trim();
}

const comparable = (text) => folded(text).replace(/[ '-]+/g, " ").trim();

/** Write a name in INSi's profile; a character without equivalent is refused, never dropped (SEL-MP-043). */
export function nameForInsi(text, { given }) {
  const name = folded(text);
  require(/^['A-Z][A-Z' -]*$/.test(name) && !/[' ]{2}|---/.test(name), "identity.name_character");
  require(!given || !/--|['-]$/.test(name), "identity.name_given");
  return name;
}

/** Return the beginning of the list of given names that a first given name stands for, or null (EXI ID 10). */
function startThatFits(first, list) {
  const pieces = [...list.matchAll(/[^ '-]+/g)].map((word) => list.slice(0, word.index + word[0].length));
  return pieces.find((piece) => comparable(piece) === comparable(first)) ?? null;
}

/** Tell whether a first given name opens the person's own list; an unknown list says nothing against it. */
export function firstNameFits({ premier_prenom: first, prenoms_naissance: names }) {
  return names.length === 0 || startThatFits(first, names.join(" ")) !== null;
}

/** Return the strict traits that changed, to the letter. */
export function changedTraits(before, after) {
  return [...STRICT, "prenoms_naissance"].filter((name) => String(before[name]) !== String(after[name]));
}

/** Tell whether name of birth and first given name are the same, typography aside. */
export function sameNames(known, { nom_naissance: name, prenoms_naissance: [listed], premier_prenom: first = listed }) {
  return folded(known.nom_naissance) === folded(name) && comparable(known.premier_prenom) === comparable(first);
}

/** Tell whether two people have the same five strict traits, typography of names aside. */
export function samePerson(one, other) {
  return sameNames(one, other) && ["sexe", "date_naissance", "lieu_naissance"].every((name) => one[name] === other[name]);
}

/** Return the traits on which INSi differs from what is recorded or was asked; what was not asked is not compared. */
export function differences(ours, theirs) {
  const list = theirs.prenoms_naissance.join(" ");
  const names = ours.prenoms_naissance;
  const place = ours.lieu_naissance === UNKNOWN_BIRTHPLACE ? null : ours.lieu_naissance;
  const differing = {
    nom_naissance: folded(ours.nom_naissance) !== folded(theirs.nom_naissance),
    premier_prenom: startThatFits(ours.premier_prenom ?? names[0], list) === null,
    prenoms_naissance: names.length > 0 && startThatFits(names.join(" "), list) === null,
    sexe: ours.sexe && ours.sexe !== theirs.sexe,
    date_naissance: ours.date_naissance && ours.date_naissance !== theirs.date_naissance,
    lieu_naissance: place && theirs.lieu_naissance && place !== theirs.lieu_naissance,
  };
  return Object.keys(differing).filter((name) => differing[name]);
}

/** Return the strict traits after recovery: they take the values of INSi (rule 6). */
export function imported(ours, theirs) {
  const names = theirs.prenoms_naissance;
  const first = startThatFits(ours.premier_prenom ?? "", names.join(" ")) ?? names[0];
  const place = theirs.lieu_naissance ?? ours.lieu_naissance ?? UNKNOWN_BIRTHPLACE;
  return { ...theirs, premier_prenom: first, lieu_naissance: place };
}
