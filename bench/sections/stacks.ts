import * as Effect from "effect/Effect"
import { inChild, inChildren, joined } from "../child.ts"
import * as ioredis from "../peers/ioredis.ts"
import { redis } from "../servers.ts"
import { stacks as all } from "../stacks.ts"
import type { Section } from "./Section.ts"

/** The name of the section in which each stack has its own process. */
export const apart = "stacks, 1 KiB, each in a process of its own"

/** How many processes each stack has there, one after the other. */
const processes = 5

/** The total CPU time of programs that use one stack, or do the same work by hand. */
const measureApart = (url: string, prefix: string) => {
  const withTarget = Object.entries(all).filter(([, { hasTarget }]) => hasTarget)
  const subjects = [ioredis.alone, ...withTarget.flatMap(([name, { byHand = [] }]) => [...byHand, name])]
  const round = Effect.forEach(subjects, (subject) => inChild("alone", apart, subject, url, prefix))
  return Effect.map(Effect.replicateEffect(round, processes), (rounds) =>
    joined(rounds.map((samples) => samples.flat()))
  )
}

/** The cost of wrappers over Redis. */
export const stacks: Section = {
  name: "stacks",
  title: "Stacks over Redis",
  about:
    "64 callers. `policies` is Timeout, Retry, Statistics and Tracing, without a tracer. `production` adds encryption, and compression from 4 KiB (from 1 KiB with py-key-value's envelopes, as in py-key-value). `by hand` calls the same codecs around ioredis, without policies unless a row says otherwise. Each stack takes turns with ioredis alone, and with the same work by hand, in its own process. The ratio compares it with ioredis in that process. In the last table, each stack has processes that do nothing else, and all of their CPU time counts. This includes garbage collection, which a median of short turns leaves out.",
  needsRedis: true,
  run: Effect.fnUntraced(function* (plan) {
    const { url, prefix } = yield* redis
    const names = Object.keys(all).filter((name) => plan.everything || all[name]!.hasTarget)
    const measured = yield* Effect.forEach(names, (name) =>
      inChildren(plan.processes, "stack", name, url, prefix, JSON.stringify(plan))
    )
    // ioredis alone and the work by hand were measured with every stack: keep each of them once.
    const known = new Set<string>()
    const together = measured.flat().filter(({ section, subject, what, figure }) => {
      const id = [section, subject, what, figure].join()
      return !known.has(id) && known.add(id)
    })
    return plan.everything ? [...together, ...(yield* measureApart(url, prefix))] : together
  })
}
