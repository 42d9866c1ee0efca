/**
 * Server-sent events of a response, as the standard has them
 * (https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation), but for `retry`.
 */
export interface StreamEvent {
  readonly name: string;
  readonly data: string;
  /** The last id that came, with this event or before. */
  readonly lastId: string;
}

/** An event without data is given too: its id may be new. */
export async function* readEventStream(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<StreamEvent> {
  const decoder = new TextDecoder();
  let rest = "";
  let lastId = "";
  let name = "";
  let data: string[] = [];
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() as string;
    for (const ended of lines) {
      const line = ended.endsWith("\r") ? ended.slice(0, -1) : ended;
      if (line === "") {
        yield { name: name === "" ? "message" : name, data: data.join("\n"), lastId };
        name = "";
        data = [];
        continue;
      }
      const [, field, value = ""] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
      if (field === "id") lastId = value;
      else if (field === "event") name = value;
      else if (field === "data") data.push(value);
    }
  }
}
