import * as Effect from "effect/Effect"
import { inChild, inChildren, joined } from "../child.ts"
import * as ioredis from "../peers/ioredis.ts"
import { redis } from "../servers.ts"
import { stacks as all } from "../stacks.ts"
import type { Section } from "./Section.ts"

/** The section of stacks that have a process each. */
export const apart = "stacks, 1 KiB, each in a process of its own"

/** How many processes each has there, in turn. */
const processes = 5

/** All of the CPU time of programs that use one stack, or do the same by hand. */
const measureApart = (url: string, prefix: string) => {
  const withTarget = Object.entries(all).filter(([, { hasTarget }]) => hasTarget)
  const subjects = [ioredis.alone, ...withTarget.flatMap(([name, { byHand = [] }]) => [...byHand, name])]
  const round = Effect.forEach(subjects, (subject) => inChild("alone", apart, subject, url, prefix))
  return Effect.map(Effect.replicateEffect(round, processes), (rounds) =>
    joined(rounds.map((samples) => samples.flat()))
  )
}

/** What wrappers cost over Redis. */
export const stacks: Section = {
  name: "stacks",
  title: "Stacks over Redis",
  about:
    "64 callers. `policies` is Timeout, Retry, Statistics and Tracing, with no tracer installed; `production` adds encryption, and compression from 4 KiB (with py-key-value's envelopes from 1 KiB, as there); `by hand` is the same codecs called around ioredis, without policies; or, where it says so, with policies and in fibers. Each stack takes turns with ioredis alone, and the same by hand, in a process of its own: the ratio is that to ioredis there. In the last table, each has processes that do nothing else, and all of their CPU time counts: what it takes to collect the garbage, too, which a median of short turns leaves out.",
  needsRedis: true,
  run: Effect.fnUntraced(function* (plan) {
    const { url, prefix } = yield* redis
    const names = Object.keys(all).filter((name) => plan.everything || all[name]!.hasTarget)
    const measured = yield* Effect.forEach(names, (name) =>
      inChildren(plan.processes, "stack", name, url, prefix, JSON.stringify(plan))
    )
    // ioredis alone, and what is done by hand, was there each time.
    const known = new Set<string>()
    const together = measured.flat().filter(({ section, subject, what, figure }) => {
      const id = [section, subject, what, figure].join()
      return !known.has(id) && known.add(id)
    })
    return plan.everything ? [...together, ...(yield* measureApart(url, prefix))] : together
  })
}
