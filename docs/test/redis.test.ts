/** Tests what docs/guides/redis.md says about a real Redis. */
import { readFileSync } from "node:fs"
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { KeyValue } from "../../src/KeyValue.ts"
import * as Redis from "../../src/stores/Redis.ts"
import * as StoreContract from "../../src/testing/StoreContract.ts"
import { command, describeRedis, describeWithCluster, describeWithOwnRedis } from "../../test/servers/redis.ts"
import { advance } from "../../test/stores/redis/support.ts"
import { measure, sizes } from "../tools/redisMemory.ts"

const page = readFileSync("docs/guides/redis.md", "utf8")

/** The command of the page that makes a user. */
const acl = /^ACL (SETUSER .*)$/m.exec(page)![1]!.split(" ")

const prefix = "shop:"

const cases = (urls: () => ReadonlyArray<string>) =>
  StoreContract.cases({
    capabilities: StoreContract.allCapabilities,
    advance: (duration) => advance(urls(), prefix)(duration)
  })

describeWithOwnRedis("a user with the permissions of the page", (redis) => {
  for (const { name, run } of cases(() => [redis().url])) {
    it.effect(name, () =>
      Effect.gen(function* () {
        yield* command(redis().port, "ACL", ...acl)
        const url = redis().url.replace("//", "//app:password@")
        const layer = Redis.layer({ url, prefix, coalesceReads: true, options: { connectionName: "shop" } })
        yield* Effect.provide(run, layer)
      })
    )
  }

  it.live("cannot reach other keys", () =>
    Effect.gen(function* () {
      yield* command(redis().port, "ACL", ...acl)
      const url = redis().url.replace("//", "//app:password@")
      const put = KeyValue.use((kv) => kv.put("a", 1))
      const error = yield* Effect.flip(Effect.provide(put, Redis.layer({ url, prefix: "other:" })))
      assert.deepInclude(error, { _tag: "StoreError", outcome: "not-applied" })
    })
  )
})

describeWithCluster("a user with the permissions of the page, in a cluster", (nodes) => {
  const urls = () => nodes().map(({ url }) => url)
  for (const { name, run } of cases(urls)) {
    it.effect(name, () =>
      Effect.gen(function* () {
        for (const { port } of nodes()) yield* command(port, "ACL", ...acl)
        const redisOptions = { username: "app", password: "password" }
        const cluster = { nodes: nodes().map(({ port }) => ({ host: "127.0.0.1", port })), options: { redisOptions } }
        yield* Effect.provide(run, Redis.layer({ cluster, prefix }))
      })
    )
  }
})

describeRedis("the table of memory", () => {
  it.live(
    "is what Redis needs, within a third",
    () =>
      Effect.gen(function* () {
        const rows = yield* measure(4000)
        for (const { name, bytes } of rows) {
          const line = page.split("\n").find((line) => line.startsWith(`| ${name} |`))
          assert.isDefined(line, name)
          const shown = line
            .split(" | ")
            .slice(1)
            .map((cell) => Number(cell.replace(/[^\d]/g, "")))
          assert.lengthOf(shown, sizes.length)
          for (const [i, measured] of bytes.entries()) {
            assert.approximately(measured, shown[i]!, shown[i]! / 3, `${name}, ${sizes[i]} bytes`)
          }
        }
      }),
    300_000
  )
})
