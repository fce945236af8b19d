/**
 * Tests docs/guides/python.md with the real py-key-value. It is installed into .cache/python if there is a Python, unless
 * `PYTHON` is a Python that has it.
 */
import { execFileSync, spawnSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { KeyValue } from "../../src/KeyValue.ts"
import * as Redis from "../../src/stores/Redis.ts"
import { command, describeWithOwnRedis } from "../../test/servers/redis.ts"
import { runNode } from "../../test/support/program.ts"

const page = readFileSync("docs/guides/python.md", "utf8")

const hasLibrary = (python: string): boolean =>
  spawnSync(python, ["-c", "import key_value.aio.stores.redis, cryptography"]).status === 0

const environment = ".cache/python"

/** A Python with py-key-value, or why there is none. */
const pythonOf = (): { readonly python: string } | { readonly problem: string } => {
  const own = `${environment}/bin/python`
  const found = [process.env.PYTHON ?? "python3", own].find(hasLibrary)
  if (found !== undefined) return { python: found }
  if (spawnSync("python3", ["-m", "venv", environment]).status !== 0) return { problem: "there is no Python with venv" }
  const packages = ["py-key-value-aio[redis]==0.4.6", "cryptography"]
  spawnSync(own, ["-m", "pip", "install", "--quiet", ...packages], { stdio: "ignore" })
  return hasLibrary(own) ? { python: own } : { problem: "pip could not install py-key-value-aio" }
}

const found = pythonOf()

describe("docs/guides/python.md", () => {
  it("shows the file that is tested", () => {
    assert.strictEqual(/^```python\n([\s\S]*?)^```$/m.exec(page)![1], readFileSync("examples/python/shared.py", "utf8"))
  })
})

const problem = "problem" in found ? found.problem : undefined

// Skipped also with REQUIRE_SERVICES=1, because not every machine reaches the registry of Python. `npm run interop` and its
// vectors test the formats everywhere.
describe.skipIf(problem !== undefined)(
  `with py-key-value${problem === undefined ? "" : ` (skipped: ${problem})`}`,
  () => {
    const { python } = found as { readonly python: string }

    describeWithOwnRedis("the page", (redis) => {
      const runPython = (args: ReadonlyArray<string>) =>
        execFileSync(python, [...args], { encoding: "utf8", env: { ...process.env, REDIS_URL: redis().url } })

      it.live("shows what the programs print, one after another", () =>
        Effect.gen(function* () {
          yield* command(redis().port, "flushall")
          const runTypeScript = Effect.map(
            runNode(["--no-warnings", "examples/python/shared.ts"], { FORCE_COLOR: "0", REDIS_URL: redis().url }),
            ({ output }) => output
          )
          const printed = [yield* runTypeScript, runPython(["examples/python/shared.py"]), yield* runTypeScript].join(
            ""
          )
          assert.include(page, `\`\`\`text\n${printed}\`\`\``)
        })
      )

      it.live("says what Python makes of other values", () =>
        Effect.gen(function* () {
          const kv = yield* KeyValue
          yield* kv.putMany([
            ["object", { a: 1 }],
            ["number", 5],
            ["list", [1]],
            ["bytes", Uint8Array.of(1, 2)]
          ])
          const program = `
import asyncio, os
from key_value.aio.stores.redis import RedisStore
store = RedisStore(url=os.environ["REDIS_URL"])
async def attempt(reading):
    try: return await reading
    except Exception as error: return type(error).__name__
async def main():
    for key in ["object", "number", "list", "bytes"]: print(key, await attempt(store.get(key=key)))
    print(await attempt(store.get_many(keys=["object", "number"])))
    print(await attempt(store.get_many(keys=["object", "bytes"])))
    await store.put(key="short", value={"a": 1}, ttl=7.9)
asyncio.run(main())`
          assert.deepStrictEqual(runPython(["-c", program]).trim().split("\n"), [
            "object {'a': 1}",
            "number None",
            "list None",
            "bytes UnicodeDecodeError",
            "[{'a': 1}, None]",
            "UnicodeDecodeError"
          ])
          assert.isAtMost(Number(yield* command(redis().port, "pttl", "default_collection::short")), 7000)
        }).pipe((effect) => Effect.suspend(() => Effect.provide(effect, Redis.layer({ url: redis().url }))))
      )
    })
  }
)
