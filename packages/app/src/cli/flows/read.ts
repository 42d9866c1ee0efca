/** `sluice flows list`, `show` and `export`. */
import { dataOf, items, type Schema, type SluiceClient } from "@sluice/contracts/client";
import { apiOf } from "../api.ts";
import { type ConnectionFlags, findGateway } from "../connection.ts";
import { coloured, harmless, print, printJson } from "../output.ts";
import { table } from "../table.ts";
import { definitionOf, definitionText } from "./definition-text.ts";

export interface ReadFlags extends ConnectionFlags {
  readonly json?: true;
}

type Flow = Schema<"Flow">;

/** As many as people write. */
const allFlows = async (api: SluiceClient): Promise<Flow[]> => {
  const flows: Flow[] = [];
  for await (const flow of items(api, "/api/v1/flows")) flows.push(flow);
  return flows;
};

/** As it is now: without `at`. */
const flowOf = async (api: SluiceClient, code: string): Promise<Flow> =>
  dataOf(await api.GET("/api/v1/flows/{code}", { params: { path: { code } } })) as Flow;

export const listFlows = async (flags: ReadFlags): Promise<void> => {
  const flows = await allFlows(apiOf(findGateway(flags)));
  if (flags.json) return printJson(flows);
  if (flows.length === 0) return print("no flows yet: `sluice flows apply <file>` makes some");
  return print(
    table(
      [
        { header: "FLOW", value: ({ code }) => code, flexible: true },
        { header: "TOPIC", value: ({ topic }) => topic, flexible: true },
        { header: "ACTIONS", value: ({ actions }) => actions.map(({ type }) => type).join(" "), flexible: true },
        { header: "ENABLED", value: ({ enabled }) => (enabled ? "yes" : "no") },
        { header: "RECEIVED", value: ({ counters }) => counters.received, align: "right" },
        { header: "REJECTED", value: ({ counters }) => counters.rejected, align: "right" },
        { header: "LAST MESSAGE", value: ({ lastReceivedAt }) => lastReceivedAt },
      ],
      flows,
    ),
  );
};

export const showFlow = async (code: string, flags: ReadFlags): Promise<void> => {
  const flow = await flowOf(apiOf(findGateway(flags)), code);
  if (flags.json) return printJson(flow);
  await print(definitionText(definitionOf(flow)).split("\n").map(harmless).join("\n"));
  const { received, accepted, rejected, flagged, breached, skipped } = flow.counters;
  await print(
    [
      `${coloured("bold", "version")}       ${flow.version}, of ${flow.updatedAt} (made ${flow.createdAt})`,
      `${coloured("bold", "last message")}  ${flow.lastReceivedAt === null ? "none yet" : `number ${flow.lastMessageNumber}, ${flow.lastReceivedAt}`}`,
      `${coloured("bold", "messages")}      ${received} received, ${accepted} accepted, ${rejected} rejected, ${flagged} flagged, ${breached} breached, ${skipped} skipped`,
    ].join("\n"),
  );
  if (flow.actionCounts.length === 0) return;
  await print(
    `\n${table(
      [
        { header: "ACTION", value: ({ action }) => action },
        { header: "ACCEPTED", value: ({ accepted }) => accepted, align: "right" },
        { header: "DONE", value: ({ done }) => done, align: "right" },
        { header: "PENDING", value: ({ pending }) => pending, align: "right" },
        { header: "DEAD", value: ({ dead }) => dead, align: "right" },
        { header: "DISCARDED", value: ({ discarded }) => discarded, align: "right" },
      ],
      flow.actionCounts,
    )}`,
  );
};

export const exportFlows = async (codes: readonly string[], flags: ReadFlags): Promise<void> => {
  const api = apiOf(findGateway(flags));
  const flows = codes.length === 0 ? await allFlows(api) : [];
  for (const code of codes) flows.push(await flowOf(api, code));
  if (flags.json) return printJson(flows.map(definitionOf));
  if (flows.length > 0)
    await print(
      flows
        .map((flow) => definitionText(definitionOf(flow)))
        .join("---\n")
        .trimEnd(),
    );
};
