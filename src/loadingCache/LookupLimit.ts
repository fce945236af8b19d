import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import { Permits } from "../concurrency/Permits.ts"

/** Whether a fiber belongs to a lookup that has a permit, of any cache. */
export const HasPermit = Context.Reference<boolean>("effect-kv/LoadingCache/HasPermit", { defaultValue: () => false })

/**
 * Limits how many lookups run at a time. A lookup for which another lookup waits needs no permit: otherwise, the outer lookups
 * could hold all permits and wait for inner ones forever.
 */
export class LookupLimit {
  private readonly permits: Permits
  /** The keys whose lookups wait for a permit. */
  private readonly waiting = new Set<string>()

  constructor(count: number) {
    this.permits = new Permits(count)
  }

  /** Whether a fiber must not wait for the running load of this key, because that load may wait for the fiber's own permit. */
  mayBlock(fiber: Fiber.Fiber<unknown, unknown>, name: string): boolean {
    return this.waiting.size > 0 && this.waiting.has(name) && fiber.getRef(HasPermit)
  }

  /** Runs the lookup of keys with a permit. */
  within<A, E>(names: ReadonlyArray<string>, lookup: Effect.Effect<A, E>): Effect.Effect<A, E> {
    return Effect.withFiber((fiber) => {
      if (fiber.getRef(HasPermit)) return lookup
      const start = () => {
        for (const name of names) this.waiting.delete(name)
        return Effect.provideService(lookup, HasPermit, true)
      }
      const waiting = Effect.suspend(() => {
        for (const name of names) this.waiting.add(name)
        return this.permits.withPermit(Effect.suspend(start))
      })
      return Effect.onExitPrimitive(waiting, () => {
        for (const name of names) this.waiting.delete(name)
        return undefined
      })
    })
  }
}
