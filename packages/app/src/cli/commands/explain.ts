/** `sluice explain`: one message's whole story. */
import type { Command } from "commander";
import type { ExplainFlags } from "../explain.ts";
import { withConnection, withExamples, withJson } from "../options.ts";

export const defineExplain = (program: Command): void => {
  const command = program
    .command("explain [messageId]")
    .summary("tell all that became of a message")
    .description(
      "Tell all that became of a message: how it was received, the flows that it matched and those that it nearly did, " +
        "with which version of its definition each decided and what, the rows and where they are, every attempt of every " +
        "delivery, and what is still to be done. Rows, events and requests to endpoints all name their message's id; with " +
        "--row or --event the message is found by one of these, which the story then marks.",
    )
    .option("--row <id>", "the message that this row came of: its id in the table `data`")
    .option("--event <id>", "the message that this event is about")
    .action(async (messageId: string | undefined, flags: ExplainFlags) =>
      (await import("../explain.ts")).explain(messageId, flags),
    );
  withExamples(
    withConnection(withJson(command)),
    "explain 0197b0a2-7c1e-7e3a-9f61-0a4a2a3c5d11",
    "explain --json 0197b0a2-7c1e-7e3a-9f61-0a4a2a3c5d11 | jq .pending",
    "explain --row 48213",
    "explain --event 0197b0a2-7c1e-7f04-8c15-6f0f4a9b2e77",
  );
};
