// The counter: find a person or record him, ask INSi, take the document. Everything is kept in memory.
import { randomUUID } from "node:crypto";

import { completed, personOnCard, receivedIns } from "./people.mjs";
import { Proofs } from "./proofs.mjs";
import { onlyFields, Refusal, require } from "./refusal.mjs";
import { clearAttribute, drop, refuseDoubtful, setAttribute, statusOf } from "./status.mjs";
import * as form from "./traits.mjs";

const WHO = ["identity_ref", "traits", "card", "ins"];
const WISHES = ["beneficiary", "document", "confirmed", "answers", "automatic", "search", "validated"];
const OIDS = ["1.2.250.1.213.1.4.8", "1.2.250.1.213.1.4.9", "1.2.250.1.213.1.4.10"];

export class Desk {
  #identities = new Map();

  constructor(insi, policy, answers) {
    this.insi = insi;
    this.proofs = new Proofs(policy);
    this.automatic = policy.automatic_qualification ?? true;
    this.answers = answers;
  }

  async identify(given) {
    onlyFields(given, [...WHO, ...WISHES], "input.identify");
    require(WHO.filter((name) => given[name] != null).length === 1, "input.identify");
    const told = { notices: [], divergences: [] };
    const identity = await this.#found(given, told);
    if (identity && given.document != null) told.notices.push(...this.proofs.present(identity, given.document));
    return this.#answer(identity, told);
  }

  mark({ identity_ref: ref, attribute, present = true }) {
    const identity = this.#known(ref);
    (present ? setAttribute : clearAttribute)(identity, attribute);
    return this.#answer(identity);
  }

  correct({ identity_ref: ref, traits, as_super_user: superUser = false }) {
    const identity = this.#known(ref);
    const wanted = form.strictTraits(traits);
    const changed = form.changedTraits(identity.traits, wanted);
    if (changed.some((name) => name !== "premier_prenom") || !form.firstNameFits(wanted)) {
      require(identity.ins === null || superUser, "identity.traits_locked");
      drop(identity);
    }
    identity.traits = wanted;
    return this.#answer(identity, { notices: firstNameNotice(wanted) });
  }

  /** Return the identity after what INSi had to say, or null for somebody who cannot be recorded. */
  async #found(given, told) {
    if (given.identity_ref != null) return this.#searched(this.#known(given.identity_ref), given, told);
    if (given.traits?.premier_prenom == null) return this.#newcomer(given, told);
    const traits = form.strictTraits(given.traits);
    const known = this.#one((one) => form.samePerson(one.traits, traits));
    if (!known) told.notices.push(...firstNameNotice(traits));
    return this.#searched(known ?? this.#add(traits), given, told);
  }

  /** Ask INSi about a recorded person whose INS is not known. */
  async #searched(identity, given, told) {
    if (identity.ins !== null || given.search === false) return identity;
    refuseDoubtful(identity);
    const individual = await this.#asked(form.asSearch(identity.traits), given, told);
    if (individual) this.#import(identity, individual, given, told);
    return identity;
  }

  /** Record somebody of whom only a part is known, if INSi supplies the rest. */
  async #newcomer(given, told) {
    const received = given.ins != null ? receivedIns(given.ins) : null;
    const asked =
      received?.traits ?? (given.card ? personOnCard(given.card, given.beneficiary) : form.searchTraits(given.traits));
    const born = asked.date_naissance;
    const similar = ({ traits }) => form.sameNames(traits, asked) && (!born || born === traits.date_naissance);
    [...this.#identities.values()].filter(similar).forEach(refuseDoubtful);
    const individual = given.search === false ? null : await this.#asked(asked, given, told);
    if (!individual || !usable(individual, told) || !confirmed(asked, individual, given, told)) {
      told.notices.push("identity.traits_missing");
      return null;
    }
    const { ins } = individual;
    require(!received || [ins.matricule, ...ins.former].includes(received.matricule), "insi.matricule_differs");
    const traits = form.imported({}, individual.traits);
    const same = (one) => one.ins?.matricule === ins.matricule || form.samePerson(one.traits, traits);
    const identity = this.#one(same) ?? this.#add(traits);
    this.#import(identity, individual, given, told);
    return identity;
  }

  async #asked(traits, given, told) {
    try {
      const { cr, individual } = await this.insi.search(completed(traits, { ...this.answers, ...given.answers }));
      if (cr !== "00") told.notices.push(cr === "02" ? "identity.ins_several" : "identity.ins_not_found");
      return individual;
    } catch (failure) {
      if (!(failure instanceof Refusal)) throw failure;
      told.notices.push(failure.code); // what INSi cannot be asked, or does not answer, changes nothing
      return null;
    }
  }

  #import(identity, individual, given, told) {
    refuseDoubtful(identity);
    if (!usable(individual, told) || !confirmed(identity.traits, individual, given, told)) return;
    // The document was compared with the values that the user gives up.
    if (form.differences(identity.traits, individual.traits).length > 0) identity.document = null;
    if (identity.document !== null && !this.automatic && !given.validated) {
      told.notices.push("identity.confirm_qualification");
      return;
    }
    identity.traits = form.imported(identity.traits, individual.traits);
    identity.ins = individual.ins;
  }

  #one(fits) {
    return [...this.#identities.values()].find(fits);
  }

  #known(ref) {
    require(this.#identities.has(ref), "identity.unknown");
    return this.#identities.get(ref);
  }

  #add(traits) {
    const fresh = { ins: null, document: null, attributes: new Set(), requests: 0, refused: false };
    const identity = { ref: randomUUID(), traits, ...fresh };
    this.#identities.set(identity.ref, identity);
    return identity;
  }

  #answer(identity, { notices = [], divergences = [] } = {}) {
    return {
      identity_ref: identity?.ref ?? null,
      status: identity ? statusOf(identity) : null,
      attributes: [...(identity?.attributes ?? [])].sort(),
      outcomes: [],
      asking: identity ? this.proofs.asking(identity) : null,
      notices: notices.map((code) => ({ code })),
      divergences: divergences.map((trait) => ({ trait, reason: "differs" })),
    };
  }
}

function firstNameNotice(traits) {
  return form.firstNameFits(traits) ? [] : ["identity.first_name_not_in_list"];
}

/** Tell whether an answer may be imported at all (rules 11 and 12: no day or month 00, no empty trait). */
function usable({ traits, ins }, told) {
  const { nom_naissance: name, prenoms_naissance: names, sexe, date_naissance: born } = traits;
  const whole = name && names.length > 0 && ["F", "M"].includes(sexe) && form.isDay(born) && OIDS.includes(ins.oid);
  if (!whole) told.notices.push("identity.answer_incomplete");
  return whole;
}

/** Tell whether the user, who saw both values, confirmed each that differs. */
function confirmed(ours, { traits }, { confirmed: names }, told) {
  const open = form.differences(ours, traits).filter((name) => !names?.includes(name));
  told.divergences.push(...open);
  if (open.length > 0) told.notices.push("identity.divergences");
  return open.length === 0;
}
