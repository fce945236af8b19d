/** Rotation over a store with a damaged entry: it continues, and reports the entry. */
import { isDeepStrictEqual } from "node:util"
import { Context, Effect, Stream } from "effect"
import { KeyValue, Rotation } from "effect-kv"
import { build, corpusOf, otherKey, otherValue } from "../stack.ts"
import { type Instance, type Target, Violation } from "../target.ts"
import { aeadWrapper, fernetWrapper } from "./encryption.ts"
import { inMemory, raw, special } from "./sqlite.ts"

const target = (name: string, wrap: Parameters<typeof build>[1]): Target => ({
  name: `Rotation, ${name}`,
  weight: 2,
  make: Effect.gen(function* () {
    const below = raw(yield* inMemory)
    const context = yield* build(below.layer, wrap)
    const kv = Context.get(context, KeyValue.KeyValue)
    yield* kv.put(otherKey, otherValue)
    const stored = { own: yield* corpusOf(kv, below), other: yield* below.read(otherKey) }
    const rotate = Stream.runCollect(Rotation.rotate()).pipe(Effect.provideContext(context))
    return {
      batch: 1,
      input: (dice) => special(dice, stored),
      store: (inputs) => below.write(inputs.map((bytes) => ["key-0", bytes])),
      ways: {
        rotate: () =>
          Effect.gen(function* () {
            const all = yield* rotate
            const count = all.reduce((sum, { rotated, current }) => sum + rotated + current, 0)
            if (count >= 1 && isDeepStrictEqual(yield* kv.get(otherKey), otherValue)) return count
            return yield* new Violation({ kind: "incomplete", detail: `only ${count} rotated` })
          })
      }
    } satisfies Instance
  })
})

export const rotation: ReadonlyArray<Target> = [
  target("Aead", aeadWrapper("aes-256-gcm")),
  target("Fernet", fernetWrapper("binary"))
]
