/** Errors of the Redis server and client in error messages, which must not contain passwords, keys or values. */
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { Redis as Client } from "ioredis"
import { Atomic } from "../../../src/Atomic.ts"
import * as KeyValue from "../../../src/KeyValue.ts"
import * as Redis from "../../../src/stores/Redis.ts"
import { redactedClientError, redactedReply } from "../../../src/stores/redis/redaction.ts"
import * as Tracing from "../../../src/wrappers/Tracing.ts"
import { Capture, shown } from "../../fuzz/Capture.ts"
import { fakeRedis } from "../../servers/fakeRedis.ts"

describe("reported messages", () => {
  const password = "p@ss wörd/+="
  const sent = ["AUTH", "alice", password]
  const base64 = Buffer.from(`alice:${password}`).toString("base64")

  const replies: ReadonlyArray<readonly [reply: string, told: string]> = [
    ["ERR unknown command 'AUTH', with args beginning with: 'alice' 'p@ss wörd/+=' ", "ERR unknown command"],
    ["ERR unknown command `AUTH`, with args beginning with: `alice`, `p@ss wörd/+=`, ", "ERR unknown command"],
    ["ERR no such user alice", "ERR no such user …"],
    [`ERR bad credentials alice:${password}`, "ERR bad credentials …:…"],
    [`ERR not valid: ${password}`, "ERR not valid: …"],
    [`ERR at redis://alice:${encodeURIComponent(password)}@db:6379`, "ERR at …"],
    [`ERR Basic ${base64}`, "ERR Basic …"],
    ["ERR the user's 'alice's secret' is wrong", "ERR the user's …"],
    ["ERR refused\r\nalice", "ERR refused"],
    ["ERR max daily request limit exceeded. Limit: 10000", "ERR max daily request limit exceeded. Limit: 10000"],
    ["WRONGTYPE Operation against a key holding", "WRONGTYPE Operation against a key holding"],
    ["NOPERM User alice has no permissions to run the 'get' command", "NOPERM User … has no permissions to run the …"],
    ["MOVED 3999 127.0.0.1:6381", "MOVED 3999 127.0.0.1:6381"],
    [`ERR ${"x".repeat(1000)}`, `ERR ${"x".repeat(296)} …`]
  ]
  for (const [reply, told] of replies) {
    it(`report ${JSON.stringify(reply.slice(0, 80))} as ${JSON.stringify(told.slice(0, 80))}`, () => {
      assert.strictEqual(redactedReply(reply, sent), told)
    })
  }

  it("omit parts of values and keys that were sent as text or bytes", () => {
    const value = { session: "a81f30c2b7", ssn: "078-05-1120" }
    const bytes = Buffer.from("kΩ-token-12345")
    const told = redactedReply(
      "ERR script: user_script:7: got a81f30c2b7, kΩ-token-12345 and 078-05-1120 of app:c::id1",
      [JSON.stringify(value), bytes, "app:c::id1"]
    )
    assert.strictEqual(told, "ERR script: user_script:7: got … … and … of …")
  })

  it("keep common words of server messages even when a value contains them", () => {
    const value = "WRONGTYPE Operation against a key holding the wrong kind of value"
    assert.strictEqual(redactedReply(value, [value, "key", "a"]), value)
    assert.strictEqual(redactedReply("ERR a b", ["a"]), "ERR … b")
  })

  it("omit passwords, and only these, from errors of the client", () => {
    const secrets = ["redis", "hunter2"]
    assert.strictEqual(redactedClientError("connect ENOENT /hunter2@db", secrets), "connect ENOENT /…@db")
    assert.strictEqual(
      redactedClientError("connect ECONNREFUSED 127.0.0.1:6379", secrets),
      "connect ECONNREFUSED 127.0.0.1:6379"
    )
  })
})

const password = "hunter2 swordfish"

/** Asserts that a text contains nothing that was sent. */
const assertClean = (text: string) => {
  for (const secret of ["hunter2", "swordfish", "mallory", "session-4711", "plaintext"]) assert.notInclude(text, secret)
}

/** Everything that is visible of a failure: the error, its causes, and what was logged and traced. */
const seen = <A, E>(effect: Effect.Effect<A, E>) =>
  Effect.gen(function* () {
    const capture = new Capture()
    const exit = yield* Effect.exit(effect).pipe(Effect.provide(capture.layer))
    if (Exit.isSuccess(exit)) return assert.fail("succeeded")
    const error = Cause.squash(exit.cause) as Error
    const text = [capture.take(), Cause.pretty(exit.cause), JSON.stringify(error), error.message, error.stack].join(
      "\n"
    )
    const causes: Array<string> = []
    for (let cause = error.cause; cause !== undefined; cause = (cause as Error).cause) causes.push(shown(cause))
    return { error, text: [text, ...causes].join("\n") }
  })

describe("errors from a server that echoes commands", () => {
  const echoes: ReadonlyArray<readonly [how: string, echo: (command: ReadonlyArray<string>) => string]> = [
    [
      "in the quotes of Redis",
      ([name, ...args]) =>
        `ERR unknown command '${name}', with args beginning with: ${args.map((it) => `'${it}' `).join("")}`
    ],
    ["without quotation marks", (command) => `ERR cannot do ${command.join(" ")}`],
    ["as a part of a URL", (command) => `ERR cannot do /${command.map(encodeURIComponent).join("/")}`],
    ["as JSON", (command) => `ERR cannot do ${JSON.stringify(command)}`],
    ["in base64", (command) => `ERR cannot do ${command.map((it) => Buffer.from(it).toString("base64")).join(" ")}`],
    ["with another code", (command) => `DENIED ${command.join(",")}`]
  ]
  for (const [how, echo] of echoes) {
    it.live(`contain neither the password nor the user that the server echoes ${how}`, () =>
      Effect.gen(function* () {
        const server = yield* fakeRedis({
          answer: (command) => (["HELLO", "AUTH"].includes(command[0]!) ? `-${echo(command)}\r\n` : undefined)
        })
        const options = { username: "mallory", port: server.port, host: "127.0.0.1" }
        const layers = [
          Redis.layer({ options, password: Redacted.make(password) }),
          Redis.layer({ url: `redis://mallory:${encodeURIComponent(password)}@127.0.0.1:${server.port}` }),
          Redis.layer({
            cluster: {
              nodes: [{ host: "127.0.0.1", port: server.port }],
              options: { redisOptions: { username: "mallory", password } }
            },
            connectTimeout: "300 millis"
          })
        ]
        for (const layer of layers) {
          const { error, text } = yield* seen(Effect.scoped(Layer.build(layer)))
          assert.include(error.message, "Redis: ")
          assertClean(text)
        }
      })
    )

    it.live(`contain no key, value or password that the server echoes ${how}`, () =>
      Effect.gen(function* () {
        const refused = ["GET", "SET", "MSET", "MGET", "EVALSHA", "EVAL", "UNLINK", "DEL"]
        const server = yield* fakeRedis({
          answer: (command) =>
            refused.includes(command[0]!) ? `-${echo([...command, "mallory", password])}\r\n` : undefined
        })
        const url = `redis://mallory:${encodeURIComponent(password)}@127.0.0.1:${server.port}`
        const client = yield* Effect.acquireRelease(
          Effect.sync(() => new Client(url)),
          (client) => Effect.sync(() => client.disconnect())
        )
        for (const options of [{ url }, { client }]) {
          yield* Effect.gen(function* () {
            const kv = yield* KeyValue.KeyValue
            const atomic = yield* Atomic
            const value = { token: "plaintext-of-the-value" }
            const operations = [
              kv.get("session-4711"),
              kv.put("session-4711", value),
              kv.put("session-4711", value, { ttl: "1 hour" }),
              kv.putMany([
                ["session-4711", value],
                ["session-4711b", "plaintext"]
              ]),
              kv.getMany(["session-4711", "b"]),
              kv.delete("session-4711"),
              atomic.putIfAbsent("session-4711", value)
            ]
            for (const operation of operations) {
              const { error, text } = yield* seen(operation as Effect.Effect<unknown, unknown>)
              assert.include(["StoreError", "StoreUnavailableError"], (error as { readonly _tag?: string })._tag)
              assertClean(text)
            }
          }).pipe(Effect.provide(Tracing.wrap()(Redis.layer(options))))
        }
      })
    )
  }
})
