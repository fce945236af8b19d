import * as Effect from "effect/Effect"
import { inChildren } from "../child.ts"
import { redis } from "../servers.ts"
import { stacks as all } from "../stacks.ts"
import type { Section } from "./Section.ts"

/** What wrappers cost over Redis. */
export const stacks: Section = {
  name: "stacks",
  title: "Stacks over Redis",
  about:
    "64 callers. `policies` is Timeout, Retry, Statistics and Tracing, with no tracer installed; `production` adds encryption, and compression from 4 KiB (with py-key-value's envelopes from 1 KiB, as there); `by hand` is the same codecs called around ioredis, without policies; or, where it says so, with policies and in fibers. Each stack takes turns with ioredis alone, and the same by hand, in a process of its own: the ratio is that to ioredis there.",
  needsRedis: true,
  run: Effect.fnUntraced(function* (plan) {
    const { url, prefix } = yield* redis
    const names = Object.keys(all).filter((name) => plan.everything || all[name]!.hasTarget)
    const measured = yield* Effect.forEach(names, (name) =>
      inChildren(plan.processes, "stack", name, url, prefix, JSON.stringify(plan))
    )
    // ioredis alone, and what is done by hand, was there each time.
    const known = new Set<string>()
    return measured.flat().filter(({ section, subject, what, figure }) => {
      const id = [section, subject, what, figure].join()
      return !known.has(id) && known.add(id)
    })
  })
}
