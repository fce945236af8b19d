import * as Effect from "effect/Effect"
import * as Call from "../../driver/Call.ts"
import type { Driver } from "../../driver/Driver.ts"
import * as Entry from "../../Entry.ts"
import { SingleFlight } from "../../internal/SingleFlight.ts"
import type { ReadError } from "../../KeyValueError.ts"

type Found = Entry.Entry | undefined

/** How long an entry may be kept near, in milliseconds. */
export interface Limits {
  readonly maxTtl: number
  readonly missingTtl: number
}

/**
 * The near store of a read-through cache, and the rules that keep it from answering what is no longer true:
 *
 * - A fill asks the far store once for all who want the key at that moment.
 * - A write drops the fills of its keys: what they read may be older than the write, so it is not kept.
 * - A dropped fill may be writing to the near store already. Until it has cleaned up, the near store is not asked.
 * - Whatever goes wrong in the near store is a miss.
 */
export class Near {
  private readonly fills = new SingleFlight<Found, ReadError>()
  private readonly cleaning = new Map<string, number>()
  private readonly store: Driver
  private readonly limits: Limits

  constructor(store: Driver, limits: Limits) {
    this.store = store
    this.limits = limits
  }

  /** Answers from near what is there, and the rest from far. */
  get(call: Call.Get, far: Driver): Effect.Effect<ReadonlyArray<Found>, ReadError> {
    const ids = call.keys.map((key) => idOf(call.collection, key))
    const near = Effect.catch(this.store.get(call), () => Effect.succeed(call.keys.map(() => undefined)))
    return Effect.flatMap(near, (entries: ReadonlyArray<Found>) => {
      const misses = entries.flatMap((entry, i) => (entry === undefined || this.cleaning.has(ids[i]!) ? [i] : []))
      if (misses.length === 0) return Effect.succeed(entries)
      const fill = this.fill(Call.pick(call, misses), far)
      return Effect.map(fill, (found) => {
        const answers = [...entries]
        misses.forEach((index, i) => {
          answers[index] = found[i] && Entry.copy(found[i])
        })
        return answers
      })
    })
  }

  /** Forgets the keys of a call once it has run, whether it succeeded, failed or was interrupted. */
  invalidating<A, E>(
    call: Call.Put | Call.Delete | Call.CompareAndPut,
    write: Effect.Effect<A, E>
  ): Effect.Effect<A, E> {
    return Effect.ensuring(
      write,
      Effect.suspend(() => {
        for (const key of call.keys) this.fills.drop(idOf(call.collection, key))
        return Effect.ignore(this.store.delete(Call.toDelete(call)))
      })
    )
  }

  /** Forgets what a call that clears the far store may have cleared. */
  clearing<A, E>(call: Call.Clear, clear: Effect.Effect<A, E>): Effect.Effect<A, E> {
    return Effect.ensuring(
      clear,
      Effect.suspend(() => {
        this.fills.dropAll()
        return Effect.ignore(clearAll(this.store, call))
      })
    )
  }

  private fill(call: Call.Get, far: Driver): Effect.Effect<ReadonlyArray<Found>, ReadError> {
    const ids = call.keys.map((key) => idOf(call.collection, key))
    return this.fills.runMany(ids, (own, isDropped) => {
      const part = Call.pick(
        call,
        own.map((id) => ids.indexOf(id))
      )
      return Effect.tap(far.get({ ...part, expiry: true }), (found) => this.keep(part, own, found, isDropped))
    })
  }

  private keep(
    call: Call.Get,
    ids: ReadonlyArray<string>,
    found: ReadonlyArray<Found>,
    isDropped: (id: string) => boolean
  ): Effect.Effect<void> {
    return Effect.clockWith((clock) => {
      const now = clock.currentTimeMillisUnsafe()
      const kept = found.flatMap((entry, i) => (entry && !isDropped(ids[i]!) ? [i] : []))
      if (kept.length === 0) return Effect.void
      const part = Call.pick(call, kept)
      const entries = kept.map((i) => this.shortened(found[i]!, now))
      const put = this.store.put({ ...Call.toDelete(part), _tag: "put", entries })
      return this.cleaningUp(
        kept.map((i) => ids[i]!),
        put,
        Effect.suspend(() => {
          const dropped = kept.flatMap((index, i) => (isDropped(ids[index]!) ? [i] : []))
          return dropped.length === 0 ? Effect.void : this.store.delete(Call.toDelete(Call.pick(part, dropped)))
        })
      )
    })
  }

  /** Marks keys while they are written, so that a reader goes by the near store meanwhile. */
  private cleaningUp<E>(
    ids: ReadonlyArray<string>,
    put: Effect.Effect<void, E>,
    remove: Effect.Effect<unknown, E>
  ): Effect.Effect<void> {
    return Effect.suspend(() => {
      for (const id of ids) this.cleaning.set(id, (this.cleaning.get(id) ?? 0) + 1)
      return Effect.ensuring(
        Effect.ignore(Effect.ensuring(put, Effect.ignore(remove))),
        Effect.sync(() => {
          for (const id of ids) {
            const left = this.cleaning.get(id)! - 1
            if (left === 0) this.cleaning.delete(id)
            else this.cleaning.set(id, left)
          }
        })
      )
    })
  }

  /** The near copy never outlives the far one. */
  private shortened(entry: Entry.Entry, now: number): Entry.Entry {
    const ttl =
      entry.expiresAt === undefined ? this.limits.missingTtl : Math.min(entry.expiresAt - now, this.limits.maxTtl)
    return { payload: entry.payload, createdAt: now, expiresAt: now + ttl }
  }
}

const idOf = (collection: string, key: string): string => `${collection.length}:${collection}${key}`

const clearAll = (store: Driver, call: Call.Clear): Effect.Effect<void, unknown> =>
  Effect.flatMap(store.clear!({ ...call, cursor: undefined }), function next({ next: cursor }): Effect.Effect<
    void,
    unknown
  > {
    return cursor === undefined ? Effect.void : Effect.flatMap(store.clear!({ ...call, cursor }), next)
  })
