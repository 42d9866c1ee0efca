import { AjvPayloadValidator, JsonPayloadCodec } from "@sluice/adapter-ajv";
import type { Configuration } from "@sluice/contracts";
import { ContainerModule } from "inversify";
import { tokens } from "../tokens.ts";

export const ajvModule = new ContainerModule(({ bind }) => {
  bind(tokens.codec).toResolvedValue(
    (configuration: Configuration) => new JsonPayloadCodec({ maxBytes: configuration.maxPayloadBytes }),
    [tokens.configuration],
  );
  bind(tokens.validator).toResolvedValue(() => new AjvPayloadValidator());
});
