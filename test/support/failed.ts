import { Console, Data, Effect, Runtime } from "effect"
import { style } from "../../examples/demo/style.ts"

/** Makes the exit status of the program 1. The problem has been printed already. */
export class Failed extends Data.TaggedError("Failed") {
  override readonly [Runtime.errorReported] = false
}

/** Prints what is wrong, and fails. */
export const fail = Effect.fnUntraced(function* (message: string) {
  const { bad } = yield* style
  yield* Console.error(`${bad("✗")} ${message}`)
  return yield* new Failed()
})
