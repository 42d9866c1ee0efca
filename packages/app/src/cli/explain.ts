/** What `sluice explain` does: from a message, a row or an event to the message's story. */
import { dataOf, type Schema } from "@sluice/contracts/client";
import { apiOf } from "./api.ts";
import { CommandError } from "./command-error.ts";
import { type ConnectionFlags, findGateway } from "./connection.ts";
import { findOrigin, type Origin } from "./origin.ts";
import { originText } from "./origin-text.ts";
import { print, printJson } from "./output.ts";
import { storyText } from "./story.ts";

export interface ExplainFlags extends ConnectionFlags {
  readonly json?: true;
  readonly row?: string;
  readonly event?: string;
}

/** @throws CommandError */
export const explain = async (messageId: string | undefined, flags: ExplainFlags): Promise<void> => {
  const { row, event, json } = flags;
  if ([messageId, row, event].filter((given) => given !== undefined).length !== 1) {
    throw new CommandError("explain wants one message's id, or --row, or --event", { exitCode: 2 });
  }
  const api = apiOf(findGateway(flags));
  const origin = messageId === undefined ? await findOrigin(api, { row, event }) : null;
  const of = origin === null ? messageId : (origin.row ?? origin.event?.data)?.messageId;
  const story =
    typeof of === "string"
      ? dataOf(await api.GET("/api/v1/messages/{messageId}", { params: { path: { messageId: of } } }))
      : null;
  await (json ? printJson(origin === null ? story : { ...origin, story }) : print(textOf(origin, story)));
};

const textOf = (origin: Origin | null, story: Schema<"MessageStory"> | null): string => {
  const marked = origin?.row?.eventId ?? origin?.event?.id;
  const parts = [
    ...(origin === null ? [] : [originText(origin, story)]),
    ...(story === null ? [] : [storyText(story, marked)]),
  ];
  return parts.join("\n\n");
};
