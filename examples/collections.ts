/**
 * Collections with capabilities: updates, lists, TTLs that are renewed, results for each key, and values that an older
 * version of the program wrote.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Layer, Option, Result, Schema, Stream } from "effect"
import { Atomic, Collection, Enumeration, KeyValue, Maintenance, Memory } from "effect-kv"

const Price1 = Schema.Struct({ name: Schema.String, cents: Schema.Int })
const Price2 = Schema.Struct({ name: Schema.String, euros: Schema.Finite })
class Price extends Schema.Class<Price>("Price")({ title: Schema.String, euros: Schema.Finite }) {}

class Prices extends Collection.Service<Prices>()("prices", {
  schema: Price,
  ttl: "1 day",
  versions: [
    { schema: Price2, upgrade: ({ name, euros }) => new Price({ title: name, euros }) },
    { schema: Price1, upgrade: ({ name, cents }) => ({ name, euros: cents / 100 }) }
  ],
  capabilities: [Atomic.Atomic, Enumeration.Enumeration, Maintenance.Maintenance]
}) {}

const program = Effect.gen(function* () {
  const prices = yield* Prices
  const kv = yield* KeyValue.KeyValue

  // Written by older versions of this program, and by something else.
  const at = { collection: "prices" }
  yield* kv.put("tea", { name: "Tea", cents: 250 }, at)
  yield* kv.put("coffee", { name: "Coffee", euros: 3 }, at)
  yield* kv.put("water", "free", at)

  yield* Console.log(`tea: ${(yield* prices.getOrFail("tea")).euros} euros`)
  const [coffee, water] = yield* prices.getManyResults(["coffee", "water"])
  yield* Console.log(`coffee: ${coffee?._tag}, water: ${water && Result.isFailure(water) && water.failure._tag}`)
  yield* prices.delete("water")

  const dearer = Option.map(({ title, euros }: Price) => new Price({ title, euros: euros + 0.5 }))
  yield* prices.update("tea", dearer)
  yield* Console.log(`juice is new: ${yield* prices.putIfAbsent("juice", new Price({ title: "Juice", euros: 4 }))}`)
  yield* Console.log(`juice has a new TTL: ${yield* prices.touch("juice", { ttl: "2 days" })}`)

  yield* prices
    .upgrade()
    .pipe(Stream.runForEach(({ upgraded, current }) => Console.log(`${upgraded} upgraded, ${current} current`)))
  yield* Console.log("coffee is stored as", yield* kv.get("coffee", at))

  const all = yield* Stream.runCollect(prices.entries())
  for (const [key, { euros }] of all.sort(([a], [b]) => (a < b ? -1 : 1))) yield* Console.log(`${key}: ${euros}`)
  yield* Console.log(`${yield* prices.clear} entries removed`)
})

program.pipe(Effect.provide(Prices.layer.pipe(Layer.provideMerge(Memory.layer()))), NodeRuntime.runMain)

// Prints:
// tea: 2.5 euros
// coffee: Success, water: DeserializationError
// juice is new: true
// juice has a new TTL: true
// 1 upgraded, 2 current
// coffee is stored as { title: 'Coffee', euros: 3 }
// coffee: 3
// juice: 4
// tea: 3
// 3 entries removed
