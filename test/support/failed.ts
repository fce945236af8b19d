import { Console, Data, Effect, Runtime } from "effect"
import { style } from "../../examples/demo/style.ts"

/** Makes a program's exit status 1. What is wrong is printed already. */
export class Failed extends Data.TaggedError("Failed") {
  override readonly [Runtime.errorReported] = false
}

/** Says what is wrong. */
export const fail = Effect.fnUntraced(function* (message: string) {
  const { bad } = yield* style
  yield* Console.error(`${bad("✗")} ${message}`)
  return yield* new Failed()
})
