import { ContainerModule } from "inversify";
import { systemClock, uuidv7 } from "../../system/ids.ts";
import { tokens } from "../tokens.ts";

export const systemModule = new ContainerModule(({ bind }) => {
  bind(tokens.clock).toConstantValue(systemClock);
  bind(tokens.ids).toConstantValue(uuidv7);
});
