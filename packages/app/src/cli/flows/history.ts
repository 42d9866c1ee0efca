/** `sluice flows history` and `rollback`. */
import type { FlowHistoryItem, FlowView } from "@sluice/contracts";
import { ApiClient } from "../api-client.ts";
import { CommandError } from "../command-error.ts";
import { findGateway } from "../connection.ts";
import { coloured, harmless, note, print, printJson } from "../output.ts";
import { confirmed } from "./confirm.ts";
import type { ReadFlags } from "./read.ts";

const clientOf = (flags: ReadFlags): ApiClient => {
  const { adminUrl, token } = findGateway(flags);
  return new ApiClient(adminUrl, token);
};

const addressOf = (code: string): string => `/api/v1/flows/${encodeURIComponent(code)}`;

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
  const items = await clientOf(flags).all<FlowHistoryItem>(`${addressOf(code)}/history`);
  if (flags.json) return printJson(items);
  await print(items.map(itemText).join("\n"));
};

export interface RollbackFlags extends ReadFlags {
  readonly yes?: true;
}

export const rollBack = async (code: string, version: number, flags: RollbackFlags): Promise<void> => {
  const api = clientOf(flags);
  const { body: flow, etag } = await api.request<FlowView>(addressOf(code));
  const history = await api.all<FlowHistoryItem>(`${addressOf(code)}/history`);
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
  const ifMatch = etag === null ? {} : { ifMatch: etag };
  const request = { method: "POST", body: { version }, ...ifMatch } as const;
  const { body } = await api.request<FlowView>(`${addressOf(code)}/rollback`, request);
  if (flags.json) return printJson(body);
  const same = body.version === flow.version;
  await print(
    same
      ? `${code} has the definition of version ${version} already`
      : `${coloured("green", "rolled back")} ${code} to version ${version}; it is version ${body.version} now`,
  );
};
