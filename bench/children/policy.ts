/** Measures what a policy adds to the operations of stores. It has its own process, because a program has one stack. */
import * as Effect from "effect/Effect"
import { measure, median, type Sample } from "../measure.ts"
import { byHand, leaves, policies } from "../policies.ts"
import { ofLayer } from "../Store.ts"
import { small } from "../values.ts"

const [name, turns] = process.argv.slice(2) as [string, string]
const { ours, byHand: hand } = policies[name]!

const bare = "without"

const program = Effect.gen(function* () {
  const samples: Array<Sample> = []
  for (const [leaf, layer] of Object.entries(leaves)) {
    const stores = yield* Effect.all([
      ofLayer(bare, layer),
      ofLayer(name, ours(layer)),
      ...(hand ? [ofLayer(byHand(name), hand(layer))] : [])
    ])
    for (const store of stores) yield* Effect.promise(() => store.fill(small))
    const measured = yield* Effect.promise(() =>
      measure(
        `wrappers, ${leaf}`,
        stores.flatMap((store) => store.singles(small)),
        { turns: Number(turns), callers: [64], latencies: false }
      )
    )
    const cpu = measured.filter(({ figure }) => figure === "cpu")
    for (const sample of cpu) {
      if (sample.subject === bare) continue
      const base = cpu.find(({ subject, what }) => subject === bare && what === sample.what)!
      samples.push({ ...sample, figure: "added", values: [median(sample.values) - median(base.values)] })
    }
  }
  process.stdout.write(JSON.stringify(samples))
})

Effect.runPromise(Effect.scoped(program))
