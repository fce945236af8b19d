/** Checks that hand-made data is read as by Python, or refused with a typed error where Python fails in any way. */
import { Effect } from "effect"
import { KeyValue } from "effect-kv"
import {
  type Answer,
  answerOf,
  differ,
  Failed,
  Found,
  foundOrMissing,
  get,
  is,
  Missing,
  tell,
  valueOf
} from "../answers.ts"
import type { Finding } from "../case.ts"
import { Database } from "../database.ts"
import { on } from "../stack.ts"
import type { RawCase } from "../vectors.ts"

export const check = Effect.fnUntraced(function* ({ stack, redis_key, redis_value_base64, python_get }: RawCase) {
  const { load } = yield* Database
  yield* load(Buffer.from(redis_key), redis_value_base64)
  const [collection, key] = split(redis_key)
  const python = answerOfPython(python_get)
  const ours = yield* answerOf(on(stack, get(key, collection)), foundOrMissing)
  const many = yield* answerOf(
    on(
      stack,
      KeyValue.KeyValue.use((kv) => kv.getMany([key], { collection }))
    ),
    ([value]) => foundOrMissing(value)
  )
  const between = differ(ours, many)
  if (between !== undefined) return { difference: `getMany answers otherwise than get: ${between}` }
  if (isRefused(ours) && !is("Found")(python)) return undefined
  const difference = differ(python, ours)
  if (difference === undefined) return undefined
  const observed = { kind: "raw", stack, stored: redis_value_base64, python, ours } as const
  return {
    difference: is("Failed")(python) ? `Python: ${tell(python)}; ours: ${tell(ours)}` : difference,
    observed
  } satisfies Finding
}, Effect.scoped)

const split = (name: string): readonly [collection: string, key: string] => {
  const at = name.indexOf("::")
  return [name.slice(0, at), name.slice(at + 2)]
}

const answerOfPython = (answer: RawCase["python_get"]): Answer => {
  if (!answer.ok) return Failed({ error: answer.error, reason: "" })
  return answer.found && answer.value_json !== null ? Found({ value: valueOf(answer.value_json) }) : Missing()
}

const refusals: ReadonlySet<string> = new Set(["DeserializationError", "DecryptionError", "DecompressionError"])

const isRefused = (answer: Answer): boolean => is("Failed")(answer) && refusals.has(answer.error)
