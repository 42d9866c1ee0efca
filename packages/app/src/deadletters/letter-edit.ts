/** What an operator wants to be posted or stored instead, checked against the letter. */
import type {
  DeadLetter,
  DeadLetterEdit,
  DeliveryEdit,
  EncodedBytes,
  RowEdit,
  ValidationError,
} from "@sluice/contracts";
import {
  ATTRIBUTE_NAME_LIMIT,
  type Attribute,
  attributeNameTooLong,
  attributeText,
  extractAttributes,
} from "@sluice/domain";
import { encodeBytes } from "../ingest/encode-payload.ts";
import { exactJson } from "./exact-json.ts";
import type { LetterHistory } from "./letter-history.ts";

/** Pointers are into the body of the request. */
export class BadEdit extends Error {
  override readonly name = "BadEdit";
  readonly errors: readonly ValidationError[];
  constructor(...errors: readonly ValidationError[]) {
    super(errors.map(({ pointer, message }) => `${pointer} ${message}`).join("; "));
    this.errors = errors;
  }
}

export interface EditRequest {
  readonly edit: DeadLetterEdit;
  /** The request's body as it was sent: its numbers are as they were written. */
  readonly text: string;
  readonly maxPayloadBytes: number;
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

const OF_DELIVERY = ["payload", "payloadBase64"] as const;
const OF_ROW = ["attribute", "value"] as const;

/**
 * @param history null: of a delivery, which needs none
 * @throws BadEdit with every error
 */
export const editOf = (
  letter: DeadLetter,
  request: EditRequest,
  history: LetterHistory | null,
): DeliveryEdit | RowEdit => {
  const { kind } = letter;
  const errors: ValidationError[] = [];
  const [own, foreign] = kind === "delivery" ? [OF_DELIVERY, OF_ROW] : [OF_ROW, OF_DELIVERY];
  for (const name of foreign) {
    if (!(name in request.edit)) continue;
    errors.push({ pointer: `/edit/${name}`, keyword: "not", message: `is not of a ${kind}` });
  }
  if (!own.some((name) => name in request.edit)) {
    const names = own.map((name) => `\`${name}\``).join(" or ");
    errors.push({ pointer: "/edit", keyword: "anyOf", message: `of a ${kind} it wants ${names}` });
  }
  const edit = kind === "delivery" ? deliveryEdit(request, errors) : rowEdit(letter, request, history, errors);
  if (errors.length > 0 || edit === null) throw new BadEdit(...errors);
  return edit;
};

const tooLarge = (pointer: string, bytes: number, most: number): ValidationError => ({
  pointer,
  keyword: "size",
  message: `${bytes} bytes, at most ${most} are accepted (MAX_PAYLOAD_BYTES)`,
});

const deliveryEdit = ({ edit, maxPayloadBytes }: EditRequest, errors: ValidationError[]): DeliveryEdit => {
  const { payload, payloadBase64 } = edit;
  if (payload !== undefined && payloadBase64 !== undefined) {
    errors.push({ pointer: "/edit/payloadBase64", keyword: "not", message: "is instead of `payload`, not with it" });
  }
  if (payload?.isWellFormed() === false) {
    errors.push({ pointer: "/edit/payload", keyword: "encoding", message: "has half of a surrogate pair" });
  }
  if (payloadBase64 !== undefined && !BASE64.test(payloadBase64)) {
    errors.push({ pointer: "/edit/payloadBase64", keyword: "encoding", message: "must be base64" });
  }
  const bytes = payloadBase64 === undefined ? Buffer.from(payload ?? "") : Buffer.from(payloadBase64, "base64");
  if (bytes.length > maxPayloadBytes) {
    const pointer = payloadBase64 === undefined ? "/edit/payload" : "/edit/payloadBase64";
    errors.push(tooLarge(pointer, bytes.length, maxPayloadBytes));
  }
  const encoded: EncodedBytes = encodeBytes(bytes);
  return { payload: encoded };
};

const rowEdit = (
  { eventId }: DeadLetter,
  { edit, text, maxPayloadBytes }: EditRequest,
  history: LetterHistory | null,
  errors: ValidationError[],
): RowEdit | null => {
  const { attribute } = edit;
  if (attribute !== undefined && attributeNameTooLong(attribute)) {
    const message = `has more than ${ATTRIBUTE_NAME_LIMIT} characters`;
    errors.push({ pointer: "/edit/attribute", keyword: "maxLength", message });
  }
  if (attribute !== undefined && history?.takenNames.has(attribute)) {
    const message = "another attribute of this message is stored under this name";
    errors.push({ pointer: "/edit/attribute", keyword: "not", message });
  }
  const value = "value" in edit ? newValue(text, maxPayloadBytes, errors) : null;
  const row = history?.row ?? null;
  if (row === null) {
    errors.push({ pointer: "/edit", keyword: "not", message: "the log lacks the row, so that it cannot be edited" });
    return null;
  }
  const { valueType, receivedAt, deviceTime } = row;
  const content = value ?? { valueType, value: row.value, ...(row.text === undefined ? {} : { text: row.text }) };
  return {
    ...content,
    attribute: attribute ?? row.attribute,
    receivedAt,
    ...(deviceTime === undefined ? {} : { deviceTime }),
    replaces: eventId,
  };
};

/** With the type and the exact text that it would have had in a message. */
const newValue = (
  text: string,
  maxPayloadBytes: number,
  errors: ValidationError[],
): Omit<Attribute, "attribute"> | null => {
  const read = exactJson(text, ["edit", "value"]);
  if (!read.ok) {
    errors.push({ pointer: "/edit/value", keyword: read.keyword, message: read.message });
    return null;
  }
  const [extracted] = extractAttributes({ value: read.value }, { id: "", type: "STORE_DB", attributes: ["value"] });
  const { attribute: _, ...value } = extracted as Attribute;
  const bytes = Buffer.byteLength(attributeText(value));
  if (bytes > maxPayloadBytes) errors.push(tooLarge("/edit/value", bytes, maxPayloadBytes));
  return value;
};
