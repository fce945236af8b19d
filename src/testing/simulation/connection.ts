import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import { wrapperEffect } from "../../Driver.ts"
import { around, type Next } from "../../driver/around.ts"
import type { Call } from "../../driver/Call.ts"
import { layerClosed } from "../../driver/layerClosed.ts"

/**
 * A connection to a store that outlives the connection. When the connection is closed, calls in flight fail, and later
 * calls fail at once.
 */
export const connection = wrapperEffect(
  Effect.gen(function* () {
    const closed = yield* Deferred.make<void>()
    let isClosed = false
    yield* Effect.addFinalizer(() => {
      isClosed = true
      return Deferred.succeed(closed, undefined)
    })
    const failure = ({ place }: Call, sent: boolean) => Effect.fail(layerClosed(place, sent))
    return around(<C extends Call, A, E>(call: C, next: Next<C, A, E>) =>
      Effect.suspend(() =>
        isClosed
          ? failure(call, false)
          : Effect.raceFirst(
              next(call),
              Effect.andThen(
                Deferred.await(closed),
                Effect.suspend(() => failure(call, true))
              )
            )
      )
    )
  })
)
