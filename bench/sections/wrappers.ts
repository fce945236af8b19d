import * as Effect from "effect/Effect"
import { inChildren } from "../child.ts"
import { policies } from "../policies.ts"
import type { Section } from "./Section.ts"

/** What one policy more costs. */
export const wrappers: Section = {
  name: "wrappers",
  title: "One policy wrapper more",
  about:
    "What one wrapper around a store adds to the CPU time of an operation, by its default options, where nothing goes wrong. Each policy is measured in a process of its own, where the same operations run without it, too. `by hand`: the least that does the same for this one store, in a few lines of Effect. 200 bytes, 64 callers.",
  needsRedis: false,
  run: (plan) =>
    Effect.map(
      Effect.forEach(Object.keys(policies), (policy) =>
        inChildren(plan.processes, "policy", policy, String(plan.turns))
      ),
      (samples) => samples.flat()
    )
}
