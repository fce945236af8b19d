/**
 * Your own store: a driver of three functions, here over the client of a document database.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Array, Clock, Console, Effect } from "effect"
import { Driver, Entry, KeyValue, KeyValueError, Retry, Statistics, Value } from "effect-kv"
import { type Document, Documents } from "../support/documents.ts"

const make = Effect.gen(function* () {
  const documents = yield* Effect.acquireRelease(
    Effect.tryPromise({
      try: () => Documents.connect(),
      catch: (cause) => new KeyValueError.StoreSetupError({ module: "Documents", reason: "no connection", cause })
    }),
    (documents) => Effect.promise(() => documents.close())
  )

  /** The error says which call failed, that it may be retried, and that a write may have been applied. */
  const request = <A>({ place }: Driver.Call, run: () => Promise<A>) =>
    Effect.tryPromise({
      try: run,
      catch: (cause) => new KeyValueError.StoreUnavailableError({ ...place, reason: "no answer", sent: true, cause })
    })

  return {
    system: "documents",
    defaultCollection: Driver.defaultCollection,
    get: (call) =>
      Effect.flatMap(
        request(call, () => documents.find(idsOf(call))),
        toEntries
      ),
    put: (call) => request(call, () => documents.save(Array.zipWith(idsOf(call), call.entries, toDocument))),
    delete: (call) =>
      Effect.map(
        Effect.flatMap(
          request(call, () => documents.remove(idsOf(call))),
          toEntries
        ),
        (removed) => removed.filter((entry) => entry !== undefined).length
      )
  } satisfies Driver.Driver
})

/** Different pairs of collection and key have different ids, whatever characters they contain. */
const idsOf = ({ collection, keys }: Driver.Get | Driver.Put | Driver.Delete) =>
  keys.map((key) => JSON.stringify([collection, key]))

const toDocument = (id: string, { payload, createdAt, expiresAt }: Entry.Entry): Document => ({
  id,
  value: payload.value,
  createdAt,
  expiresAt
})

/** Expired entries are missing for every operation. */
const toEntries = (documents: ReadonlyArray<Document | undefined>) =>
  Effect.map(Clock.currentTimeMillis, (now) =>
    documents.map((document) => {
      const entry = document && toEntry(document)
      return entry && Entry.isExpired(entry, now) ? undefined : entry
    })
  )

const toEntry = ({ value, createdAt, expiresAt }: Document): Entry.Entry => ({
  payload: value instanceof Uint8Array ? Value.Payload.bytes(value) : Value.Payload.json(value, true),
  createdAt,
  expiresAt
})

export const layer = Driver.layer(make)

const program = Effect.gen(function* () {
  const kv = yield* KeyValue.KeyValue
  yield* kv.put("alice", { name: "Alice" }, { collection: "users", ttl: "1 hour" })
  yield* Console.log(yield* kv.getMany(["alice", "bob"], { collection: "users" }))
  const { total } = yield* Statistics.Statistics.use((statistics) => statistics.snapshot)
  yield* Console.log("hit rate:", total.get?.hitRate)
})

// All wrappers work with this store.
const Store = layer.pipe(Retry.wrap(), Statistics.wrap())

if (import.meta.main) program.pipe(Effect.provide(Store), NodeRuntime.runMain)

// Prints:
// [ { name: 'Alice' }, undefined ]
// hit rate: 0.5
