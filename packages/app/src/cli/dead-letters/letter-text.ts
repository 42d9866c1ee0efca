/** One dead letter as text. */
import type { Schema } from "@sluice/contracts/client";
import { coloured, harmless } from "../output.ts";

type Letter = Schema<"DeadLetterDetail">;
type Bytes = NonNullable<Letter["message"]>["payload"];

const PAYLOAD_CHARACTERS = 500;

const fact = (name: string, value: string): string => `  ${name.padEnd(11)}${harmless(value)}`;

const shortened = (text: string): string =>
  text.length <= PAYLOAD_CHARACTERS ? text : `${text.slice(0, PAYLOAD_CHARACTERS)}… (--json shows all)`;

const bytesText = ({ encoding, data }: Bytes): string =>
  `${shortened(data)}${encoding === "base64" ? " (base64)" : ""}`;

const rowText = ({ attribute, text, valueType }: NonNullable<Letter["row"]>): string =>
  `${attribute} = ${shortened(text)} (${valueType})`;

const messageLines = ({ message }: Letter): string[] =>
  message === null
    ? [fact("message", "is not in the log any more")]
    : [
        fact("message", `received ${message.receivedAt} on ${message.topic}, from ${message.broker}`),
        fact("", `${message.payloadBytes} bytes: ${bytesText(message.payload)}`),
      ];

const retryLines = ({ row, delivery }: Letter): string[] => {
  if (row !== null) return [fact("to store", rowText(row))];
  if (delivery === null) return [];
  const body = delivery.payload === null ? "the message's payload" : bytesText(delivery.payload);
  return [
    fact("to post", `${body} to ${delivery.url ?? "an action that is gone"}`),
    ...delivery.attempts.map(({ at, attempt, reason }, index) =>
      fact(index === 0 ? "attempts" : "", `${at}  ${attempt ?? ""}: ${reason ?? ""}`),
    ),
  ];
};

const editLines = ({ edits }: Letter): string[] =>
  edits.map(({ at, actor, payload, row, reason }, index) => {
    const what = row !== null ? rowText(row) : payload !== null ? bytesText(payload) : "(sluice events shows it)";
    const why = reason === null ? "" : ` (${reason})`;
    return fact(index === 0 ? "edits" : "", `${at}  by ${actor ?? "nobody known"}${why}: ${what}`);
  });

export const letterText = (letter: Letter): string => {
  const { id, kind, flow, action, messageNumber, deadAt, attempts, reason, cause } = letter;
  return [
    `${coloured("bold", kind)} ${harmless(id)}`,
    fact("of", `${action} of ${flow}, message number ${messageNumber}`),
    fact("died", `${deadAt} after ${attempts} ${attempts === 1 ? "attempt" : "attempts"}: ${reason}`),
    ...(cause === reason ? [] : [fact("cause", cause)]),
    ...messageLines(letter),
    ...retryLines(letter),
    ...editLines(letter),
  ].join("\n");
};
