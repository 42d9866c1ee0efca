/** What MQTT 5 asks of every topic name and topic filter as a text (sections 1.5.4 and 4.7.3). */

/** Bytes of UTF-8 that a topic name or filter may have at the most [MQTT-4.7.3-3]. */
export const MAX_TOPIC_BYTES = 65_535;

/** Bytes of the text in UTF-8; a lone surrogate counts as the three bytes of its replacement. */
export const utf8Length = (text: string): number => {
  let bytes = 0;
  for (const character of text) {
    const code = character.codePointAt(0) as number;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return bytes;
};

/** Why the text cannot be a topic name or filter; null when it can. */
export const topicTextFault = (text: string): string | null => {
  if (text.length === 0) return "it is empty; at least one character is needed [MQTT-4.7.3-1]";
  if (text.includes("\0")) return "it contains the null character [MQTT-4.7.3-2]";
  if (!text.isWellFormed()) return "it contains half of a surrogate pair, which UTF-8 cannot carry [MQTT-1.5.4-1]";
  if (text.length > MAX_TOPIC_BYTES || (text.length * 3 > MAX_TOPIC_BYTES && utf8Length(text) > MAX_TOPIC_BYTES)) {
    return `it is longer than ${MAX_TOPIC_BYTES} bytes of UTF-8 [MQTT-4.7.3-3]`;
  }
  return null;
};

/** Whether a message can be published to it: a topic text without wildcard characters [MQTT-3.3.2-2]. */
export const isValidTopicName = (topic: string): boolean =>
  topicTextFault(topic) === null && !topic.includes("+") && !topic.includes("#");
