/** Tests which TTLs are accepted, and when an entry expires. */
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Result from "effect/Result"
import { expiry } from "../../src/driver/ttl.ts"

const now = 1_000_000
const left = (ttl: unknown): number | undefined => {
  const expiresAt = Result.getOrThrow(expiry(ttl as Duration.Input, now))
  return expiresAt && expiresAt - now
}

describe("a TTL", () => {
  it("may be any duration, and is cut off to whole milliseconds", () => {
    const cases: ReadonlyArray<readonly [Duration.Input, number]> = [
      [100, 100],
      [1.9, 1],
      [2_000_000n, 2],
      ["1 second", 1000],
      ["1.5 seconds", 1500],
      ["100 days", 8_640_000_000],
      [Duration.minutes(2), 120_000],
      [{ seconds: 10 }, 10_000]
    ]
    for (const [ttl, millis] of cases) {
      assert.strictEqual(left(ttl), millis, String(ttl))
    }
  })

  it("gives no expiry when it is undefined or infinite", () => {
    for (const ttl of [undefined, Number.POSITIVE_INFINITY, "Infinity", Duration.infinity]) {
      assert.isUndefined(left(ttl))
    }
  })

  it("is refused as a number in text, a date, an object or a boolean", () => {
    const wrong = [
      ...["100", "None", "-100", "0.1", "", "soon", "2025-01-01T00:00:00+00:00"],
      ...[new Date(0), {}, Object.create(null), [], true, false, null, Symbol("ttl"), () => 1],
      ...[
        0,
        -1,
        Number.NaN,
        Number.NEGATIVE_INFINITY,
        "0 seconds",
        "-1 seconds",
        Duration.zero,
        Number.MAX_SAFE_INTEGER
      ]
    ]
    for (const [i, ttl] of wrong.entries()) {
      assert.isTrue(Result.isFailure(expiry(ttl as Duration.Input, now)), `number ${i}`)
    }
  })
})
