// The INSi teleservice (WSDL 1.5.0): rechercherInsAvecTraitsIdentite, SOAP 1.2 under mutual TLS.
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { Agent, request } from "node:https";

import { Refusal, require } from "./refusal.mjs";
import { nameForInsi } from "./traits.mjs";
import { escaped, inside, textOf } from "./xml.mjs";

const ACTION = "urn:ServiceIdentiteCertifiee:1.0.0:rechercherInsAvecTraitsIdentite";
const HEADERS = { "Content-Type": `application/soap+xml; charset=utf-8; action="${ACTION}"` };
const ADDRESSING = "http://www.w3.org/2005/08/addressing";
const INSTANCE = randomUUID();
const TIME_LIMIT_MS = 10_000;
const MOST_BYTES = 1 << 20;

export class Insi {
  constructor({ ca, services, certificates: { "insi-manu": { cert, key } } }) {
    this.url = services.insi.url;
    this.idam = services.insi.idam;
    this.agent = new Agent({ ca: readFileSync(ca), cert: readFileSync(cert), key: readFileSync(key), keepAlive: true });
  }

  /**
   * Search one person: each given name alone, then all of them; after a 02 all of them, then with the birthplace.
   * Returns {cr, individual}; a service that does not answer is refused as service.unavailable.
   */
  async search(traits) {
    require(["F", "M"].includes(traits.sexe), "identity.sex_undetermined");
    const name = nameForInsi(traits.nom_naissance, { given: false });
    const names = traits.prenoms_naissance.map((one) => nameForInsi(one, { given: true }));
    const whole = names.join(" ");
    let several = false;
    for (const sent of new Set([...names, whole])) {
      if (several && sent !== whole) continue;
      const answer = await this.#ask(name, sent, traits, null);
      if (answer.cr === "00") return answer;
      several ||= answer.cr === "02";
    }
    const narrowed = several && traits.lieu_naissance && (await this.#ask(name, whole, traits, traits.lieu_naissance));
    return narrowed?.cr === "00" ? narrowed : { cr: several ? "02" : "01", individual: null };
  }

  async #ask(name, given, { sexe, date_naissance: born }, place) {
    const question = { NomNaissance: name, Prenom: given, Sexe: sexe, DateNaissance: born, LieuNaissance: place };
    const { status, body } = await this.#post(envelope(this.idam, question));
    const cr = status === 200 ? textOf(body, "CodeCR") : null;
    const [found] = inside(body, "INDIVIDU");
    require(cr === "00" ? found : ["01", "02"].includes(cr), "service.unavailable");
    return { cr, individual: cr === "00" ? individual(found) : null };
  }

  #post(body) {
    return new Promise((resolve, reject) => {
      const failed = () => reject(new Refusal("service.unavailable"));
      const options = { method: "POST", agent: this.agent, headers: HEADERS, timeout: TIME_LIMIT_MS };
      const sent = request(this.url, options, (answer) => {
        let text = "";
        answer.setEncoding("utf8").on("error", failed).on("data", (piece) => {
          text += piece;
          if (text.length > MOST_BYTES) answer.destroy(new Error("too large"));
        });
        answer.on("end", () => resolve({ status: answer.statusCode, body: text }));
      });
      sent.on("error", failed).on("timeout", () => sent.destroy(new Error("timeout"))).end(body);
    });
  }
}

function individual(xml) {
  const [active = ""] = inside(xml, "INSACTIF");
  const [traits = ""] = inside(xml, "TIQ");
  const numberOf = (one) => `${textOf(one, "NumIdentifiant")}${textOf(one, "Cle") ?? ""}`;
  const names = textOf(traits, "ListePrenom") ?? textOf(traits, "Prenom");
  return {
    ins: { matricule: numberOf(active), oid: textOf(active, "OID"), former: inside(xml, "INSHISTO").map(numberOf) },
    traits: {
      nom_naissance: textOf(traits, "NomNaissance"),
      prenoms_naissance: names?.split(" ") ?? [],
      sexe: textOf(traits, "Sexe"),
      date_naissance: textOf(traits, "DateNaissance"),
      lieu_naissance: textOf(traits, "LieuNaissance"),
    },
  };
}

function envelope(idam, question) {
  const once = () => `<Id>${randomUUID()}</Id><Temps>${new Date().toISOString()}</Temps>`;
  const elements = Object.entries(question).filter(([, value]) => value !== null);
  const asked = elements.map(([name, value]) => `<${name}>${escaped(value)}</${name}>`).join("");
  return `<?xml version="1.0" encoding="UTF-8"?>
<soap:Envelope xmlns:soap="http://www.w3.org/2003/05/soap-envelope"><soap:Header>\
<ContexteBAM xmlns="urn:siram:bam:ctxbam" Version="01_02" Nature="CTXBAM">${once()}<COUVERTURE/></ContexteBAM>\
<ContexteLPS xmlns="urn:siram:lps:ctxlps" Version="01_00" Nature="CTXLPS">${once()}<LPS><IDAM R="4">${escaped(idam)}\
</IDAM><Version>1</Version><Instance>${INSTANCE}</Instance><Nom>urn:lps:node-host:1</Nom></LPS></ContexteLPS>\
<Action xmlns="${ADDRESSING}">${ACTION}</Action><MessageID xmlns="${ADDRESSING}">uuid:${randomUUID()}</MessageID>\
</soap:Header><soap:Body><RECSANSVITALE xmlns="http://www.cnamts.fr/INSiRecSans">${asked}</RECSANSVITALE></soap:Body>\
</soap:Envelope>`;
}
