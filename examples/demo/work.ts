/** Stores all documents and reads them back, singly and in batches. */
import { isDeepStrictEqual } from "node:util"
import { Array, Effect, Option, Random } from "effect"
import type { Collection, KeyValueError } from "effect-kv"
import { type Documents, Manifests, Readmes } from "./documents.ts"
import { phase } from "./progress.ts"

/** A document that did not come back as it was stored. */
export interface Damage {
  /** Its collection and key. */
  readonly document: string
  readonly what: string
}

/** Compares a document that was read with the one that was stored. Returns the difference, if there is one. */
export const compare = <A>(
  document: string,
  expected: Option.Option<A>,
  found: Option.Option<A>
): ReadonlyArray<Damage> => {
  if (Option.isNone(expected)) return Option.isNone(found) ? [] : [{ document, what: "was never stored" }]
  if (Option.isNone(found)) return [{ document, what: "is missing" }]
  return isDeepStrictEqual(found.value, expected.value) ? [] : [{ document, what: "is different" }]
}

type Errors = KeyValueError.ReadError | KeyValueError.WriteError

/** An operation on some documents, one of the many that make up a phase. */
interface Step {
  readonly documents: ReadonlyArray<string>
  readonly damages: Effect.Effect<ReadonlyArray<Damage>, Errors>
}

const nameIn =
  ({ collection }: { readonly collection: string }) =>
  (key: string): string =>
    `${collection}/${key}`

const inBatches = <A>(all: Iterable<A>): ReadonlyArray<ReadonlyArray<A>> => Array.chunksOf(Array.fromIterable(all), 20)

const stores = <A>(collection: Collection.Collection<A>, documents: ReadonlyMap<string, A>): ReadonlyArray<Step> =>
  inBatches(documents).map((batch) => ({
    documents: batch.map(([key]) => nameIn(collection)(key)),
    damages: Effect.as(collection.putMany(batch), [])
  }))

/** Reads a document for each package, including packages without one. */
const reads = <A>(
  collection: Collection.Collection<A>,
  documents: ReadonlyMap<string, A>,
  packages: ReadonlyArray<string>,
  how: "singly" | "in batches"
): ReadonlyArray<Step> => {
  const check = (key: string, found: Option.Option<A>) =>
    compare(nameIn(collection)(key), Option.fromUndefinedOr(documents.get(key)), found)
  return how === "singly"
    ? packages.map((key) => ({
        documents: [nameIn(collection)(key)],
        damages: Effect.map(collection.get(key), (found) => check(key, found))
      }))
    : inBatches(packages).map((keys) => ({
        documents: keys.map(nameIn(collection)),
        damages: Effect.map(collection.getMany(keys), (found) => keys.flatMap((key, i) => check(key, found[i]!)))
      }))
}

/** A failed operation damages only its own documents; the others continue. */
const outcome = ({ documents, damages }: Step): Effect.Effect<ReadonlyArray<Damage>> =>
  Effect.catch(damages, ({ _tag }) =>
    Effect.succeed(documents.map((document) => ({ document, what: `failed with ${_tag}` })))
  )

const runAll = (name: string, steps: ReadonlyArray<Step>) => {
  const total = steps.reduce((sum, { documents }) => sum + documents.length, 0)
  return phase(name, total, (advance) =>
    Effect.forEach(steps, (step) => Effect.tap(outcome(step), advance(step.documents.length)), { concurrency: 8 })
  ).pipe(Effect.map(Array.flatten))
}

/**
 * Stores everything, reads it in several rounds, and returns the damaged documents. The first damage ends the rounds.
 */
export const storeAndRead = Effect.fn("work.storeAndRead")(function* (
  documents: Documents,
  { rounds, seed }: { readonly rounds: number; readonly seed: string }
) {
  const manifests = yield* Manifests
  const readmes = yield* Readmes
  let damages = yield* runAll("storing", [
    ...stores(manifests, documents.manifests),
    ...stores(readmes, documents.readmes)
  ])
  for (let round = 1; round <= rounds && damages.length === 0; round++) {
    const packages = yield* Random.withSeed(Random.shuffle(documents.manifests.keys()), `${seed} ${round}`)
    const [a, b] = round % 2 === 1 ? (["singly", "in batches"] as const) : (["in batches", "singly"] as const)
    damages = yield* runAll(`reading, round ${round}`, [
      ...reads(manifests, documents.manifests, packages, a),
      ...reads(readmes, documents.readmes, packages, b)
    ])
  }
  return damages
})
