/** Measures a program that only uses one stack over Redis, or only does the same work by hand. */
import * as Effect from "effect/Effect"
import { type Sample, sustained } from "../measure.ts"
import { openOverRedis } from "../overRedis.ts"
import { oneKiB } from "../values.ts"

const [section, subject, url, prefix] = process.argv.slice(2) as [string, string, string, string]

const program = Effect.gen(function* () {
  const store = yield* openOverRedis(subject, { url, prefix })
  yield* Effect.promise(() => store.fill(oneKiB))
  const samples: Array<Sample> = []
  for (const candidate of store.singles(oneKiB)) {
    samples.push(yield* Effect.promise(() => sustained(section, candidate, 64)))
  }
  process.stdout.write(JSON.stringify(samples))
})

Effect.runPromise(Effect.scoped(program))
