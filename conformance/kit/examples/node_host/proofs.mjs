// Documents: which prove, and for whom (RNIV 1 v2.0 §3.3.2). None is ever preselected (EXI SI 10/23).
import { onlyFields, Refusal, require } from "./refusal.mjs";
import { drop, refuseDoubtful } from "./status.mjs";

const ACCEPTED = {
  CN: {}, CE: {}, PA: {}, CS: {}, eCN: {}, IN: {}, AV: {},
  LEP: { minor: true, adult: true },
  AN: { minor: true, adult: true },
  CC: { minor: true },
};
const NEVER = ["CV"]; // the physical carte Vitale, whatever a site decides
const REASONS = ["none_presented", "refused", "patient_absent", "differs"];

/** What a site accepts, and what came of asking for it. */
export class Proofs {
  constructor({ max_document_requests: limit = 3, proof_types: { accepted = [], refused = [] } = {} }) {
    this.limit = limit;
    const added = Object.fromEntries(accepted.map((code) => [code, ACCEPTED[code] ?? {}]));
    this.kinds = { ...ACCEPTED, ...added };
    for (const code of [...refused, ...NEVER]) delete this.kinds[code];
  }

  /** Tell whether a document is still to be asked for, or why not. */
  asking({ document, refused, requests }) {
    if (document !== null) return "confirmed";
    if (refused) return "refused";
    return requests >= this.limit ? "exhausted" : "ask";
  }

  /** Record what was presented, or why nothing was; return what the user is to be told. */
  present(identity, shown) {
    if ("none_because" in shown) return this.#withoutDocument(identity, shown);
    onlyFields(shown, ["type", "adult_document"], "input.document");
    require(typeof shown.type === "string" && shown.type !== "", "input.document");
    refuseDoubtful(identity);
    const kind = this.#kind(shown.type);
    require(!kind.minor || isMinor(identity.traits.date_naissance), "identity.proof_minors_only");
    require(!kind.adult || !this.#kind(shown.adult_document).minor, "identity.proof_adult_document");
    Object.assign(identity, { document: shown, requests: 0, refused: false });
    return [];
  }

  #kind(code) {
    if (Object.hasOwn(this.kinds, code ?? "")) return this.kinds[code];
    throw new Refusal("identity.proof_refused");
  }

  #withoutDocument(identity, { none_because: reason, ...more }) {
    require(REASONS.includes(reason) && Object.keys(more).length === 0, "input.document");
    if (reason === "differs") {
      drop(identity);
      Object.assign(identity, { requests: 0, refused: false });
      return ["identity.document_differs"];
    }
    if (reason === "patient_absent" || identity.document !== null) return [];
    if (reason === "refused") identity.refused = true;
    else identity.requests += 1;
    return [];
  }
}

function isMinor(born) {
  const today = new Date().toISOString().slice(0, 10);
  return `${Number(born.slice(0, 4)) + 18}${born.slice(4)}` > today;
}
