import * as Effect from "effect/Effect"
import { CurrentRequest } from "../concurrency/request.ts"
import type { StoreSetupError } from "../KeyValueError.ts"
import { invalid } from "./options.ts"

/** Fails to build what works in the background where a request may end at any time, and cannot be kept alive. */
export const requireBackground = (module: string): Effect.Effect<void, StoreSetupError> =>
  Effect.withFiber((fiber) =>
    fiber.getRef(CurrentRequest) === "unknown"
      ? invalid(module, "it works in the background, which is ended with the request here: see docs/workers.md")
      : Effect.void
  )
