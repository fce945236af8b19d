import * as Effect from "effect/Effect"
import { monotonicMillis } from "../time/clock.ts"
import { shownName } from "../value/oneLine.ts"
import type { Counters } from "./counters.ts"

/** For how many milliseconds no operation may fail before the store counts as restored. */
const calm = 10_000

/** Logs when the store of a cache begins to fail and when it works again: a line for each change, not for each failure. */
export class Health {
  private failedAt: number | undefined
  private readonly name: string
  private readonly counters: Counters

  constructor(collection: string, counters: Counters) {
    this.name = shownName(collection)
    this.counters = counters
  }

  failed(operation: "read" | "write", error: { readonly _tag: string }): Effect.Effect<void> {
    return Effect.clockWith((clock) => {
      const isFirst = this.failedAt === undefined
      this.failedAt = monotonicMillis(clock)
      this.counters.storeFailure(operation)
      return isFirst
        ? Effect.logWarning(`LoadingCache ${this.name}: the store fails (${error._tag}), lookups run without it`)
        : Effect.void
    })
  }

  worked(): Effect.Effect<void> {
    if (this.failedAt === undefined) return Effect.void
    return Effect.clockWith((clock) => {
      if (this.failedAt === undefined || monotonicMillis(clock) - this.failedAt < calm) return Effect.void
      this.failedAt = undefined
      return Effect.logInfo(`LoadingCache ${this.name}: the store works again`)
    })
  }
}
