import * as Effect from "effect/Effect"
import * as Call from "../../driver/Call.ts"
import type { Driver } from "../../driver/Driver.ts"
import type { Entry } from "../../Entry.ts"
import { Marks } from "./Marks.ts"

/** What a store answers for a key. */
export type Found = Entry | undefined

/** How long an entry may be kept near, in milliseconds. */
export interface Limits {
  readonly maxTtl: number
  readonly missingTtl: number
}

/** The copies in the near store. Whatever goes wrong there is a miss. */
export class Copies {
  private readonly beingMade = new Marks()
  private readonly store: Driver
  private readonly limits: Limits

  constructor(store: Driver, limits: Limits) {
    this.store = store
    this.limits = limits
  }

  /** A copy that is being made may have to be taken back: it is not answered before it is certain. */
  get(call: Call.Get, ids: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<Found>> {
    const found = Effect.orElseSucceed(this.store.get(call), (): ReadonlyArray<Found> => [])
    return Effect.map(found, (entries) => ids.map((id, i) => (this.beingMade.has(id) ? undefined : entries[i])))
  }

  /** Copies what was found, and takes those back that `isDropped` by then. */
  make(
    call: Call.Get,
    ids: ReadonlyArray<string>,
    found: ReadonlyArray<Found>,
    isDropped: (id: string) => boolean
  ): Effect.Effect<void> {
    return Effect.clockWith((clock) => {
      const now = clock.currentTimeMillisUnsafe()
      const wanted = found.flatMap((entry, i) => (entry && !isDropped(ids[i]!) ? [i] : []))
      if (wanted.length === 0) return Effect.void
      const { _tag, ...names } = Call.toDelete(Call.pick(call, wanted))
      const put = this.store.put({ ...names, _tag: "put", entries: wanted.map((i) => this.shortened(found[i]!, now)) })
      const takeBack = Effect.suspend(() => {
        const dropped = wanted.filter((i) => isDropped(ids[i]!))
        return dropped.length === 0 ? Effect.void : this.remove(Call.pick(call, dropped))
      })
      return this.beingMade.during(
        wanted.map((i) => ids[i]!),
        Effect.ensuring(Effect.ignore(put), takeBack)
      )
    })
  }

  remove(call: Call.Get | Call.Put | Call.Delete | Call.CompareAndPut): Effect.Effect<void> {
    return Effect.ignore(this.store.delete(Call.toDelete(call)))
  }

  clear(call: Call.Clear): Effect.Effect<void> {
    const from = (cursor: Call.Cursor): Effect.Effect<void, unknown> =>
      Effect.flatMap(this.store.clear!({ ...call, cursor }), ({ next }) =>
        next === undefined ? Effect.void : from(next)
      )
    return Effect.ignore(from(undefined))
  }

  /** A copy never outlives the original. */
  private shortened(entry: Entry, now: number): Entry {
    const ttl =
      entry.expiresAt === undefined ? this.limits.missingTtl : Math.min(entry.expiresAt - now, this.limits.maxTtl)
    return { payload: entry.payload, createdAt: now, expiresAt: now + ttl }
  }
}
