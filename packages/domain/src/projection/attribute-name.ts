/** Characters; the width of `attribute_name` in the older gateway's tables. */
export const ATTRIBUTE_NAME_LIMIT = 255;

/** A string of n UTF-16 units has at most n characters, so that most names are never counted. */
export const attributeNameTooLong = (name: string): boolean =>
  name.length > ATTRIBUTE_NAME_LIMIT && Array.from(name).length > ATTRIBUTE_NAME_LIMIT;
