/** The row or event that a message was asked for by, as text. */
import type { Schema } from "@sluice/contracts/client";
import type { Origin } from "./origin.ts";
import { coloured } from "./output.ts";
import { facts } from "./story.ts";

const OLDER =
  "The older gateway wrote it, or somebody by hand: it came of no message that Sluice received, and the event log has\n" +
  "nothing about it.";
const NO_MESSAGE = "It is about no single message: `sluice events` shows what was recorded beside it.";

export const originText = ({ row, event }: Origin, story: Schema<"MessageStory"> | null): string => {
  const what = row === null ? `event ${event?.id}` : `row ${row.id} of ${tableOf(story)}`;
  const lines = facts(
    [
      ["attribute", row && `${row.attribute} = ${row.text} (${row.valueType})`],
      ["flow", row && `${row.flow}, message number ${row.messageNumber}`],
      ["action", row?.action ?? null],
      ["received", row && row.messageId === null ? row.receivedAt : null],
      ["event", eventText({ row, event })],
      ["message", story?.messageId ?? null],
    ],
    "  ",
  );
  const remark = row !== null && row.messageId === null ? OLDER : story === null ? NO_MESSAGE : null;
  return [coloured("bold", what), ...lines, ...(remark === null ? [] : ["", remark])].join("\n");
};

const tableOf = (story: Schema<"MessageStory"> | null): string =>
  story === null ? "the table data" : `${story.stores.rows.table} in ${story.stores.rows.database}`;

const eventText = ({ row, event }: Origin): string | null => {
  if (event === null) return row?.eventId ?? null;
  const { id, type, position, stream, recordedAt } = event;
  return `${row === null ? "" : `${id}, `}${type} at position ${position} in ${stream}, recorded ${recordedAt}`;
};
