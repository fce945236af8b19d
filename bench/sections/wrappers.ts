import * as Effect from "effect/Effect"
import { inChildren } from "../child.ts"
import { policies } from "../policies.ts"
import type { Section } from "./Section.ts"

/** The cost of one more policy. */
export const wrappers: Section = {
  name: "wrappers",
  title: "One policy wrapper more",
  about:
    "The CPU time that one wrapper around a store adds to an operation, with default options and without failures. Each policy is measured in its own process, against the same operations without it. `by hand` is the shortest code that does the same for this one store, in a few lines of Effect. 200 bytes, 64 callers.",
  needsRedis: false,
  run: (plan) =>
    Effect.map(
      Effect.forEach(Object.keys(policies), (policy) =>
        inChildren(plan.processes, "policy", policy, String(plan.turns))
      ),
      (samples) => samples.flat()
    )
}
