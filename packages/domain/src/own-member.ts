/**
 * Members of objects whose names come from outside. `object[name] = value` with the name `__proto__` changes the
 * prototype and loses the member; reading `object[name]` finds what is inherited, such as `constructor`.
 */

/** Sets an own member, whatever its name. */
export const setMember = <T>(target: Record<string, T>, name: string, value: T): void => {
  if (name !== "__proto__") {
    target[name] = value;
    return;
  }
  Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
};

/** The own member, or undefined. */
export const ownMember = <T>(target: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(target, name) ? target[name] : undefined;
