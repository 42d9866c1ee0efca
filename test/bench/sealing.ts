/**
 * What sealing costs ingest: the gateway of the ingest benchmark with SEAL_LOG on and off, in turn. Each pair runs within
 * a minute on the same broker, and each run has a log of its own that begins empty; so the ratio is taken pair by pair.
 */
import { startMosquitto } from "../support/mosquitto.ts";
import { COUNT, type SluiceRun, sluice } from "./ingest.ts";
import { median, perSecond, ratio } from "./support.ts";

const ROUNDS = Number(process.env.SLUICE_BENCH_ROUNDS ?? 5);

const broker = await startMosquitto();
const runs: { on: SluiceRun[]; off: SluiceRun[] } = { on: [], off: [] };
try {
  for (let round = 0; round < ROUNDS; round++) {
    // The second of a pair finds the machine warmer; so the pairs take turns.
    for (const which of round % 2 === 0 ? (["off", "on"] as const) : (["on", "off"] as const)) {
      runs[which].push(await sluice(broker.url, { SEAL_LOG: `${which === "on"}` }));
    }
  }
} finally {
  await broker.stop();
}
const rates = (which: readonly SluiceRun[]) => which.map((run) => run.perSecond);
const memory = (which: readonly SluiceRun[]) => Math.round(median(which.map((run) => run.memoryMiB)));
const spread = (values: readonly number[], show: (value: number) => string) =>
  `(${show(Math.min(...values))} to ${show(Math.max(...values))})`;
const worked = (which: readonly SluiceRun[]) => `${Math.round(median(which.map(perMessage)))} µs of a core a message`;
const perMessage = (run: SluiceRun): number => (run.processorMs * 1_000) / COUNT;
const line = (which: readonly SluiceRun[]) =>
  `${perSecond(median(rates(which)))}   ${spread(rates(which), perSecond)}   ${worked(which)}   ${memory(which)} MiB`;
const ratios = runs.on.map((on, round) => on.perSecond / (runs.off[round] as SluiceRun).perSecond);
console.log(`sealing: ingest of messages at QoS 1, four events each, median of ${ROUNDS} pairs in turn`);
console.log(`  without sealing   ${line(runs.off)}`);
console.log(`  with sealing      ${line(runs.on)}`);
console.log(`  ratio of a pair   ${ratio(median(ratios))}   ${spread(ratios, ratio)}   (goal: more than 0.90)`);
const late = runs.on.map((run) => run.sealedSeconds);
console.log(
  `  all sealed        ${median(late).toFixed(1)} s after the last commit, at worst ${Math.max(...late).toFixed(1)} s`,
);
