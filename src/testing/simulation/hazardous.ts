import { burst, hotKeys } from "./bursts.ts"
import { counter, counting } from "./counting.ts"
import { type Hazard, hazards } from "./hazards.ts"
import type { Plan, Setting, Step } from "./Plan.ts"
import { Seeded } from "./Seeded.ts"

/** Adds hazards to a plan. Each has its own random numbers, so that leaving one out does not change the others. */
export const addHazards = (setting: Setting, plan: Plan): Plan =>
  hazards.reduce((plan, hazard, i) => {
    if (!setting.hazards.has(hazard)) return plan
    const length = (setting.operations / setting.clients) * 250
    return { ...adding[hazard](plan, new Seeded(plan.seed, -10 - i), setting, length), thorough: true }
  }, plan)

type Add = (plan: Plan, random: Seeded, setting: Setting, length: number) => Plan

const mapSteps = (plan: Plan, f: (step: Step) => Step): Plan => ({ ...plan, steps: plan.steps.map(f) })

const adding: Readonly<Record<Hazard, Add>> = {
  loads: (plan, random, { hazards }) =>
    mapSteps(plan, (step) => {
      if (step.keys.length > 1 || step.action.endsWith("Many") || !random.chance(0.18)) return step
      const load = {
        pause: random.chance(0.4) ? 0 : random.integer(1, 400),
        result: random.chance(0.75) ? "value" : hazards.has("throws") && random.chance(0.5) ? "throws" : "fails"
      } as const
      return {
        ...step,
        action: "getOrSet",
        load,
        ttl: random.chance(0.6) ? random.integer(20, 2000) : undefined
      }
    }),
  listings: (plan, random, { lists, removes }) =>
    mapSteps(plan, (step) => {
      const chosen = random.nextDoubleUnsafe()
      if (lists && chosen < 0.06) return { ...step, action: "keys", keys: plan.keys, ttl: undefined, load: undefined }
      return removes && chosen > 0.98
        ? { ...step, action: "removeExpired", keys: [], ttl: undefined, load: undefined }
        : step
    }),
  hotKeys: (plan, random, setting, length) => {
    const steps = [...plan.steps]
    const bursts = random.integer(0, 2)
    for (let i = 0; i < bursts; i++) steps.push(...burst(random, setting, length, steps.at(-1)?.id ?? 0))
    return { ...plan, steps, hotKeys }
  },
  interruptions: (plan, random) => {
    const slice = random.chance(0.5) ? plan.slice : random.integer(6, 80)
    const { steps } = mapSteps(plan, (step) => {
      if (step.at !== undefined || !random.chance(0.15)) return step
      const interruption = random.chance(0.6)
        ? ({ _tag: "steps", steps: Math.floor(1.015 ** random.integer(0, 450)) } as const)
        : ({ _tag: "millis", millis: random.integer(0, 250) } as const)
      return { ...step, interruption }
    })
    return { ...plan, steps, slice }
  },
  budgets: (plan, random) =>
    mapSteps(plan, (step) => (random.chance(0.12) ? { ...step, budget: random.integer(10, 1200) + 0.25 } : step)),
  clockJumps: (plan, random, _, length) => ({
    ...plan,
    jumps: times(random, 3, length).map((at) => ({ at, by: (random.chance(0.5) ? 1 : -1) * jump(random) }))
  }),
  stalls: (plan, random, _, length) => ({
    ...plan,
    stalls: times(random, 4, length).map((at) => ({
      at,
      millis: random.chance(0.8) ? random.integer(20, 1500) : random.integer(1500, 12_000)
    }))
  }),
  throws: (plan, random) => ({
    ...mapSteps(plan, (step) => (step.action === "update" && random.chance(0.15) ? { ...step, throws: true } : step)),
    throwRate: 0.1
  }),
  restarts: (plan, random, _, length) => ({
    ...plan,
    restarts: random.chance(0.5)
      ? []
      : times(random, 2, length).map((at) => ({ at, pause: random.chance(0.5) ? 0 : random.integer(1, 400) }))
  }),
  counters: (plan, random, setting, length) =>
    setting.atomic
      ? { ...plan, steps: [...plan.steps, ...counting(plan, random, setting, length)], counters: [counter] }
      : plan
}

const jump = (random: Seeded): number =>
  random.pick([random.integer(1000, 10_000), random.integer(10_000, 600_000), 3_600_000])

const times = (random: Seeded, atMost: number, length: number): ReadonlyArray<number> =>
  Array.from({ length: random.integer(0, atMost) }, () => random.integer(50, Math.max(100, Math.floor(length)))).sort(
    (a, b) => a - b
  )
