/** Caches with mistakes that other libraries have made. */
import { Clock, Effect } from "effect"
import { Driver, type Entry } from "effect-kv"

interface Mistakes {
  /** A fill that was read before a write is kept after the write. */
  readonly keepsRacingFills?: boolean
  /** A delete does not remove the copy. */
  readonly ignoresDeletes?: boolean
  /** Removes the copy before the write, not after it. */
  readonly invalidatesFirst?: boolean
  /** A write whose reply was lost does not remove the copy. */
  readonly ignoresFailedWrites?: boolean
  /** Keeps copies for a minute, whatever the TTL. */
  readonly ignoresTtls?: boolean
}

/** Caches everything that is read. Without a mistake, a fill is not kept if anything was written meanwhile. */
export const cache = (mistakes: Mistakes) =>
  Driver.wrapperEffect(
    Effect.sync(() => (far: Driver.Driver): Driver.Driver => {
      const copies = new Map<string, Entry.Entry>()
      const writing = new Map<string, number>()
      let writes = 0

      const get = (call: Driver.Get) =>
        Effect.flatMap(Clock.currentTimeMillis, (now) => {
          const near = call.keys.map((key) => copies.get(key))
          const isFresh = (entry: Entry.Entry | undefined): boolean => entry !== undefined && entry.expiresAt! > now
          if (!call.expiry && !call.versioned && near.every(isFresh)) return Effect.succeed(near)
          const before = writes
          return Effect.map(far.get({ ...call, expiry: true }), (found) => {
            call.keys.forEach((key, i) => {
              const entry = found[i]
              const raced = writes !== before || writing.has(key)
              if (entry === undefined || (raced && !mistakes.keepsRacingFills)) return
              const life = mistakes.ignoresTtls ? now + 60_000 : Math.min(entry.expiresAt ?? now + 60_000, now + 60_000)
              copies.set(key, { ...entry, expiresAt: life })
            })
            return found
          })
        })

      const invalidating = <C extends Driver.Put | Driver.Delete | Driver.CompareAndPut, A, E>(
        call: C,
        next: Driver.Next<C, A, E>
      ): Effect.Effect<A, E> => {
        const count = (by: number) => {
          for (const key of call.keys) {
            const left = (writing.get(key) ?? 0) + by
            if (left === 0) writing.delete(key)
            else writing.set(key, left)
          }
        }
        const forget = Effect.sync(() => {
          writes++
          for (const key of call.keys) copies.delete(key)
        })
        const begin = mistakes.keepsRacingFills ? Effect.void : Effect.sync(() => count(1))
        const end = mistakes.keepsRacingFills ? Effect.void : Effect.sync(() => count(-1))
        const write = Effect.suspend(() => next(call))
        if (mistakes.ignoresDeletes && call._tag === "delete") return write
        if (mistakes.invalidatesFirst) return Effect.andThen(forget, write)
        const after = mistakes.ignoresFailedWrites ? Effect.tap(write, forget) : Effect.ensuring(write, forget)
        return Effect.andThen(begin, Effect.ensuring(after, end))
      }

      return {
        ...far,
        get,
        put: (call) => invalidating(call, far.put),
        delete: (call) => invalidating(call, far.delete),
        atomic: { compareAndPut: (call) => invalidating(call, far.atomic!.compareAndPut) }
      }
    })
  )

/** Readers join a read in progress, even if a write was acknowledged since it began. */
export const coalescing = Driver.wrapper((driver) => {
  const underWay = new Map<string, Effect.Effect<any, any>>()
  return {
    ...driver,
    get: (call) =>
      Effect.suspend(() => {
        const id = call.keys.join()
        const found = underWay.get(id)
        if (found !== undefined && !call.versioned) return found
        return Effect.flatMap(Effect.cached(driver.get({ ...call, expiry: true })), (shared) => {
          underWay.set(id, shared)
          return Effect.ensuring(
            shared,
            Effect.sync(() => underWay.delete(id))
          )
        })
      })
  }
})
