/** `sluice verify`: the event log against its seals, and both against checkpoints that were kept elsewhere. */
import type { Configuration } from "@sluice/contracts";
import type { Command } from "commander";
import type { Problem } from "../../integrity/verify/problem.ts";
import type { VerifyReport } from "../../integrity/verify/verify-log.ts";
import { requireConfiguration, withConfigurationFlags, withExamples, withJson } from "../options.ts";
import { coloured, harmless, print, printJson } from "../output.ts";

type VerifyFlags = Readonly<Record<string, unknown>> & {
  readonly from?: string;
  readonly to?: string;
  readonly checkpoint: readonly string[];
  readonly key: readonly string[];
  readonly json?: true;
};

const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value];

export const defineVerify = (program: Command): void => {
  const command = program
    .command("verify")
    .summary("check the event log for tampering")
    .description(
      "Check every event of the log against the Merkle tree that the gateway keeps over it, and the tree against its " +
        "signed checkpoints. Names the first event that was altered, removed, inserted or moved, and exits with 1. It reads " +
        "the stores directly, also while a gateway runs. Only a checkpoint kept elsewhere shows what was done by someone who " +
        "could change the tree as well.",
    )
    .option("--from <position>", "from the event at this position of the log")
    .option("--to <position>", "up to the event at this position")
    .option("--checkpoint <file>", "a checkpoint that was kept elsewhere; may be given again", collect, [])
    .option(
      "--key <key>",
      "public key that it must be signed with, or a file with it (default: the gateway's)",
      collect,
      [],
    )
    .action(verify);
  withExamples(
    withConfigurationFlags(withJson(command)),
    "verify",
    "verify --checkpoint 2026-01-31.checkpoint --key sluice.pub",
    "verify --from 120000 --to 130000 --json",
  );
};

const verify = async (flags: VerifyFlags): Promise<void> => {
  const { settle } = await import("../connection.ts");
  const { progressBar } = await import("../progress-bar.ts");
  const { readCheckpoint, readKey } = await import("../integrity-files.ts");
  const { verifyLog } = await import("../../integrity/verify/verify-log.ts");
  const { configuration } = settle(requireConfiguration(flags));
  const given = flags.key.map(readKey);
  const own = await ownKey(configuration);
  let bar = progressBar(0, "events");
  bar.end();
  const started = performance.now();
  let report: VerifyReport;
  try {
    report = await verifyLog({
      configuration,
      ...(flags.from === undefined ? {} : { from: flags.from }),
      ...(flags.to === undefined ? {} : { to: flags.to }),
      checkpoints: flags.checkpoint.map(readCheckpoint),
      keyOf: (origin) => given.find(({ name }) => name === origin) ?? own?.verifierKey(origin),
      onStart: (events) => {
        bar = progressBar(events, "events");
      },
      onProgress: (events) => bar.add(events),
    });
  } catch (error) {
    throw await explained(error);
  } finally {
    bar.end();
  }
  if (flags.json) await printJson(report);
  else await show(report, (performance.now() - started) / 1_000);
  if (!report.ok) process.exitCode = 1;
};

const ownKey = async (configuration: Configuration) => {
  const { locationsOf } = await import("../../composition/locations.ts");
  const { readSealKey } = await import("../../integrity/seal-key.ts");
  try {
    return readSealKey(locationsOf(configuration).sealKey);
  } catch {
    return undefined;
  }
};

const explained = async (error: unknown): Promise<unknown> => {
  const { CommandError } = await import("../command-error.ts");
  const { name, message } = error as Error;
  if (error instanceof RangeError) return new CommandError(message, { exitCode: 2, cause: error });
  const hints: Readonly<Record<string, string | undefined>> = {
    NoLog: "name the gateway's DATA_DIR with --data-dir, or its EVENT_STORE_URL",
    NothingToVerify: "give one with --checkpoint, or let a gateway with SEAL_LOG=true seal the log",
    EventStoreUnavailable: undefined,
    UnusableDatabase: undefined,
    SealsMissing: undefined,
  };
  return Object.hasOwn(hints, name) ? new CommandError(message, { hint: hints[name], cause: error }) : error;
};

const show = async (report: VerifyReport, seconds: number): Promise<void> => {
  const { verified, unsealed, problem, checkpoints, ok } = report;
  const events = verified.toLocaleString("en");
  const rate = Math.round(verified / Math.max(seconds, 0.001)).toLocaleString("en");
  if (problem !== null) for (const line of linesOf(problem)) await print(line);
  else await print(`${coloured("green", "OK")}    ${events} events in ${seconds.toFixed(1)} s, ${rate} events/s`);
  if (unsealed > 0) await print(`      ${unsealed.toLocaleString("en")} events are not sealed yet`);
  // Of what the gateway has itself only the newest is of interest, and what does not hold.
  const own = checkpoints.filter(({ source }) => source.startsWith("seals.db"));
  const shown = checkpoints.filter((one) => !own.includes(one) || one.fault !== null || one === own.at(-1));
  for (const { source, size, time, fault } of shown) {
    const text = `checkpoint ${harmless(source)}: ${size.toLocaleString("en")} events${time === null ? "" : `, ${harmless(time)}`}`;
    if (fault === null) await print(`${coloured("green", "OK")}    ${text}`);
    else await print(`${coloured("red", "FAIL")}  ${text}: ${harmless(fault)}`);
  }
  const bad = checkpoints.filter(({ fault }) => fault !== null);
  const good = checkpoints.filter(({ fault, size }) => fault === null && bad.every((one) => size < one.size));
  if (problem === null && bad.length > 0) {
    const from = Math.max(0, ...good.map(({ size }) => size));
    const to = Math.min(...bad.map(({ size }) => size));
    await print(`      what changed is among the events ${from + 1} to ${to} of the log, and the seals with it`);
  }
  if (!ok) await print(`${coloured("red", "FAIL")}  the log is not as it was`);
};

const linesOf = ({ message, leaf, position, stream, version, id, foundId }: Problem): readonly string[] => {
  const where = [
    ["event", `${leaf + 1} of the log`],
    ["position", position],
    ["stream", stream === null ? null : `${stream}, version ${version}`],
    ["id", id],
    ["found", foundId],
  ].filter((pair): pair is [string, string] => pair[1] !== null);
  return [
    `${coloured("red", "FAIL")}  ${harmless(message)}`,
    ...where.map(([name, value]) => `      ${name.padEnd(9)} ${harmless(value)}`),
  ];
};
