// Two facts decide the status (RNIV EXI SI 07): INSi gave an INS, a document of high trust was checked.
import { require } from "./refusal.mjs";

const STATUS = [
  { ins: false, document: false, status: "PROV" },
  { ins: false, document: true, status: "VALI" },
  { ins: true, document: false, status: "RECUP" },
  { ins: true, document: true, status: "QUAL" },
];
const ATTRIBUTES = ["HOMONYME", "DOUTEUX", "FICTIF"];
const BLOCKING = ["DOUTEUX", "FICTIF"];

export function statusOf({ ins, document }) {
  return STATUS.find((row) => row.ins === (ins !== null) && row.document === (document !== null)).status;
}

/** Refuse what *douteux* and *fictif* forbid: INSi, and documents. */
export function refuseDoubtful({ attributes }) {
  require(!BLOCKING.some((one) => attributes.has(one)), "identity.doubtful_or_fictitious");
}

/** Drop matricule, OID and document check together. */
export function drop(identity) {
  Object.assign(identity, { ins: null, document: null });
}

/** Set an attribute; *fictif* goes with no other (RNIV EXI SI 22). */
export function setAttribute(identity, attribute) {
  require(ATTRIBUTES.includes(attribute), "input.attribute");
  const together = new Set([...identity.attributes, attribute]);
  require(!together.has("FICTIF") || together.size === 1, "identity.attribute_combination");
  identity.attributes = together;
  if (BLOCKING.includes(attribute)) drop(identity);
}

/** Clear an attribute; what it dropped does not come back. */
export function clearAttribute(identity, attribute) {
  require(identity.attributes.delete(attribute), "identity.attribute_absent");
}
