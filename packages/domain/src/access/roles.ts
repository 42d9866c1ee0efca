import { type Role, roles } from "@sluice/contracts";

/** Each role may do what those before it may. */
export const isRoleEnough = (has: Role, needed: Role): boolean => roles.indexOf(has) >= roles.indexOf(needed);
