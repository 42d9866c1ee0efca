/** `sluice prove` and `sluice check-proof`: that one event is in the log, for someone who has no access to it. */
import { type Command, Option } from "commander";
import { requireConfiguration, withConfigurationFlags, withExamples, withJson } from "../options.ts";
import { coloured, harmless, print, printJson } from "../output.ts";

interface CheckFlags {
  readonly key: string;
  readonly json?: true;
}

export const defineProve = (program: Command): void => {
  const prove = program
    .command("prove <event-id>")
    .summary("export a proof that an event is in the log")
    .description(
      "Print a proof that the event is in the log, under the newest checkpoint, as JSON: the event itself, the hashes that " +
        "lead from it to the root of the tree, and the signed checkpoint with that root.",
    )
    .action(exportProof);
  // A proof is JSON in any case.
  withExamples(withConfigurationFlags(withJson(prove)), "prove 01996d5c-8f3a-7c41-9d0e-2b6f7a8c9d10 > proof.json");

  const check = program
    .command("check-proof <file>")
    .summary("check such a proof, without a gateway or a database")
    .description(
      "Check that a proof holds: the event is in the log that the checkpoint was signed for, at that place, and is as it was " +
        "then. Needs nothing but the file and the public key. The position is not part of what is proved.",
    )
    .addOption(new Option("--key <key>", "public key that must have signed, or a file with it").makeOptionMandatory())
    .action(checkFile);
  withExamples(withJson(check), "check-proof proof.json --key sluice.pub");
};

const exportProof = async (id: string, flags: Readonly<Record<string, unknown>>): Promise<void> => {
  const { settle } = await import("../connection.ts");
  const { CommandError } = await import("../command-error.ts");
  const { NoProof, proveEvent } = await import("../../integrity/proofs.ts");
  const { NoLog, openLog } = await import("../../integrity/verify/open-log.ts");
  const { configuration } = settle(requireConfiguration(flags));
  try {
    await using log = await openLog(configuration);
    if (log.seals === null) throw new NoProof("nothing of this log is sealed here");
    await printJson(await proveEvent(id, log.store, log.seals));
  } catch (error) {
    if (!(error instanceof NoProof || error instanceof NoLog)) throw error;
    const hint = /checkpoint covers/.test(error.message) ? "`sluice checkpoint` makes one" : undefined;
    throw new CommandError(error.message, { hint, cause: error });
  }
};

const checkFile = async (file: string, flags: CheckFlags): Promise<void> => {
  const { readKey, readText } = await import("../integrity-files.ts");
  const { CommandError } = await import("../command-error.ts");
  const { checkProof, NoProof } = await import("../../integrity/proofs.ts");
  const key = readKey(flags.key);
  let proof: unknown;
  try {
    proof = JSON.parse(readText(file));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new CommandError(`${file} is not JSON`, { exitCode: 2, cause: error });
  }
  try {
    const { event, index, checkpoint } = checkProof(proof, key);
    const { position: _, ...proved } = event;
    const { origin, size, time } = checkpoint;
    if (flags.json) return await printJson({ ok: true, index, event: proved, checkpoint: { origin, size, time } });
    const signed = time === null ? "" : `, signed ${harmless(time)}`;
    await print(`${coloured("green", "OK")}  event ${harmless(event.id)} is number ${index + 1} of ${size}${signed}`);
    await print(`    ${harmless(event.type)} in ${harmless(event.stream)}, recorded ${harmless(event.recordedAt)}`);
    await print(`    log of ${harmless(origin)}`);
  } catch (error) {
    if (!(error instanceof NoProof)) throw error;
    throw new CommandError(harmless(error.message), { cause: error });
  }
};
