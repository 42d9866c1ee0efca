/** The properties of PUBLISH (MQTT 5, 3.3.2.3). */
import { isUtf8 } from "node:buffer";
import type { EncodedBytes, PublishProperties } from "@sluice/contracts";
import { MalformedPacket } from "./packet-reader.ts";

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Reads forward within bounds; every read past the end is a malformed packet. */
class Cursor {
  readonly #buffer: Buffer;
  readonly #end: number;
  at: number;

  constructor(buffer: Buffer, at: number, end: number) {
    this.#buffer = buffer;
    this.at = at;
    this.#end = end;
  }

  get atEnd(): boolean {
    return this.at >= this.#end;
  }

  #advance(bytes: number): number {
    const from = this.at;
    this.at += bytes;
    if (this.at > this.#end) throw new MalformedPacket("properties longer than their packet");
    return from;
  }

  byte(): number {
    return this.#buffer[this.#advance(1)] as number;
  }

  uint16(): number {
    return this.#buffer.readUInt16BE(this.#advance(2));
  }

  uint32(): number {
    return this.#buffer.readUInt32BE(this.#advance(4));
  }

  variableInteger(): number {
    let value = 0;
    for (let factor = 1; factor <= 128 ** 3; factor *= 128) {
      const byte = this.byte();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
    throw new MalformedPacket("variable byte integer of more than four bytes");
  }

  binary(): Buffer {
    const length = this.uint16();
    const from = this.#advance(length);
    return this.#buffer.subarray(from, from + length);
  }

  text(): string {
    return this.binary().toString("utf8");
  }

  within(length: number): Cursor {
    const from = this.#advance(length);
    return new Cursor(this.#buffer, from, from + length);
  }
}

const encodeBytes = (bytes: Buffer): EncodedBytes =>
  isUtf8(bytes)
    ? { encoding: "utf8", data: bytes.toString("utf8") }
    : { encoding: "base64", data: bytes.toString("base64") };

/** @throws MalformedPacket also on a topic alias, for which we gave no permission [MQTT-3.3.2-9] */
const readProperty = (cursor: Cursor, properties: Mutable<PublishProperties>, subscriptions: number[]): void => {
  const identifier = cursor.variableInteger();
  switch (identifier) {
    case 0x01:
      properties.payloadFormatIndicator = cursor.byte() === 1;
      return;
    case 0x02:
      properties.messageExpiryInterval = cursor.uint32();
      return;
    case 0x03:
      properties.contentType = cursor.text();
      return;
    case 0x08:
      properties.responseTopic = cursor.text();
      return;
    case 0x09:
      properties.correlationData = encodeBytes(cursor.binary());
      return;
    case 0x0b:
      subscriptions.push(cursor.variableInteger());
      return;
    case 0x26:
      properties.userProperties ??= [];
      properties.userProperties.push([cursor.text(), cursor.text()]);
      return;
    default:
      throw new MalformedPacket(`PUBLISH with property 0x${identifier.toString(16)}`);
  }
};

export interface ReadProperties {
  readonly properties: PublishProperties | undefined;
  readonly subscriptionIdentifiers: readonly number[];
  /** Where the payload begins. */
  readonly end: number;
}

/** @param at where the property length is */
export const readPublishProperties = (buffer: Buffer, at: number, packetEnd: number): ReadProperties => {
  const outer = new Cursor(buffer, at, packetEnd);
  const cursor = outer.within(outer.variableInteger());
  const properties: Mutable<PublishProperties> = {};
  const subscriptionIdentifiers: number[] = [];
  while (!cursor.atEnd) readProperty(cursor, properties, subscriptionIdentifiers);
  return {
    properties: Object.keys(properties).length === 0 ? undefined : properties,
    subscriptionIdentifiers,
    end: outer.at,
  };
};
