import * as Effect from "effect/Effect"
import type * as Call from "../../driver/Call.ts"
import { layerClosed } from "../../driver/layerClosed.ts"
import { StoreUnavailableError, type WriteError } from "../../KeyValueError.ts"
import { withinBudget } from "../../time/budget.ts"
import type { Kind } from "./Delivery.ts"
import type { Stores } from "./Stores.ts"
import { Write, withoutRepeats } from "./Write.ts"

/** Writes to all stores at once, in each store in the order of the writes of a key, and waits for the required number. */
export const writing =
  <C extends Call.Put | Call.Delete, A>(stores: Stores, kind: Kind<C, A>) =>
  (call: C): Effect.Effect<A, WriteError> =>
    withinBudget(
      Effect.uninterruptibleMask((restore) =>
        Effect.withFiber((fiber) => {
          if (stores.isClosed) return Effect.fail(layerClosed(call.place, false))
          return withoutRepeats(call, (call) => {
            const write = new Write(stores, kind, call, fiber)
            if (write.isRefused) return Effect.fail(full(call))
            return Effect.onExitPrimitive(Effect.andThen(write.begin, restore(write.outcome)), () => write.end)
          })
        })
      ),
      call.place
    )

const full = ({ place }: Call.Put | Call.Delete) =>
  new StoreUnavailableError({ ...place, reason: "too many keys are not alike in the stores", sent: false })
