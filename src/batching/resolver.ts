import type { NonEmptyArray } from "effect/Array"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Request from "effect/Request"
import * as RequestResolver from "effect/RequestResolver"
import * as Result from "effect/Result"
import { CurrentRequest, type Request as HostRequest } from "../concurrency/request.ts"
import { isEntryError, readEach } from "../driver/service/readEach.ts"
import { atPlace } from "../errors/atPlace.ts"
import type { Service } from "../KeyValue.ts"
import type { Place, ReadError } from "../KeyValueError.ts"
import { withoutBudget } from "../time/budget.ts"
import { copy, type Value } from "../Value.ts"

/**
 * A request for the value of a key.
 *
 * **Details**
 *
 * Two requests with the same fields are equal, so `RequestResolver.withCache` and `RequestResolver.asCache` work.
 *
 * @since 0.2.0
 */
export class Get extends Request.TaggedClass("effect-kv/Batching/Get")<
  {
    readonly key: string
    /** Default: the default collection of the store. */
    readonly collection?: string | undefined
  },
  Value | undefined,
  ReadError
> {}

type Entry = Request.Entry<Get>

/** Makes a resolver that reads the requests of one turn and one collection with one `getMany`. */
export const resolverOf = (kv: Service, maxBatchSize: number): RequestResolver.RequestResolver<Get> => {
  const collectionOf = ({ request }: Entry) => request.collection || kv.driver.defaultCollection
  const groups = new WeakMap<HostRequest, Map<string, object>>()
  return RequestResolver.makeWith<Get>({
    // Only operations that may share work get the same key: see `Requests`.
    batchKey: (entry) => {
      const host = Context.get(entry.context as Context.Context<never>, CurrentRequest)
      if (host === "shared") return collectionOf(entry)
      if (host === "unknown") return entry
      let byCollection = groups.get(host)
      if (byCollection === undefined) groups.set(host, (byCollection = new Map()))
      const collection = collectionOf(entry)
      let group = byCollection.get(collection)
      if (group === undefined) byCollection.set(collection, (group = {}))
      return group
    },
    delay: Effect.yieldNow,
    collectWhile: (entries) => entries.size < maxBatchSize,
    runAll: (entries) => withoutBudget(runAll(kv, entries, collectionOf(entries[0])))
  })
}

const runAll = (kv: Service, entries: NonEmptyArray<Entry>, collection: string): Effect.Effect<void> => {
  const waiting = new Map<string, Array<Entry>>()
  for (const entry of entries) {
    const others = waiting.get(entry.request.key)
    if (others === undefined) waiting.set(entry.request.key, [entry])
    else others.push(entry)
  }
  const fail = (key: string, error: ReadError) => {
    const place: Place = { operation: "get", collection, keys: [key] }
    for (const entry of waiting.get(key)!) entry.completeUnsafe(Exit.fail(atPlace(error, place)))
  }
  const done = (key: string, result: Result.Result<Value | undefined, ReadError>) => {
    if (Result.isFailure(result)) fail(key, result.failure)
    else {
      const [first, ...others] = waiting.get(key)!
      // The copies are made before the first caller can change its value.
      for (const entry of others) entry.completeUnsafe(Exit.succeed(copyOf(result.success)))
      first!.completeUnsafe(Exit.succeed(result.success))
    }
    waiting.delete(key)
  }
  return Effect.catch(
    readEach((keys) => kv.getMany(keys, { collection }), [...waiting.keys()], isOwn, done),
    (error) =>
      Effect.sync(() => {
        for (const key of waiting.keys()) fail(key, error)
      })
  )
}

/** Whether an error concerns only the key that it names. */
const isOwn = (error: ReadError): error is ReadError => isEntryError(error) || error._tag === "InvalidKeyError"

const copyOf = (value: Value | undefined): Value | undefined => value && copy(value)
