/**
 * Measures a stack over Redis, beside the client alone and the same work by hand. It has its own process, because a
 * program has one stack.
 */
import * as Effect from "effect/Effect"
import { ratio } from "../figures.ts"
import { measure, type Sample } from "../measure.ts"
import { openOverRedis } from "../overRedis.ts"
import * as ioredis from "../peers/ioredis.ts"
import type { Plan } from "../sections/Section.ts"
import { stacks } from "../stacks.ts"
import { oneKiB, sixtyFourKiB } from "../values.ts"

const [name, url, prefix, text] = process.argv.slice(2) as [string, string, string, string]
const plan = JSON.parse(text) as Plan
const stack = stacks[name]!

const sizes = [
  { section: "stacks, 1 KiB", value: oneKiB, turns: plan.turns },
  // One call per caller already takes longer than several turns.
  ...(plan.everything ? [{ section: "stacks, 64 KiB", value: sixtyFourKiB, turns: Math.ceil(plan.turns / 5) }] : [])
]

/** The ratios of each subject to ioredis alone, and to the work by hand. */
const ratios = (samples: ReadonlyArray<Sample>): ReadonlyArray<Sample> => {
  const cpu = samples.filter(({ figure }) => figure === "cpu")
  const against = (figure: string, sample: Sample, base: string): Sample => {
    const times = ratio(cpu, sample, { ...sample, subject: base }) ?? Number.NaN
    return { ...sample, figure, unit: "×", values: [times] }
  }
  return cpu.flatMap((sample) => [
    against("ratio", sample, ioredis.alone),
    ...(stack.byHand ? [against("by hand", sample, stack.byHand[0])] : [])
  ])
}

const program = Effect.gen(function* () {
  const subjects = [ioredis.alone, ...(stack.byHand ?? []), name]
  const stores = yield* Effect.forEach(subjects, (subject) => openOverRedis(subject, { url, prefix }))
  const samples: Array<Sample> = []
  for (const { section, value, turns } of sizes) {
    for (const store of stores) yield* Effect.promise(() => store.fill(value))
    const measured = yield* Effect.promise(() =>
      measure(
        section,
        stores.flatMap((store) => store.singles(value)),
        { turns, callers: [64], latencies: plan.everything }
      )
    )
    samples.push(...measured, ...ratios(measured))
  }
  process.stdout.write(JSON.stringify(samples))
})

Effect.runPromise(Effect.scoped(program))
