/**
 * The identity of what an action owes for a message: a delivery, or one row. It is the idempotency key towards the
 * endpoint and the id in the queue and among the dead letters, so its form must not change.
 *
 * `<messageId>/<flow>/<action>` for a delivery, with `/<attribute, percent-encoded>` for a row.
 */
export interface DeliveryReference {
  readonly messageId: string;
  readonly flow: string;
  readonly action: string;
  /** Name that the row is stored under. */
  readonly attribute?: string;
}

/** As encodeURIComponent, which cannot encode half of a surrogate pair; that becomes `%uD83D`. */
const encode = (name: string): string => {
  if (name.isWellFormed()) return encodeURIComponent(name);
  return Array.from(name, (character) =>
    character.isWellFormed()
      ? encodeURIComponent(character)
      : `%u${character.charCodeAt(0).toString(16).toUpperCase()}`,
  ).join("");
};

const decode = (text: string): string =>
  text
    .split(/(%uD[89A-F][0-9A-F]{2})/)
    .map((part) =>
      part.startsWith("%u") ? String.fromCharCode(Number.parseInt(part.slice(2), 16)) : decodeURIComponent(part),
    )
    .join("");

export const deliveryId = ({ messageId, flow, action, attribute }: DeliveryReference): string =>
  attribute === undefined ? `${messageId}/${flow}/${action}` : `${messageId}/${flow}/${action}/${encode(attribute)}`;

/** Null for a text that `deliveryId` does not make. */
export const parseDeliveryId = (id: string): DeliveryReference | null => {
  const [messageId, flow, action, attribute, ...rest] = id.split("/");
  if (!messageId || !flow || !action || rest.length > 0) return null;
  if (attribute === undefined) return { messageId, flow, action };
  try {
    return { messageId, flow, action, attribute: decode(attribute) };
  } catch {
    return null;
  }
};
