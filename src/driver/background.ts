import * as Effect from "effect/Effect"
import { CurrentRequest } from "../concurrency/request.ts"
import type { StoreSetupError } from "../KeyValueError.ts"
import { invalid } from "./options.ts"

/** Fails on a host that may stop background work at the end of a request, if the request cannot be kept alive. */
export const requireBackground = (module: string): Effect.Effect<void, StoreSetupError> =>
  Effect.withFiber((fiber) =>
    fiber.getRef(CurrentRequest) === "unknown"
      ? invalid(
          module,
          "it works in the background, but this host stops background work when the request ends: see docs/guides/workers.md"
        )
      : Effect.void
  )
