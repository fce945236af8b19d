import * as Effect from "effect/Effect"
import type { Driver } from "../../driver/Driver.ts"
import type { Entry } from "../../Entry.ts"
import { outcomeOf } from "../../internal/outcome.ts"
import type { KeyValueError } from "../../KeyValueError.ts"
import type { Journal, Pending } from "./Journal.ts"
import type { Meters } from "./Meters.ts"

export interface Config {
  readonly primary: Driver
  readonly journal: Journal
  readonly meters: Meters
  readonly settleTime: number
}

/**
 * Does the last write of a key in the primary, unless that has a newer one. Afterwards only its slots are to be removed.
 *
 * A failure to read the journal is told by `false`.
 */
export const replay = (config: Config, pending: Pending): Effect.Effect<boolean, KeyValueError> =>
  Effect.suspend(() => {
    if (pending.last === undefined || pending.isReplayed) return Effect.succeed(true)
    return Effect.flatMap(Effect.result(config.journal.readOne(pending)), (read) => {
      if (read._tag === "Failure") return Effect.succeed(false)
      if (read.success === "gone") return Effect.succeed(true)
      return Effect.map(write(config, pending, read.success), (isNewest) => {
        pending.isReplayed = true
        config.meters.count(isNewest ? "replayed" : "conflicts")
        return true
      })
    })
  })

/** Answers whether the write was the newest; one that is older than what the primary has is not done. */
const write = (config: Config, pending: Pending, entry: Entry | undefined): Effect.Effect<boolean, KeyValueError> => {
  const { primary } = config
  const { collection, key } = pending
  const placed = (operation: "get" | "put" | "delete") => ({
    place: { operation, collection, keys: [key] },
    deadline: undefined,
    collection,
    keys: [key]
  })
  const versioned = primary.compareAndPut !== undefined
  const read = primary.get({ ...placed("get"), _tag: "get", expiry: false, versioned })
  return Effect.flatMap(read, ([current]): Effect.Effect<boolean, KeyValueError> => {
    if (current?.createdAt !== undefined && current.createdAt > pending.last!.acceptedAt) return Effect.succeed(false)
    if (entry === undefined && current === undefined) return Effect.succeed(true)
    if (primary.compareAndPut !== undefined) {
      const at = placed(entry === undefined ? "delete" : "put")
      const swap = primary.compareAndPut({ ...at, _tag: "compareAndPut", entry, expected: current?.version })
      return Effect.flatMap(noting(config, pending, swap), (isDone) =>
        isDone ? Effect.succeed(true) : write(config, pending, entry)
      )
    }
    const blind: Effect.Effect<unknown, KeyValueError> =
      entry === undefined
        ? primary.delete({ ...placed("delete"), _tag: "delete" })
        : primary.put({ ...placed("put"), _tag: "put", entries: [entry] })
    return Effect.as(noting(config, pending, blind), true)
  })
}

/** A write that may still be applied is waited for before the next. */
const noting = <A, E>({ settleTime }: Config, pending: Pending, effect: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.clockWith((clock) =>
    Effect.onExitPrimitive(effect, (exit) => {
      if (outcomeOf(exit) === "unknown") pending.settlesAt = clock.currentTimeMillisUnsafe() + settleTime
      return undefined
    })
  )
