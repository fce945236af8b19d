/** Writes the entry of each vector, for a Python process to read. */
import { Console, Effect } from "effect"
import { answerOf, foundOrMissing, is, tell } from "./answers.ts"
import { put, writable, writing } from "./checks/write.ts"
import { documented } from "./differences.ts"
import type { Settings } from "./stack.ts"
import type { Stack, Vector } from "./vectors.ts"

/** An entry that is in the database now, and how to read it. */
export interface Written {
  readonly id: string
  readonly collection: string | null
  readonly key: string
  readonly stack: Stack
  readonly value_json: string
}

/** Returns the written entries. Names those left out on standard error; `failed` counts those left out by mistake. */
export const writeAll = Effect.fn("interop.writeAll")(function* (vectors: ReadonlyArray<Vector>, settings: Settings) {
  const written: Array<Written> = []
  const names = new Map<string, string>()
  let failed = 0
  for (const vector of vectors) {
    const { id, collection, key, stack, value_json } = vector
    const name = Buffer.from(vector.redis.key_base64).toString("base64")
    const leaveOut = (why: string) => Console.error(`left out ${id}: ${why}`)
    const other = names.get(name)
    if (other !== undefined) {
      yield* leaveOut(`it has the name of ${other}`)
      continue
    }
    const answer = yield* answerOf(put(vector, settings), () => foundOrMissing(undefined))
    if (is("Missing")(answer)) {
      names.set(name, id)
      written.push({ id, collection, key, stack: writable(stack), value_json })
    } else {
      yield* leaveOut(tell(answer))
      if (documented(writing(vector, answer)) === undefined) failed++
    }
  }
  return { written, failed }
})
