/** What the demo does with the documents: stores them all, and reads them back in several ways. */

import { isDeepStrictEqual } from "node:util"
import { Array, Effect, Option } from "effect"
import type { Collection, KeyValueError } from "effect-kv"
import { type Documents, Manifests, Readmes } from "./documents.ts"
import { phase } from "./progress.ts"

/** A document that did not come back as it was stored. */
export interface Damage {
  readonly key: string
  readonly what: "missing" | "different"
}

/** What is wrong with what came back, if anything. */
export const compare = <A>(key: string, expected: A, found: Option.Option<A>): ReadonlyArray<Damage> => {
  if (Option.isNone(found)) return [{ key, what: "missing" }]
  return isDeepStrictEqual(found.value, expected) ? [] : [{ key, what: "different" }]
}

type Errors = KeyValueError.ReadError | KeyValueError.WriteError

/** Stores one collection in batches. */
const store = <A>(name: string, collection: Collection.Collection<A>, documents: ReadonlyMap<string, A>) =>
  phase(name, documents.size, (advance) =>
    Effect.forEach(
      Array.chunksOf(documents, 20),
      (batch) => Effect.andThen(collection.putMany(batch), advance(batch.length)),
      { concurrency: 4, discard: true }
    )
  )

/** Reads one collection key by key. */
const readEach = <A>(name: string, collection: Collection.Collection<A>, documents: ReadonlyMap<string, A>) =>
  phase(name, documents.size, (advance) =>
    Effect.forEach(
      documents,
      ([key, expected]) =>
        Effect.tap(
          Effect.map(collection.get(key), (found) => compare(key, expected, found)),
          advance(1)
        ),
      { concurrency: 16 }
    )
  )

/** Reads one collection in batches. */
const readMany = <A>(name: string, collection: Collection.Collection<A>, documents: ReadonlyMap<string, A>) =>
  phase(name, documents.size, (advance) =>
    Effect.forEach(
      Array.chunksOf(documents, 25),
      (batch) =>
        Effect.map(collection.getMany(batch.map(([key]) => key)), (found) =>
          batch.flatMap(([key, expected], i) => compare(key, expected, found[i]!))
        ).pipe(Effect.tap(advance(batch.length))),
      { concurrency: 4 }
    )
  )

/** Stores and reads everything, and answers what was damaged. */
export const all = Effect.fn("work.all")(function* (
  documents: Documents
): Effect.fn.Return<ReadonlyArray<Damage>, Errors, Manifests | Readmes> {
  const manifests = yield* Manifests
  const readmes = yield* Readmes
  yield* store("storing manifests", manifests, documents.manifests)
  yield* store("storing READMEs", readmes, documents.readmes)
  const rounds = [
    yield* readEach("reading one by one", manifests, documents.manifests),
    yield* readEach("reading one by one", readmes, documents.readmes),
    yield* readMany("reading in batches", readmes, documents.readmes),
    yield* readMany("reading in batches", manifests, documents.manifests),
    yield* readEach("reading once more", manifests, documents.manifests),
    yield* readEach("reading once more", readmes, documents.readmes)
  ]
  return rounds.flat(2)
})
