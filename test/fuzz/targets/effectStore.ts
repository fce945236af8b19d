/** Texts in an Effect `KeyValueStore`. */
import { Effect, Layer } from "effect"
import { KeyValueStore } from "effect/persistence"
import type { Enumeration, Maintenance } from "effect-kv"
import * as EffectStore from "effect-kv/EffectStore"
import type { Raw } from "../raw.ts"
import { instance } from "../stack.ts"
import type { Target } from "../target.ts"

/** A store of texts over a map that the test can change directly. */
export const texts = (all: Map<string, string>): Layer.Layer<KeyValueStore.KeyValueStore> =>
  Layer.succeed(
    KeyValueStore.KeyValueStore,
    KeyValueStore.makeStringOnly({
      get: (key) => Effect.sync(() => all.get(key)),
      set: (key, value) => Effect.sync(() => all.set(key, value)),
      remove: (key) => Effect.sync(() => all.delete(key)),
      clear: Effect.sync(() => all.clear()),
      keys: Effect.sync(() => [...all.keys()]),
      size: Effect.sync(() => all.size)
    })
  )

const raw = (): Raw<Enumeration.Enumeration | Maintenance.Maintenance> => {
  const all = new Map<string, string>()
  const nameOf = (key: string): string => `default_collection::${key}`
  return {
    layer: EffectStore.layer().pipe(Layer.provide(texts(all))),
    read: (key) => Effect.sync(() => Buffer.from(all.get(nameOf(key))!)),
    write: (entries) =>
      Effect.sync(() => {
        // A text may hold lone surrogates, which UTF-8 cannot encode.
        for (const [key, bytes] of entries) all.set(nameOf(key), textOf(bytes))
      })
  }
}

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString().replaceAll("\uFFFD", "\uD800")

export const effectStore: Target = {
  name: "EffectStore",
  weight: 8,
  make: Effect.suspend(() => instance({ raw: raw(), wrap: (store) => store }))
}
