/** `sluice flows test`: what a message would do, without doing it. */
import { isUtf8 } from "node:buffer";
import type { EventData, FlowTestResult } from "@sluice/contracts";
import { dataOf } from "@sluice/contracts/client";
import { apiOf } from "../api.ts";
import { CommandError } from "../command-error.ts";
import { type ConnectionFlags, findGateway } from "../connection.ts";
import { coloured, harmless, print, printJson } from "../output.ts";
import { readPayload } from "../payload.ts";
import { table } from "../table.ts";

export interface TryFlags extends ConnectionFlags {
  readonly topic?: string;
  readonly payload: string;
  readonly expect?: string;
  readonly json?: true;
}

export const tryMessage = async (code: string, flags: TryFlags): Promise<void> => {
  const api = apiOf(findGateway(flags));
  const payload = await readPayload(flags.payload);
  const body = {
    ...(flags.topic === undefined ? {} : { topic: flags.topic }),
    ...(isUtf8(payload)
      ? { payload: payload.toString("utf8"), payloadEncoding: "utf8" as const }
      : { payload: payload.toString("base64"), payloadEncoding: "base64" as const }),
  };
  const result = dataOf(await api.POST("/api/v1/flows/{code}/test", { params: { path: { code } }, body }));
  if (flags.json) await printJson(result);
  else await show(code, result);
  const outcome = result.verdict ?? "unmatched";
  if (flags.expect !== undefined && flags.expect !== outcome) {
    throw new CommandError(`the message would be ${outcome}, not ${flags.expect}`);
  }
};

const COLOURS = { accepted: "green", flagged: "yellow", rejected: "red" } as const;

const breachText = ({ attribute, value, min, max }: EventData<"ThresholdBreached">): string =>
  `${attribute} is ${value}, ${max !== undefined && value > max ? `above ${max}` : `below ${min}`}`;

const show = async (
  code: string,
  { verdict, captures, errors, rows, requests, events }: FlowTestResult,
): Promise<void> => {
  if (verdict === null) return print(`${code} does not match the topic`);
  await print(`${code} matches; the message would be ${coloured(COLOURS[verdict], verdict)}`);
  const captured = Object.entries(captures).map(([name, value]) => `${name}=${value}`);
  if (captured.length > 0) await print(`captured: ${harmless(captured.join(", "))}`);
  for (const { pointer, message } of errors)
    await print(`  - ${harmless(pointer === "" ? message : `${pointer}: ${message}`)}`);
  for (const { type, data } of events) {
    if (type === "ThresholdBreached")
      await print(`  - ${harmless(breachText(data as EventData<"ThresholdBreached">))}`);
  }
  if (rows.length > 0) {
    await print("");
    await print(
      table(
        [
          { header: "ATTRIBUTE", value: ({ attribute }) => attribute, flexible: true },
          { header: "TYPE", value: ({ valueType }) => valueType },
          { header: "VALUE", value: ({ text }) => text, flexible: true },
        ],
        rows,
      ),
    );
  }
  for (const { method, url, body } of requests) {
    await print(`\n${method} ${harmless(url)}\n${harmless(body.data)}${body.encoding === "base64" ? " (base64)" : ""}`);
  }
};
