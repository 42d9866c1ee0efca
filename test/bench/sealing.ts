/** What sealing costs ingest: the gateway of the ingest benchmark with SEAL_LOG on and off, in turn. */
import { startMosquitto } from "../support/mosquitto.ts";
import { type SluiceRun, sluice } from "./ingest.ts";
import { median, perSecond, ratio } from "./support.ts";

const ROUNDS = 3;

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
const rate = (which: readonly SluiceRun[]) => median(which.map((run) => run.perSecond));
const memory = (which: readonly SluiceRun[]) => Math.round(median(which.map((run) => run.memoryMiB)));
const [on, off] = [rate(runs.on), rate(runs.off)];
console.log(`sealing: ingest of messages at QoS 1, four events each, median of ${ROUNDS} rounds in turn`);
console.log(`  without sealing   ${perSecond(off)}   ${memory(runs.off)} MiB`);
console.log(`  with sealing      ${perSecond(on)}   ${memory(runs.on)} MiB`);
console.log(`  ratio             ${ratio(on / off)}   (goal: more than 0.90)`);
