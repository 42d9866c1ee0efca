/** Reporter for node:test that lists at the end what was skipped, by name and reason. */
import type { TestEvent } from "node:test/reporters";

export default async function* skips(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const skipped: string[] = [];
  for await (const event of source) {
    if ((event.type === "test:pass" || event.type === "test:fail") && event.data.skip !== undefined) {
      const reason = typeof event.data.skip === "string" ? event.data.skip : "no reason given";
      skipped.push(`  ${event.data.name}: ${reason}`);
    }
  }
  if (skipped.length > 0) yield `\nSkipped (${skipped.length}):\n${skipped.join("\n")}\n`;
}
