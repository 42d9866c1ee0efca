/** A replay as text. */
import type { RebuildResult, Replay, WhatIfResult, WhatIfSample } from "@sluice/contracts";
import { harmless, print } from "../output.ts";
import { table } from "../table.ts";

const number = (value: number): string => value.toLocaleString("en");

export const showOutcome = async (replay: Replay): Promise<void> => {
  const { id, kind, flow, rollbackOf, state, figures, whatIf, rebuild, progress } = replay;
  const part = state === "completed" ? "" : `, ${Math.floor(progress * 100)} %`;
  await print(`${id}  ${kind} of ${flow ?? rollbackOf ?? "the projection"}: ${state}${part}`);
  if (whatIf !== null) return showWhatIf(whatIf);
  if (rebuild !== null) return showRebuild(figures.scanned, rebuild);
  if (kind === "rebuild") return print(`${number(figures.scanned)} messages`);
  if (kind === "rollback") return;
  const { scanned, ...rest } = figures;
  const parts = Object.entries(rest).filter(([name, value]) => value > 0 || name === "accepted" || name === "rejected");
  await print(`${number(scanned)} messages: ${parts.map(([name, value]) => `${number(value)} ${name}`).join(", ")}`);
};

const change = (before: number, after: number): string =>
  `${after > before ? "+" : after < before ? "-" : "±"}${number(Math.abs(after - before))}`;

const showWhatIf = async (result: WhatIfResult): Promise<void> => {
  const { before, after, fields, otherFields, newlyRejected, newlyAccepted } = result;
  const verdicts = (["accepted", "flagged", "rejected", "unmatched"] as const).map((verdict) => ({
    what: verdict,
    before: before[verdict],
    after: after[verdict],
  }));
  await print(counts("MESSAGES", verdicts));
  if (fields.length > 0) {
    const rows = fields.map(({ pointer, keyword, ...rest }) => ({ what: `${pointer || "/"} ${keyword}`, ...rest }));
    await print(`\n${counts("REJECTED BECAUSE OF", rows)}`);
  }
  if (otherFields) await print("and other errors");
  await samples(`newly rejected: ${number(result.newlyRejectedCount)}`, newlyRejected);
  await samples(`newly accepted: ${number(result.newlyAcceptedCount)}`, newlyAccepted);
};

const counts = (header: string, rows: readonly { what: string; before: number; after: number }[]): string =>
  table(
    [
      { header, value: ({ what }) => what, flexible: true },
      { header: "BEFORE", value: ({ before }) => number(before), align: "right" },
      { header: "AFTER", value: ({ after }) => number(after), align: "right" },
      { header: "CHANGE", value: ({ before, after }) => change(before, after), align: "right" },
    ],
    rows,
  );

const showRebuild = async (messages: number, { comparison, switchedOver }: RebuildResult): Promise<void> => {
  const { live, rebuilt, missing, surplus, changed, counts: different, countsDifferent } = comparison;
  await print(
    table(
      [
        { header: `${number(messages)} MESSAGES`, value: ({ what }) => what },
        { header: "ROWS", value: ({ rows }) => number(rows), align: "right" },
        { header: "SHA-256", value: ({ digest }) => digest },
      ],
      [
        { what: "what there was", ...live },
        { what: "what the log gives", ...rebuilt },
      ],
    ),
  );
  const differs = missing + surplus + changed > 0;
  const rows = `rows that differ: ${number(missing)} missing, ${number(surplus)} too many, ${number(changed)} changed`;
  await print(differs ? rows : "no row differs");
  for (const { difference, flow, messageNumber, attribute, live: was, rebuilt: is } of comparison.samples) {
    const [before, after] = [was, is].map((text) => (text === null ? "nothing" : harmless(text)));
    await print(`  ${difference}: ${flow} #${messageNumber} ${harmless(attribute)}: ${before}, should be ${after}`);
  }
  if (countsDifferent > 0) await print(`${number(countsDifferent)} counts differ`);
  for (const { flow, action, live: was, rebuilt: is } of different) {
    await print(`  ${flow} ${action}: ${tally(was)}, should be ${tally(is)}`);
  }
  if (switchedOver === null) return print("nothing was changed");
  const { added, removed, changed: mended } = switchedOver;
  await print(`switched; rows: ${number(added)} added, ${number(removed)} removed, ${number(mended)} changed`);
};

const tally = ({ done, dead, discarded }: { done: number; dead: number; discarded: number }): string =>
  `${number(done)} done, ${number(dead)} dead, ${number(discarded)} discarded`;

const samples = async (title: string, found: readonly WhatIfSample[]): Promise<void> => {
  await print(`\n${title}${found.length === 0 ? "" : ", for example:"}`);
  for (const { flow, messageNumber, topic, payload, before, after } of found) {
    await print(`  ${flow} #${messageNumber} ${harmless(topic)}  ${harmless(payload)}`);
    for (const { pointer, message } of after.errors.length > 0 ? after.errors : before.errors) {
      await print(`    ${after.errors.length > 0 ? "now" : "before"}: ${harmless(`${pointer} ${message}`.trim())}`);
    }
    for (const { attribute, text } of after.rows) await print(`    stored: ${harmless(`${attribute} = ${text}`)}`);
    for (const { url } of after.requests) await print(`    sent: POST ${harmless(url)}`);
  }
};
