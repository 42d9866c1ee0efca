import type { CopyFor } from "../ports/message-source.ts";
import type { TopicFilter } from "../topic/filter.ts";

/** Whether a copy of a message that the filter matches is also for it. */
export const isCopyFor = (filter: TopicFilter, copyFor: CopyFor | undefined): boolean =>
  copyFor === undefined || (filter.shareGroup === null ? copyFor.plain : copyFor.shared.includes(filter.subscription));
