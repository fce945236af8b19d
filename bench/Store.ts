import { deepStrictEqual } from "node:assert/strict"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { KeyValue, type KeyValueError } from "../src/index.ts"
import { type Candidate, effectful, plain, promised, type Run } from "./measure.ts"
import type { Peer } from "./peers/Peer.ts"
import { type JsonObject, key } from "./values.ts"

/** The number of keys, and the size of a batch. */
const keyCount = 1000
const batchSize = 100

const keys = Array.from({ length: keyCount }, (_, i) => key(i))
const batches = Array.from({ length: keyCount / batchSize }, (_, i) => keys.slice(i * batchSize, (i + 1) * batchSize))

/** The operations of a store. `A` is the form of their results: promises, effects or plain values. */
interface Operations<A> {
  readonly get: (key: string) => A
  readonly set: (key: string, value: JsonObject) => A
  readonly getMany?: (keys: Array<string>) => A
  readonly setMany?: (entries: ReadonlyArray<readonly [string, JsonObject]>) => A
}

/** A store to measure. */
export interface Store {
  readonly subject: string
  readonly singles: (value: (i: number) => JsonObject) => ReadonlyArray<Candidate>
  readonly batches: (value: (i: number) => JsonObject) => ReadonlyArray<Candidate>
  /** Puts the values that are read later, and checks that they come back. */
  readonly fill: (value: (i: number) => JsonObject) => Promise<void>
  /** Gets keys out of `count`, in an order that the processor's caches cannot predict. */
  readonly scattered: (count: number) => Run
  /** Puts `count` entries. */
  readonly load: (count: number, value: (i: number) => JsonObject) => Promise<void>
}

const make = <A>(subject: string, toRun: (operation: (i: number) => A) => Run, operations: Operations<A>): Store => {
  const { get, set, getMany, setMany } = operations
  /** A different value each time, because SQLite does nothing for a value that the row already has. */
  let written = 0
  const put = (value: (i: number) => JsonObject) => toRun((i) => set(keys[i % keyCount]!, value(written++)))
  return {
    subject,
    singles: (value) => [
      { subject, what: "get", run: toRun((i) => get(keys[i % keyCount]!)) },
      { subject, what: "put", run: put(value) }
    ],
    batches: (value) => [
      ...(getMany ? [{ subject, what: "get", each: batchSize, run: toRun((i) => getMany(batchOf(i))) }] : []),
      ...(setMany
        ? [
            {
              subject,
              what: "put",
              each: batchSize,
              run: toRun((i) => setMany(batchOf(i).map((key) => [key, value(written++)])))
            }
          ]
        : [])
    ],
    scattered: (count) => {
      const names = Array.from({ length: 4096 }, (_, i) => key((i * 7_919_777) % count))
      return toRun((i) => get(names[i % names.length]!))
    },
    load: (count, value) => toRun((i) => set(key(i), value(i)))(1, count),
    fill: async (value) => {
      await toRun((i) => set(keys[i]!, value(i)))(10, keyCount)
      deepStrictEqual(await toPromise(get(keys[7]!)), value(7), `${subject} does not return what was put`)
    }
  }
}

const batchOf = (i: number): Array<string> => batches[i % batches.length]!

const toPromise = (answer: unknown): Promise<unknown> =>
  Effect.isEffect(answer) ? Effect.runPromise(answer as Effect.Effect<unknown>) : Promise.resolve(answer)

/** The store of another library, called by `async` loops. It is closed with the scope. */
export const ofPeer = (open: () => Promise<Peer>) =>
  Effect.map(
    Effect.acquireRelease(Effect.promise(open), (peer) => Effect.promise(() => peer.close())),
    (peer) => make(peer.subject, promised, peer)
  )

/** A store with synchronous operations. */
export const ofPlain = (subject: string, operations: Operations<unknown>): Store => make(subject, plain, operations)

/** A store whose operations are effects. */
export const ofEffects = <E>(subject: string, operations: Operations<Effect.Effect<unknown, E>>): Store =>
  make(subject, effectful, operations)

/** A stack of effect-kv, called by fibers. */
export const ofLayer = <A, E>(subject: string, layer: Layer.Layer<A | KeyValue.KeyValue, E>) =>
  Effect.map(serviceOf(layer), ({ get, put, getMany, putMany }) =>
    ofEffects<KeyValueError.KeyValueError>(subject, {
      get,
      set: put,
      getMany,
      setMany: putMany
    })
  )

/** The service of a layer, which is valid while the scope is open. */
export const serviceOf = <A, E>(layer: Layer.Layer<A | KeyValue.KeyValue, E>) =>
  Effect.map(Layer.build(layer as Layer.Layer<KeyValue.KeyValue, E>), (context) =>
    Context.get(context, KeyValue.KeyValue)
  )
