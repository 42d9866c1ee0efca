/** `sluice explain`: one message's whole story. */
import type { MessageStory } from "@sluice/contracts";
import type { Command } from "commander";
import type { ConnectionFlags } from "../connection.ts";
import { withConnection, withExamples, withJson } from "../options.ts";
import { print, printJson } from "../output.ts";

interface ExplainFlags extends ConnectionFlags {
  readonly json?: true;
}

export const defineExplain = (program: Command): void => {
  const command = program
    .command("explain <messageId>")
    .summary("tell all that became of a message")
    .description(
      "Tell all that became of a message: how it was received, the flows that it matched and those that it nearly did, " +
        "with which version of its definition each decided and what, the rows and where they are, every attempt of every " +
        "delivery, and what is still to be done. Rows, events and requests to endpoints all name their message's id.",
    )
    .action(explain);
  withExamples(
    withConnection(withJson(command)),
    "explain 0197b0a2-7c1e-7e3a-9f61-0a4a2a3c5d11",
    "explain --json 0197b0a2-7c1e-7e3a-9f61-0a4a2a3c5d11 | jq .pending",
  );
};

const explain = async (messageId: string, flags: ExplainFlags): Promise<void> => {
  const { findGateway } = await import("../connection.ts");
  const { dataOf } = await import("@sluice/contracts/client");
  const { apiOf } = await import("../api.ts");
  const { storyText } = await import("../story.ts");
  const api = apiOf(findGateway(flags));
  const body: MessageStory = dataOf(await api.GET("/api/v1/messages/{messageId}", { params: { path: { messageId } } }));
  await (flags.json ? printJson(body) : print(storyText(body)));
};
