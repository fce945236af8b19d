import { deepStrictEqual } from "node:assert/strict"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { KeyValue, type KeyValueError } from "../src/index.ts"
import { type Candidate, effectful, plain, promised, type Run } from "./measure.ts"
import type { Peer } from "./peers/Peer.ts"
import { type JsonObject, key } from "./values.ts"

/** How many keys there are, and how many of them a batch has. */
const keyCount = 1000
const batchSize = 100

const keys = Array.from({ length: keyCount }, (_, i) => key(i))
const batches = Array.from({ length: keyCount / batchSize }, (_, i) => keys.slice(i * batchSize, (i + 1) * batchSize))

/** What can be done with a store, in the form in which its callers know it: promises, effects, or at once. */
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
  /** Puts the values that are read, and looks whether they come back. */
  readonly fill: (value: (i: number) => JsonObject) => Promise<void>
  /** Gets keys of so many, in an order that no cache of the processor can guess. */
  readonly scattered: (count: number) => Run
  /** Puts so many entries. */
  readonly load: (count: number, value: (i: number) => JsonObject) => Promise<void>
}

const make = <A>(subject: string, toRun: (operation: (i: number) => A) => Run, operations: Operations<A>): Store => {
  const { get, set, getMany, setMany } = operations
  /** Another value each time: SQLite has nothing to do for one that a row has already. */
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
      deepStrictEqual(await toPromise(get(keys[7]!)), value(7), `${subject} does not answer what was put`)
    }
  }
}

const batchOf = (i: number): Array<string> => batches[i % batches.length]!

const toPromise = (answer: unknown): Promise<unknown> =>
  Effect.isEffect(answer) ? Effect.runPromise(answer as Effect.Effect<unknown>) : Promise.resolve(answer)

/** A library's store, called by `async` loops. It is closed with the scope. */
export const ofPeer = (open: () => Promise<Peer>) =>
  Effect.map(
    Effect.acquireRelease(Effect.promise(open), (peer) => Effect.promise(() => peer.close())),
    (peer) => make(peer.subject, promised, peer)
  )

/** What answers at once. */
export const ofPlain = (subject: string, operations: Operations<unknown>): Store => make(subject, plain, operations)

/** What answers effects. */
export const ofEffects = <E>(subject: string, operations: Operations<Effect.Effect<unknown, E>>): Store =>
  make(subject, effectful, operations)

/** A stack of ours, called by fibers. */
export const ofLayer = <A, E>(subject: string, layer: Layer.Layer<A | KeyValue.KeyValue, E>) =>
  Effect.map(serviceOf(layer), ({ get, put, getMany, putMany }) =>
    ofEffects<KeyValueError.KeyValueError>(subject, {
      get,
      set: put,
      getMany,
      setMany: putMany
    })
  )

/** The service of a layer, as long as the scope is open. */
export const serviceOf = <A, E>(layer: Layer.Layer<A | KeyValue.KeyValue, E>) =>
  Effect.map(Layer.build(layer as Layer.Layer<KeyValue.KeyValue, E>), (context) =>
    Context.get(context, KeyValue.KeyValue)
  )
