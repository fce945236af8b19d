import * as NodeRedis from "@effect/platform-node/NodeRedis"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as KeyValueStore from "effect/persistence/KeyValueStore"
import * as Persistence from "effect/persistence/Persistence"
import { ofEffects } from "../Store.ts"
import type { Place } from "./Peer.ts"

const backing = Effect.fnUntraced(function* <E>(layer: Layer.Layer<Persistence.BackingPersistence, E>, name: string) {
  const context = yield* Layer.build(layer)
  return yield* Context.get(context, Persistence.BackingPersistence).make(name)
})

const subject = "Effect BackingPersistence"

const over = <E>(layer: Layer.Layer<Persistence.BackingPersistence, E>, name: string) =>
  Effect.map(backing(layer, name), ({ get, set, getMany, setMany }) =>
    ofEffects(subject, {
      get,
      set: (key, value) => set(key, value, undefined),
      getMany: ([first, ...others]) => getMany([first!, ...others]),
      setMany: ([first, ...others]) =>
        setMany([[...first!, undefined], ...others.map(([key, value]) => [key, value, undefined] as const)])
    })
  )

/** Effect's own persistence, over node-redis. */
export const overRedis = ({ url, prefix }: Place) =>
  over(Persistence.layerBackingRedis.pipe(Layer.provide(NodeRedis.layer({ url }))), `${prefix}effect`)

export const inMemory = over(Persistence.layerBackingMemory, "bench")

const strings = <E>(layer: Layer.Layer<KeyValueStore.KeyValueStore, E>) =>
  Effect.map(Layer.build(layer), (context) => {
    const store = Context.get(context, KeyValueStore.KeyValueStore)
    return ofEffects("Effect KeyValueStore + JSON", {
      get: (key) => Effect.map(store.get(key), (text) => (text === undefined ? undefined : JSON.parse(text))),
      set: (key, value) => Effect.suspend(() => store.set(key, JSON.stringify(value)))
    })
  })

/** Effect's store of strings, with JSON encoded by hand. */
export const keyValueStoreInMemory = strings(KeyValueStore.layerMemory)

/** The same in files. */
export const keyValueStoreInFiles = (directory: string) =>
  strings(KeyValueStore.layerFileSystem(directory).pipe(Layer.provide(NodeServices.layer)))
