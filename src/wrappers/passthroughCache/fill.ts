import * as Effect from "effect/Effect"
import { eachInSlices } from "../../concurrency/slices.ts"
import type { ReadError } from "../../KeyValueError.ts"
import { detached } from "../common/detached.ts"
import { makeCopies } from "./copies.ts"
import type { AskedAt } from "./Freshness.ts"
import { type Found, type Parts, pick, type Read } from "./Parts.ts"
import { steadyMillis } from "./steady.ts"

/** Asks the store for keys, once for all readers that want a key at the same time, and keeps what it returns. */
export const fill = (parts: Parts, read: Read): Effect.Effect<ReadonlyArray<Found>, ReadError> => {
  const { store, fills, misses, validity } = parts
  return fills.runMany(read.ids, (own, isDropped) =>
    Effect.clockWith((clock) => {
      const askedAt: AskedAt = { steady: Math.floor(steadyMillis(clock)), wall: clock.currentTimeMillisUnsafe() }
      const part = own.length === read.ids.length ? read : pickIds(read, own)
      const call = { ...detached(part.call), expiry: true }
      return Effect.tap(store.get(call), (found) => {
        const note = (i: number) => {
          const id = own[i]!
          if (found[i] !== undefined) misses.remove(id)
          else if (!isDropped(id) && validity.mayKeep(id, askedAt.steady)) misses.add(id, askedAt.steady)
        }
        return eachInSlices(own.length, note, () => makeCopies(parts, { call, ids: own }, found, askedAt, isDropped))
      })
    })
  )
}

/** The part of a read that is about some of its keys, each of them once. */
const pickIds = (read: Read, own: ReadonlyArray<string>): Read => {
  const indices = new Map(read.ids.map((id, i) => [id, i]))
  return pick(
    read,
    own.map((id) => indices.get(id)!)
  )
}
