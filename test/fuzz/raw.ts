/** The bytes below a stack by key, which can be changed without the stack. */
import { Effect, type Layer } from "effect"
import type { Atomic, KeyValue, Maintenance } from "effect-kv"
import * as Call from "../../src/driver/Call.ts"
import { isExpired } from "../../src/Entry.ts"
import { Driver, type Entry, ManagedEntry } from "../../src/index.ts"
import { DeserializationError } from "../../src/KeyValueError.ts"

export interface Raw<Capabilities> {
  readonly layer: Layer.Layer<Capabilities | KeyValue.KeyValue, unknown>
  readonly read: (key: string) => Effect.Effect<Uint8Array>
  readonly write: (entries: ReadonlyArray<readonly [key: string, bytes: Uint8Array]>) => Effect.Effect<void>
}

/** A memory store that keeps exactly the bytes that a store on a server would keep. */
export const memory = (): Raw<Maintenance.Maintenance | Atomic.Atomic> => {
  const all = new Map<string, Uint8Array>()
  return {
    layer: Driver.layer(Effect.succeed(driver(all))),
    read: (key) => Effect.sync(() => all.get(key)!),
    write: (entries) =>
      Effect.sync(() => {
        for (const [key, bytes] of entries) all.set(key, bytes)
      })
  }
}

const encode = (collection: string, key: string, entry: Entry.Entry): Uint8Array => {
  const stored = ManagedEntry.encode(collection, key, entry, { frameNames: false })
  return typeof stored === "string" ? Buffer.from(stored) : stored
}

const hasExpired = (stored: Uint8Array): boolean => {
  const decoded = ManagedEntry.decode(stored)
  return decoded._tag === "Success" && isExpired(decoded.success.entry, Date.now())
}

const driver = (all: Map<string, Uint8Array>) => {
  const read = (call: Call.Get, index: number) =>
    Effect.clockWith((clock) => {
      const stored = all.get(call.keys[index]!)
      if (stored === undefined) return Effect.undefined
      const decoded = ManagedEntry.decode(stored)
      if (decoded._tag === "Failure") {
        return Effect.fail(new DeserializationError({ ...Call.placeOf(call, index), reason: decoded.failure }))
      }
      const { entry } = decoded.success
      return Effect.succeed(
        isExpired(entry, clock.currentTimeMillisUnsafe()) ? undefined : { ...entry, version: stored }
      )
    })
  return {
    system: "raw",
    defaultCollection: Driver.defaultCollection,
    get: (call) => Effect.forEach(call.keys, (_, index) => read(call, index)),
    put: (call) =>
      Effect.sync(() => {
        for (const [i, key] of call.keys.entries()) all.set(key, encode(call.collection, key, call.entries[i]!))
      }),
    delete: (call) => Effect.sync(() => call.keys.filter((key) => all.delete(key)).length),
    atomic: {
      compareAndPut: (call) =>
        Effect.sync(() => {
          const key = call.keys[0]!
          const stored = all.get(key)
          if (stored !== call.expected && !(call.expected === undefined && hasExpired(stored!))) return false
          if (call.entry === undefined) all.delete(key)
          else all.set(key, encode(call.collection, key, call.entry))
          return true
        })
    },
    maintenance: {
      clear: () =>
        Effect.sync(() => {
          all.clear()
          return { count: 0, next: undefined }
        }),
      removeExpired: () => Effect.succeed({ count: 0, next: undefined })
    }
  } satisfies Driver.Driver
}
