/** `sluice flows history` and `rollback`. */
import type { FlowHistoryItem } from "@sluice/contracts";
import { dataOf, items, type SluiceClient } from "@sluice/contracts/client";
import { apiOf } from "../api.ts";
import { CommandError } from "../command-error.ts";
import { findGateway } from "../connection.ts";
import { coloured, harmless, note, print, printJson } from "../output.ts";
import { confirmed } from "./confirm.ts";
import type { ReadFlags } from "./read.ts";

/** As many as people make changes. */
const historyOf = async (api: SluiceClient, code: string): Promise<FlowHistoryItem[]> => {
  const history: FlowHistoryItem[] = [];
  for await (const item of items(api, "/api/v1/flows/{code}/history", { path: { code } })) history.push(item);
  return history;
};

const changeLines = ({ changes }: FlowHistoryItem): string[] =>
  changes.flatMap(({ pointer, before, after }) => [
    ...(before === undefined ? [] : [coloured("red", harmless(`  - ${pointer} ${JSON.stringify(before)}`))]),
    ...(after === undefined ? [] : [coloured("green", harmless(`  + ${pointer} ${JSON.stringify(after)}`))]),
  ]);

const itemText = (item: FlowHistoryItem): string => {
  const { version, type, at, position, actor, rolledBackTo } = item;
  const who = actor === null ? "" : ` by ${harmless(actor)}`;
  const back = rolledBackTo === null ? "" : `, back to version ${rolledBackTo}`;
  return [
    `${coloured("bold", `version ${version}`)}  ${at}  ${type}${who}${back}  (position ${position})`,
    ...changeLines(item),
  ].join("\n");
};

export const showHistory = async (code: string, flags: ReadFlags): Promise<void> => {
  const history = await historyOf(apiOf(findGateway(flags)), code);
  if (flags.json) return printJson(history);
  await print(history.map(itemText).join("\n"));
};

export interface RollbackFlags extends ReadFlags {
  readonly yes?: true;
}

export const rollBack = async (code: string, version: number, flags: RollbackFlags): Promise<void> => {
  const api = apiOf(findGateway(flags));
  const now = await api.GET("/api/v1/flows/{code}", { params: { path: { code } } });
  const flow = dataOf(now);
  const etag = now.response.headers.get("etag");
  const history = await historyOf(api, code);
  const then = history.find((item) => item.version === version)?.definition;
  if (then === undefined || then === null) {
    throw new CommandError(`flow ${code} has no definition in version ${version}; it is at version ${flow.version}`, {
      hint: `\`sluice flows history ${code}\` shows the versions`,
    });
  }
  if (flags.yes !== true) {
    note(`flow ${code}: from version ${flow.version} back to the definition of version ${version}, ${then.topic}`);
    if (!(await confirmed("Roll back?", "nothing was rolled back"))) return;
  }
  const params = { path: { code }, header: etag === null ? {} : { "if-match": etag } };
  const body = dataOf(await api.POST("/api/v1/flows/{code}/rollback", { params, body: { version } }));
  if (flags.json) return printJson(body);
  const same = body.version === flow.version;
  await print(
    same
      ? `${code} has the definition of version ${version} already`
      : `${coloured("green", "rolled back")} ${code} to version ${version}; it is version ${body.version} now`,
  );
};
