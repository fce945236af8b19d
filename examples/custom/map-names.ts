/**
 * A wrapper made with `Driver.mapNames`, which changes the names of keys and collections in the store.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Stream } from "effect"
import { Driver, Enumeration, KeyValue, Memory } from "effect-kv"

/**
 * Writes `A` as `^a` and `^` as `^^`, so that different names stay different where case is ignored. Each character is
 * encoded on its own, so that a prefix of a name stays a prefix.
 */
const encode = (name: string) => name.replace(/[A-Z^]/g, (character) => `^${character.toLowerCase()}`)

const decode = (name: string) => {
  const decoded = name.replace(/\^(.)/g, (_, character: string) => character.toUpperCase())
  return encode(decoded) === name ? decoded : undefined // not a name that `encode` returns
}

/** Writes names in lower case, for stores that ignore case. */
export const lowerCase = Driver.wrapper(Driver.mapNames({ collection: { encode, decode }, key: { encode, decode } }))

const Base = Memory.layer()
const Store = Base.pipe(lowerCase)

const program = Effect.gen(function* () {
  const kv = yield* KeyValue.KeyValue
  yield* kv.putMany([
    ["Alice", 1],
    ["alice", 2],
    ["^", 3]
  ])
  yield* Console.log(yield* kv.getMany(["Alice", "alice", "ALICE", "^"]))

  const keys = Enumeration.Enumeration.use(({ keys }) => Stream.runCollect(keys()))
  yield* Console.log("outside:", yield* keys)
  yield* Console.log("inside:", yield* Effect.provide(keys, Base))
})

if (import.meta.main) program.pipe(Effect.provide(Store), NodeRuntime.runMain)

// Prints:
// [ 1, 2, undefined, 3 ]
// outside: [ 'Alice', 'alice', '^' ]
// inside: [ '^alice', 'alice', '^^' ]
