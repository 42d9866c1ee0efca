/** `sluice checkpoint`: a signed head of the log, to be kept elsewhere. */
import type { Schema, SluiceClient } from "@sluice/contracts/client";
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

type Checkpoint = Schema<"Checkpoint">;

const make = async (api: SluiceClient): Promise<Checkpoint> => {
  const { dataOf } = await import("@sluice/contracts/client");
  return dataOf(await api.POST("/api/v1/checkpoints"));
};

const latest = async (api: SluiceClient): Promise<Checkpoint> => {
  const { dataOf } = await import("@sluice/contracts/client");
  return dataOf(await api.GET("/api/v1/checkpoints/latest"));
};

/** All are signed with one key. */
const anyOne = async (api: SluiceClient): Promise<Checkpoint> => {
  const { ApiError } = await import("../api.ts");
  try {
    return await latest(api);
  } catch (error) {
    if (error instanceof ApiError && error.code === "checkpoint-not-found") return make(api);
    throw error;
  }
};

const checkpoint = async (flags: CheckpointFlags): Promise<void> => {
  const { findGateway } = await import("../connection.ts");
  const { apiOf } = await import("../api.ts");
  const api = apiOf(findGateway(flags));
  const body = flags.key ? await anyOne(api) : flags.latest ? await latest(api) : await make(api);
  if (flags.json) await printJson(body);
  else await print(flags.key ? body.key : body.note.replace(/\n$/, ""));
};
