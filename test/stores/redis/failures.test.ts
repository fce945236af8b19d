/** How errors of ioredis become errors of effect-kv. */
import { inspect } from "node:util"
import { assert, describe, it, vi } from "@effect/vitest"
import type { Place } from "../../../src/KeyValueError.ts"
import { isMissingScript, leavesReplica, messageOf, toFailure } from "../../../src/stores/redis/failures.ts"

const place: Place = { operation: "put", collection: "c", keys: ["k"] }

const reply = (message: string): Error => Object.assign(new Error(message), { name: "ReplyError" })

describe("errors of ioredis", () => {
  const unavailable: ReadonlyArray<readonly [what: string, error: Error, outcome: "not-applied" | "unknown"]> = [
    ["a server that loads its data", reply("LOADING Redis is loading the dataset in memory"), "not-applied"],
    ["a failed cluster", reply("CLUSTERDOWN The cluster is down"), "not-applied"],
    ["a replica without its master", reply("MASTERDOWN Link with MASTER is down"), "not-applied"],
    ["a master that became a replica", reply("READONLY You can't write against a read only replica."), "not-applied"],
    ["a script that does not end", reply("BUSY Redis is busy running a script."), "not-applied"],
    ["a slot that is being migrated", reply("TRYAGAIN Multiple keys request during rehashing of slot"), "not-applied"],
    ["a moved slot", reply("MOVED 3999 127.0.0.1:6381"), "not-applied"],
    ["too few replicas", reply("NOREPLICAS Not enough good replicas to write."), "not-applied"],
    ["too many clients", reply("ERR max number of clients reached"), "not-applied"],
    ["no connection", new Error("Stream isn't writeable and enableOfflineQueue options is false"), "not-applied"],
    ["no cluster", new Error("Cluster isn't ready and enableOfflineQueue options is false"), "not-applied"],
    [
      "a refused connection",
      Object.assign(new Error("connect ECONNREFUSED 127.0.0.1:1"), { code: "ECONNREFUSED", syscall: "connect" }),
      "not-applied"
    ],
    ["a lost connection", Object.assign(new Error("read ECONNRESET"), { syscall: "read" }), "unknown"],
    ["a closed connection", new Error("Connection is closed."), "unknown"],
    ["a silent server", new Error("Command timed out"), "unknown"],
    ["an unanswered command", new Error("Reached the max retries per request limit (which is 0)."), "unknown"],
    ["an aborted pipeline", new Error("Command aborted due to connection close"), "unknown"],
    ["an unknown error", new Error("?"), "unknown"]
  ]
  for (const [what, error, outcome] of unavailable) {
    it(`become StoreUnavailableError with outcome ${outcome} for ${what}`, () => {
      const failure = toFailure(place)(error)
      assert.strictEqual(failure._tag, "StoreUnavailableError")
      assert.strictEqual(failure.outcome, outcome)
      assert.isTrue(failure.retryable)
      assert.include(failure.message, error.message.replace(/\.$/, ""))
    })
  }

  const refused = [
    "WRONGTYPE Operation against a key holding the wrong kind of value",
    "OOM command not allowed when used memory > 'maxmemory'.",
    "NOPERM this user has no permissions to run the 'set' command",
    "NOAUTH Authentication required.",
    "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.",
    "ERR syntax error"
  ]
  for (const message of refused) {
    it(`become StoreError for ${message.split(" ")[0]}`, () => {
      const failure = toFailure(place)(reply(message))
      assert.strictEqual(failure._tag, "StoreError")
      assert.strictEqual(failure.outcome, "not-applied")
      assert.isFalse(failure.retryable)
    })
  }

  it("have an unknown outcome once another part of the call was applied", () => {
    const failure = toFailure(place, true)(reply("OOM command not allowed"))
    assert.strictEqual(failure._tag, "StoreError")
    assert.strictEqual(failure.outcome, "unknown")
  })

  it("do not contain the arguments of the command", () => {
    const error = Object.assign(reply("WRONGPASS invalid username-password pair"), {
      command: { name: "hello", args: ["3", "AUTH", "default", "hunter2"] }
    })
    assert.notInclude(inspect(toFailure(place)(error), { depth: 10 }), "hunter2")
  })

  it("keep message, name, code and stack of the cause", () => {
    const error = Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" })
    const cause = toFailure(place)(error).cause as typeof error
    assert.deepStrictEqual(
      [cause.message, cause.name, cause.code, cause.stack],
      [error.message, "Error", "ECONNRESET", error.stack]
    )
  })

  it("have a message when a host has several addresses", () => {
    assert.strictEqual(
      messageOf(new AggregateError([new Error("connect ECONNREFUSED ::1:6379")])),
      "connect ECONNREFUSED ::1:6379"
    )
    assert.strictEqual(messageOf(Object.assign(new Error(""), { code: "ETIMEDOUT" })), "ETIMEDOUT")
    assert.strictEqual(messageOf("text"), "text")
  })

  it("report a missing script only in a reply of the server", () => {
    assert.isTrue(isMissingScript(reply("NOSCRIPT No matching script.")))
    assert.isFalse(isMissingScript(reply("ERR NOSCRIPT")))
  })

  it("drop the connection to a replica, at most once a second", () => {
    const now = vi.spyOn(performance, "now")
    const leaves = leavesReplica()
    const readOnly = reply("READONLY You can't write against a read only replica.")
    const at = (millis: number, error: Error) => {
      now.mockReturnValue(millis)
      return leaves(error)
    }
    assert.deepStrictEqual(
      [at(5, reply("LOADING")), at(5, readOnly), at(6, readOnly), at(1004, readOnly), at(1005, readOnly)],
      [false, true, false, false, true]
    )
    now.mockRestore()
  })
})
