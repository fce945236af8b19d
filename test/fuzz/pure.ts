/** Targets from pure functions of bytes. */
import { Effect, Result } from "effect"
import type { Dice } from "./Dice.ts"
import { type Instance, Refused, type Target } from "./target.ts"

export const pure = (
  name: string,
  weight: number,
  input: (dice: Dice) => Uint8Array,
  functions: Readonly<Record<string, (bytes: Uint8Array) => unknown>>
): Target => ({
  name,
  weight,
  make: Effect.succeed<Instance>({
    batch: 1,
    input,
    store: () => Effect.void,
    ways: Object.fromEntries(
      Object.entries(functions).map(([way, f]) => [way, (_, input) => Effect.suspend(() => answer(f(input)))])
    )
  })
})

/** A function may return a `Result`, whose failure is the reason. */
const answer = (found: unknown): Effect.Effect<unknown, unknown> =>
  Result.isResult(found)
    ? Effect.mapError(Effect.fromResult(found), (reason) => new Refused({ reason: String(reason) }))
    : Effect.succeed(found)
