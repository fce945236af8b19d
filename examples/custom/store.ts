/**
 * A store of one's own: a driver of three functions, here over a client that keeps documents.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Clock, Console, Effect } from "effect"
import { Driver, Entry, KeyValue, KeyValueError, Retry, Statistics, Value } from "effect-kv"
import { type Document, Documents } from "../support/documents.ts"

const make = Effect.gen(function* () {
  const documents = yield* Effect.acquireRelease(
    Effect.tryPromise({
      try: () => Documents.connect(),
      catch: (cause) => new KeyValueError.StoreSetupError({ module: "Documents", reason: "nobody answers", cause })
    }),
    (documents) => Effect.promise(() => documents.close())
  )

  /** A failure says where it was, whether it may pass, and whether a write may have been applied. */
  const request = <A>(place: KeyValueError.Place, run: () => Promise<A>) =>
    Effect.tryPromise({
      try: run,
      catch: (cause) => new KeyValueError.StoreUnavailableError({ ...place, reason: "no answer", sent: true, cause })
    })

  return {
    system: "documents",
    defaultCollection: Driver.defaultCollection,
    get: Effect.fnUntraced(function* (call) {
      const found = yield* request(call.place, () => documents.find(idsOf(call)))
      const now = yield* Clock.currentTimeMillis
      return found.map((document) => document && toEntry(document, now))
    }),
    put: (call) =>
      request(call.place, () => {
        const ids = idsOf(call)
        return documents.save(call.entries.map((entry, i) => toDocument(ids[i]!, entry)))
      }),
    delete: Effect.fnUntraced(function* (call) {
      const removed = yield* request(call.place, () => documents.remove(idsOf(call)))
      const now = yield* Clock.currentTimeMillis
      return removed.filter((document) => toEntry(document, now) !== undefined).length
    })
  } satisfies Driver.Driver
})

/** Different pairs of collection and key have different ids, whatever is in them. */
const idsOf = ({ collection, keys }: Driver.Get | Driver.Put | Driver.Delete) =>
  keys.map((key) => JSON.stringify([collection, key]))

const toDocument = (id: string, { payload, createdAt, expiresAt }: Entry.Entry): Document => ({
  id,
  value: payload.value,
  createdAt,
  expiresAt
})

/** What has expired is missing, for every operation. */
const toEntry = ({ value, createdAt, expiresAt }: Document, now: number): Entry.Entry | undefined => {
  const payload = value instanceof Uint8Array ? Value.Payload.bytes(value) : Value.Payload.json(value, true)
  const entry = { payload, createdAt, expiresAt }
  return Entry.isExpired(entry, now) ? undefined : entry
}

export const layer = Driver.layer(make)

const program = Effect.gen(function* () {
  const kv = yield* KeyValue.KeyValue
  yield* kv.put("alice", { name: "Alice" }, { collection: "users", ttl: "1 hour" })
  yield* Console.log(yield* kv.getMany(["alice", "bob"], { collection: "users" }))
  const { total } = yield* Statistics.Statistics.use((statistics) => statistics.snapshot)
  yield* Console.log("hit rate:", total.get?.hitRate)
})

// Every wrapper works with it.
const Store = layer.pipe(Retry.wrap(), Statistics.wrap())

if (import.meta.main) program.pipe(Effect.provide(Store), NodeRuntime.runMain)

// Prints:
// [ { name: 'Alice' }, undefined ]
// hit rate: 0.5
