// How else than by typed traits somebody is named: by a card that was read, by an INS that was received.
import { onlyFields, require } from "./refusal.mjs";
import { isDay, searchTraits } from "./traits.mjs";

/** Return what a supplied reading tells of the beneficiary that was chosen; this host has no reader of its own. */
export function personOnCard(card, position) {
  require(card.kind === "supplied" && Array.isArray(card.beneficiaries), "card.unsupported");
  require(position != null || card.beneficiaries.length === 1, "input.beneficiary_to_choose");
  const chosen = card.beneficiaries[(position ?? 1) - 1];
  require(chosen, "input.beneficiary_unknown");
  const { nom_patronymique: name, prenom_usuel: first, sexe, date } = chosen;
  const born = date?.replace(/^(....)(..)(..)$/, "$1-$2-$3");
  return searchTraits({ nom_naissance: name, prenoms_naissance: [first], sexe, date_naissance: born });
}

/** Return a received INS; it is a claim, to be verified by INSi. */
export function receivedIns(given) {
  onlyFields(given, ["matricule", "traits", "method"], "input.ins");
  const value = String(given.matricule?.value);
  require(/^[0-9]{5}(?:[0-9]{2}|2[AB])[0-9]{8}$/.test(value) && given.matricule.oid, "input.ins");
  const number = value.slice(0, 13).replace("2A", "19").replace("2B", "18");
  require(97 - (Number(number) % 97) === Number(value.slice(13)), "input.matricule_key");
  return { matricule: value, traits: searchTraits(given.traits) };
}

/** Add what INSi needs beyond names from the answers given in advance; nothing is guessed. */
export function completed(traits, answers) {
  const sexe = traits.sexe ?? answers["insi.sexe"];
  const born = traits.date_naissance ?? answers["insi.date_naissance"];
  require(sexe && isDay(born), "input.nobody_to_ask");
  return { ...traits, sexe, date_naissance: born };
}
