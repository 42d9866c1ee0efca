import type { Role } from "@sluice/contracts";

/** Not by the list of contracts: it would load the schema library into every thread, which is half of what one takes to start. */
const rank: Readonly<Record<Role, number>> = { viewer: 0, operator: 1, admin: 2 };

/** Each role may do what those before it may. */
export const isRoleEnough = (has: Role, needed: Role): boolean => rank[has] >= rank[needed];
