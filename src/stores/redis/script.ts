import { createHash } from "node:crypto"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { CallBase } from "../../driver/Call.ts"
import { type Argument, type Failure, send } from "./commands.ts"
import type { Connection } from "./connection.ts"
import { isMissingScript } from "./failures.ts"

/**
 * Writes KEYS[1] if it holds ARGV[1], and answers 1; else 0. What is written is ARGV[2], for ARGV[3] milliseconds if
 * they are given. Without ARGV[2], the key is deleted.
 */
const source = `
if redis.call("GET", KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[2] == nil then redis.call("DEL", KEYS[1])
elseif ARGV[3] == nil then redis.call("SET", KEYS[1], ARGV[2])
else redis.call("SET", KEYS[1], ARGV[2], "PX", ARGV[3]) end
return 1
`

const sha = createHash("sha1").update(source).digest("hex")

/** Replaces `expected` by `args` (`[value, milliseconds]`, `[value]`, or nothing to delete), and answers whether it did. */
export const replace = (
  connection: Connection,
  call: CallBase,
  name: string,
  expected: Buffer,
  args: ReadonlyArray<Argument>
): Effect.Effect<boolean, Failure> => {
  const run = (method: "evalshaBuffer" | "evalBuffer", script: string) =>
    send(connection, call, [method, script, 1, name, expected, ...args], (reply: number) =>
      Exit.succeed(Number(reply) === 1)
    )
  return Effect.catchIf(
    run("evalshaBuffer", sha),
    (failure) => "cause" in failure && isMissingScript(failure.cause),
    () => run("evalBuffer", source)
  )
}
