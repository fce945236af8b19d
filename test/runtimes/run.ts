/** Runs steps, and says how each ended. */
import { Cause, Effect, Exit, References } from "effect"
import type { Steps } from "./Step.ts"

/** `null` if the step has worked, otherwise why not. */
export type Results = Readonly<Record<string, string | null>>

const reasonOf = (cause: Cause.Cause<unknown>): string => {
  const error = Cause.squash(cause)
  const tag = (error as { readonly _tag?: string } | undefined)?._tag
  const message = error instanceof Error ? error.message : String(error)
  return (tag === undefined ? message : `${tag}: ${message}`).split("\n", 1)[0]!
}

export const run = (steps: Steps): Promise<Results> =>
  Effect.runPromise(
    Effect.forEach(Object.entries(steps), ([name, step]) =>
      Effect.map(
        Effect.exit(Effect.timeout(step, "20 seconds")),
        (exit) => [name, Exit.isSuccess(exit) ? null : reasonOf(exit.cause)] as const
      )
    ).pipe(
      Effect.map((entries) => Object.fromEntries(entries) as Results),
      Effect.provideService(References.MinimumLogLevel, "None")
    )
  )
