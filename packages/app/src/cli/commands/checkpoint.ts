/** `sluice checkpoint`: a signed head of the log, to be kept elsewhere. */
import type { CheckpointView } from "@sluice/contracts";
import type { Command } from "commander";
import type { ConnectionFlags } from "../connection.ts";
import { withConnection, withExamples, withJson } from "../options.ts";
import { print, printJson } from "../output.ts";

interface CheckpointFlags extends ConnectionFlags {
  readonly latest?: true;
  readonly key?: true;
  readonly json?: true;
}

export const defineCheckpoint = (program: Command): void => {
  const command = program
    .command("checkpoint")
    .summary("sign what the event log holds now")
    .description(
      "Let the gateway sign the head of the Merkle tree over its log, and print that. Kept where whoever can write to the " +
        "gateway's machine cannot, it shows any later change of the events that it covers: sluice verify --checkpoint.",
    )
    .option("--latest", "print the newest one instead of making another")
    .option("--key", "print the public key that checkpoints are signed with")
    .action(checkpoint);
  withExamples(
    withConnection(withJson(command)),
    "checkpoint > 2026-01-31.checkpoint",
    "checkpoint --key > sluice.pub",
    "checkpoint --latest --json",
  );
};

const checkpoint = async (flags: CheckpointFlags): Promise<void> => {
  const { findGateway } = await import("../connection.ts");
  const { ApiClient } = await import("../api-client.ts");
  const { adminUrl, token } = findGateway(flags);
  const client = new ApiClient(adminUrl, token);
  const make = () => client.request<CheckpointView>("/api/v1/checkpoints", { method: "POST" });
  const latest = (accept: readonly number[]) =>
    client.request<CheckpointView>("/api/v1/checkpoints/latest", { accept });
  let { body, status } = flags.latest || flags.key ? await latest(flags.key ? [404] : []) : await make();
  if (status === 404) ({ body, status } = await make());
  if (flags.json) await printJson(body);
  else await print(flags.key ? body.key : body.note.replace(/\n$/, ""));
};
