/** A message's story as text. */
import type { Schema } from "@sluice/contracts/client";
import { coloured, harmless } from "./output.ts";

type MessageStory = Schema<"MessageStory">;
type FlowStory = MessageStory["flows"][number];
type Delivery = FlowStory["deliveries"][number];

const PAYLOAD_CHARACTERS = 500;

const heading = (text: string): string => coloured("bold", text);

/** Lines of names and values, the values under each other. */
export const facts = (pairs: readonly (readonly [string, string | null])[], indent = ""): string[] => {
  const given = pairs.filter((pair): pair is [string, string] => pair[1] !== null && pair[1] !== "");
  const width = Math.max(...given.map(([name]) => name.length)) + 2;
  return given.map(([name, value]) => `${indent}${name.padEnd(width)}${harmless(value)}`);
};

const shortened = (text: string): string =>
  text.length <= PAYLOAD_CHARACTERS ? text : `${text.slice(0, PAYLOAD_CHARACTERS)}… (--json shows all that is kept)`;

const membersOf = (values: Readonly<Record<string, unknown>>): string =>
  Object.entries(values)
    .map(([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(", ");

const receipt = (story: MessageStory): string[] => {
  const { payload, payloadBytes, properties, qos, retain, dup } = story;
  return [
    heading(`message ${story.messageId}`),
    ...facts(
      [
        ["received", `${story.receivedAt} on ${story.topic}, from ${story.broker} by ${story.source}`],
        ["recorded", `${story.recordedAt} at position ${story.position} of ${story.stores.log}`],
        ["sent with", `QoS ${qos}${retain ? ", retain" : ""}${dup ? ", sent again (DUP)" : ""}`],
        ["properties", properties === null ? null : membersOf(properties)],
        ["payload", `${payloadBytes} bytes${payload.encoding === "base64" ? ", as base64" : ""}`],
        ["", shortened(payload.data)],
      ],
      "  ",
    ),
  ];
};

const COLOURS = { accepted: "green", flagged: "yellow", rejected: "red" } as const;

/** Before what was asked for, and before the rest. */
const pointer = (eventId: string | null, marked: string | undefined): string =>
  marked !== undefined && eventId === marked ? "  → " : "    ";

const flowLines = (flow: FlowStory, { stores }: MessageStory, marked: string | undefined): string[] => [
  "",
  `${heading(`flow ${flow.flow}`)}: ${coloured(COLOURS[flow.verdict], flow.verdict)}`,
  ...facts(
    [
      ["number", `${flow.messageNumber}`],
      ["definition", `version ${flow.flowVersion}${flow.topic === null ? "" : `, ${flow.topic}`}`],
      ["captures", membersOf(flow.captures)],
      ["errors", flow.errors.map(({ pointer, message }) => `${pointer} ${message}`.trim()).join("; ")],
      [
        "rows",
        flow.rows.length === 0 ? null : `${flow.rows.length} in ${stores.rows.table} of ${stores.rows.database}`,
      ],
    ],
    "  ",
  ),
  ...flow.rows.map(
    ({ id, attribute, text, eventId }) => `${pointer(eventId, marked)}${harmless(`${id}  ${attribute} = ${text}`)}`,
  ),
  ...flow.deliveries.flatMap((delivery) => deliveryLines(delivery, marked)),
];

const deliveryLines = (delivery: Delivery, marked: string | undefined): string[] => {
  const { action, type, state, reason, nextAttemptAt } = delivery;
  const next = nextAttemptAt === null ? "" : `, next attempt at ${nextAttemptAt}`;
  return [
    `  ${harmless(action === type ? action : `${action} (${type})`)}: ${state}${next}${reason === null ? "" : harmless(` (${reason})`)}`,
    ...delivery.steps.map((step) => {
      const parts = [
        step.attempt === null ? null : `attempt ${step.attempt}`,
        step.status === null ? null : `answered ${step.status}`,
        step.latencyMs === null ? null : `in ${Math.round(step.latencyMs)} ms`,
        step.url,
        step.attribute,
        step.edit === null ? null : `edited: ${step.edit}`,
        step.reason,
        step.retryAt === null ? null : `again at ${step.retryAt}`,
        step.actor === null ? null : `by ${step.actor}`,
      ].filter((part) => part !== null);
      return `${pointer(step.eventId, marked)}${step.at}  ${step.type}  ${harmless(parts.join(", "))}`;
    }),
  ];
};

const missLines = ({ nearMisses, nearMissCount }: MessageStory): string[] =>
  nearMisses.length === 0
    ? []
    : [
        "",
        heading("flows that nearly matched, as they were then"),
        ...nearMisses.map(({ flow, topic, reason, detail }) => harmless(`  ${flow} (${topic}): ${reason}: ${detail}`)),
        ...(nearMissCount > nearMisses.length ? [`  and ${nearMissCount - nearMisses.length} more`] : []),
      ];

const pendingLines = ({ pending }: MessageStory): string[] =>
  pending.length === 0
    ? ["", "Nothing is pending."]
    : [
        "",
        heading("still to be done"),
        ...pending.map(({ flow, action, nextAttemptAt }) =>
          harmless(`  ${action} of ${flow}${nextAttemptAt === null ? "" : `, next attempt at ${nextAttemptAt}`}`),
        ),
      ];

/** @param marked id of the event whose row or step is pointed at */
export const storyText = (story: MessageStory, marked?: string): string =>
  [
    ...receipt(story),
    ...story.flows.flatMap((flow) => flowLines(flow, story, marked)),
    ...missLines(story),
    ...pendingLines(story),
    ...(story.truncated ? ["", "Rows or events were left out: there are too many for one answer."] : []),
  ].join("\n");
