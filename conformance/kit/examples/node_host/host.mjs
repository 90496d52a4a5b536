// A practice software of its own: one JSON request a line on standard input, one JSON answer a line on standard output.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

import { Desk } from "./desk.mjs";
import { Insi } from "./insi.mjs";
import { Refusal } from "./refusal.mjs";

const sandbox = JSON.parse(readFileSync(process.env.SEGUR_SANDBOX, "utf8"));
const settings = JSON.parse(process.env.SEGUR_SETTINGS || "{}");
const desk = new Desk(new Insi(sandbox), settings.tables?.identity ?? {}, settings.answers ?? {});

const words = {
  identify: ({ input }) => desk.identify(input),
  mark: ({ input }) => desk.mark(input),
  correct: ({ input }) => desk.correct(input),
};

async function answered({ id, op, ...request }) {
  try {
    if (!Object.hasOwn(words, op)) throw new Refusal("op.unsupported");
    return { id, value: await words[op](request) };
  } catch (failure) {
    // Only our own refusals say why: another message could repeat what was asked.
    const code = failure instanceof Refusal ? failure.code : "host.internal";
    return { id, error: { code } };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(JSON.stringify(await answered(JSON.parse(line))) + "\n");
}
process.exit(0); // connections kept alive do not keep a host alive
