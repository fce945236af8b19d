/** Values that do not always fit the schema of their collection. */
import { Context, Effect, Schema } from "effect"
import { Collection, KeyValue } from "effect-kv"
import { defaultCollection } from "../../../src/driver/Driver.ts"
import type { Dice } from "../Dice.ts"
import * as jsonMutations from "../jsonMutations.ts"
import { damaged } from "../mutations.ts"
import * as raw from "../raw.ts"
import { entryOf, payloadOf } from "../sealed.ts"
import { ownText } from "../secrets.ts"
import { build, keyOf } from "../stack.ts"
import type { Instance, Target } from "../target.ts"

class Person extends Schema.Class<Person>("Person")({
  name: Schema.String,
  age: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 150 })),
  born: Schema.Date,
  tags: Schema.Array(Schema.Literals(["a", "b", "c"])),
  more: Schema.optionalKey(Schema.Record(Schema.String, Schema.Union([Schema.Finite, Schema.NullOr(Schema.Boolean)])))
}) {}

const people = [
  new Person({ name: ownText, age: 30, born: new Date(0), tags: ["a", "b"], more: { x: 1.5, y: null } }),
  new Person({ name: ownText.repeat(10), age: 0, born: new Date(8.64e15), tags: [] })
]

const values = people.map((person) =>
  Buffer.from(JSON.stringify(Schema.encodeSync(Schema.toCodecJson(Person))(person)))
)

/** A valid entry whose value nearly fits the schema. */
const misfit = (dice: Dice): Uint8Array => {
  let value = dice.pick(values) as Uint8Array
  for (let i = dice.below(2); i >= 0; i--) value = jsonMutations.mutate(dice, value, (inside) => inside) ?? value
  return entryOf(payloadOf(value))
}

const target = (onInvalid: "fail" | "miss"): Target => ({
  name: `Collection, ${onInvalid}`,
  weight: 5,
  make: Effect.gen(function* () {
    const below = raw.memory()
    const context = yield* build(below.layer, (store) => store)
    const all = yield* Effect.provide(
      Collection.make({ collection: defaultCollection, schema: Person, onInvalid }),
      Context.pick(KeyValue.KeyValue)(context)
    )
    const corpus = yield* Effect.forEach(people, (person) =>
      Effect.andThen(all.put(keyOf(0), person), below.read(keyOf(0)))
    )
    return {
      batch: 1,
      input: (dice) => (dice.oneIn(4) ? damaged(dice, corpus) : misfit(dice)),
      store: (inputs) => below.write(inputs.map((bytes, slot) => [keyOf(slot), bytes])),
      ways: {
        get: (slot) => all.get(keyOf(slot)),
        getOrFail: (slot) => all.getOrFail(keyOf(slot)),
        getMany: (slot) => Effect.map(all.getMany(["nobody", keyOf(slot)]), ([, found]) => found),
        ttl: (slot) => all.ttl(keyOf(slot)),
        getOrSet: (slot) => all.getOrSet(keyOf(slot), Effect.succeed(people[0]!))
      }
    } satisfies Instance
  })
})

export const collection: ReadonlyArray<Target> = [target("fail"), target("miss")]
