/** Tests that the comparison with other libraries has a source for each cell, and agrees with what was measured. */
import { existsSync, readFileSync } from "node:fs"
import { join, normalize } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { groups, libraries } from "../../docs/tools/evidence/comparison/cells.ts"
import { measured, type Results } from "../../docs/tools/evidence/comparison/measured.ts"
import { sources } from "../../docs/tools/evidence/comparison/sources.ts"
import { page } from "../../docs/tools/evidence/comparison.ts"

const file = "docs/evidence/comparison.md"
const text = readFileSync(file, "utf8")
const results: Results = JSON.parse(readFileSync("docs/evidence/data/peers.json", "utf8"))

const columns = groups.flatMap(({ columns }) => columns)

const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\w\s-]/g, "")
    .trim()
    .replaceAll(" ", "-")

const anchors = new Set([...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) => anchorOf(heading!)))

describe("the comparison with other libraries", () => {
  it("is what `npm run evidence` writes", () => assert.strictEqual(text, page(results), "run `npm run evidence`"))

  it("has a cell with a source for each library in each column", () => {
    assert.isAbove(columns.length, 35)
    for (const { title, cells } of columns) {
      for (const library of Object.keys(libraries) as Array<keyof typeof libraries>) {
        const [words, ...from] = cells[library]
        assert.isAbove(words.length, 1, `${title}, ${library}`)
        assert.isAbove(from.length, 0, `${title}, ${library}`)
        for (const id of from) assert.property(sources, id)
      }
    }
  })

  it("says no of effect-kv, too", () => {
    const own = columns.map(({ cells }) => cells["effect-kv"][0])
    assert.isAbove(own.filter((words) => /^no\b|^not yet\b/.test(words)).length, 1)
  })

  it("uses every source, and names a version or commit of files of others", () => {
    const used = new Set(columns.flatMap(({ cells }) => Object.values(cells).flatMap(([, ...from]) => from)))
    for (const [id, { href }] of Object.entries(sources)) {
      assert.isTrue(used.has(id as keyof typeof sources), id)
      if (href.startsWith("https:")) assert.match(href, /@\d+\.\d+\.\d+\/|\/[0-9a-f]{40}(?:\/|$)/)
    }
  })

  it("has sources that exist in this repository", () => {
    for (const { href } of Object.values(sources)) {
      if (href.startsWith("https:")) continue
      if (href.startsWith("#")) assert.isTrue(anchors.has(href.slice(1)), href)
      else assert.isTrue(existsSync(normalize(join("docs/evidence", href))), href)
    }
  })

  it("shows every measured result", () => {
    const shown = new Set(
      measured.flatMap(({ tables }) =>
        tables.flatMap(({ experiment, columns }) => Object.keys(columns).map((what) => `${experiment}.${what}`))
      )
    )
    const all = Object.entries(results.results).flatMap(([experiment, rows]) =>
      Object.values(rows).flatMap((row) => Object.keys(row).map((what) => `${experiment}.${what}`))
    )
    assert.deepStrictEqual([...shown].sort(), [...new Set(all)].sort())
  })

  it("has programs that exist", () => {
    for (const { program } of measured) assert.isTrue(existsSync(`docs/tools/evidence/peers/${program}`), program)
  })

  it("compares the versions that were run", () => {
    for (const [library, version] of Object.entries(libraries)) {
      const run = results.versions[library.toLowerCase()]
      if (run !== undefined) assert.strictEqual(version, run, library)
    }
  })

  it("has the measured sizes", () => {
    const sizes = columns.find(({ title }) => title === "size of a small program")!.cells
    for (const [library, { size }] of Object.entries(results.results.bundle!)) {
      const [words] = sizes[library as keyof typeof libraries]
      assert.isTrue(words.startsWith(size!), library)
    }
  })

  /** Statements of cells and notes. If a result changes, so must the text. */
  const statements: ReadonlyArray<readonly [experiment: string, library: string, what: string, result: RegExp]> = [
    ["outage", "effect-kv", "refusedGet", /^fails: `StoreUnavailableError`$/],
    ["outage", "effect-kv", "silentSet", /^fails after \d s: .*outcome `unknown`$/],
    ["outage", "keyv", "refusedGet", /^no answer/],
    ["outage", "keyv, no queue", "refusedGet", /^`undefined`$/],
    ["outage", "unstorage", "refusedGet", /^fails after 1[01] s/],
    ["outage", "unstorage, no queue", "refusedGet", /^fails: /],
    ["outage", "cache-manager", "refusedGet", /^no answer/],
    ["outage", "cacheable", "refusedGet", /^no answer/],
    ["outage", "bentocache", "refusedGet", /^fails after 1[01] s/],
    ["outage", "Effect", "refusedGet", /^fails after 5 s/],
    ["lost", "effect-kv", "request", /outcome `unknown`$/],
    ["lost", "keyv", "request", /^`true`$/],
    ["lost", "keyv, no queue", "reply", /^`false`$/],
    ["lost", "keyv, no queue", "request", /^`false`$/],
    ["lost", "cacheable", "request", /^`true`$/],
    ["lost", "cache-manager", "request", /^`\{/],
    ["lost", "bentocache", "reply", /^fails/],
    ["lost", "Effect", "reply", /^fails: `PersistenceError`$/],
    ["values", "cacheable", "bigint", /before/],
    ["mutation", "cache-manager", "afterGet", /^yes$/],
    ["mutation", "Effect", "afterGet", /^yes$/],
    ["ttl", "unstorage", "redis", /^fails/],
    ["ttl", "effect-kv", "redis", /^1\.5 s/],
    ["clearing", "effect-kv", "removed", /^`app::foreign`$/],
    ["clearing", "keyv", "removed", /^`foreign`, `app:foreign`$/],
    ["clearing", "unstorage", "removed", /app::foreign/],
    ["stampede", "effect-kv", "inTwoProcesses", /^2$/],
    ["stampede", "effect-kv, `lease`", "inTwoProcesses", /^1$/],
    ["stampede", "cache-manager", "inOneProcess", /^1$/],
    ["stampede", "cacheable", "inOneProcess", /^1$/],
    ["stampede", "bentocache", "inOneProcess", /^1$/],
    ["stampede", "Effect", "inOneProcess", /^1$/],
    ["staleness", "effect-kv", "slow", /old/],
    ["staleness", "effect-kv", "failing", /old/],
    ["staleness", "bentocache", "failing", /old/],
    ["staleness", "cacheable", "failing", /^`undefined`$/],
    ["staleness", "cache-manager", "failing", /^fails/],
    ["invalidation", "effect-kv", "later", /new/],
    ["invalidation", "cache-manager", "later", /old/],
    ["invalidation", "cacheable", "later", /old/],
    ["invalidation", "bentocache", "later", /old/],
    ["invalidation", "Effect", "later", /old/],
    ["coherence", "effect-kv", "other", /old/],
    ["coherence", "cacheable, `sync`", "other", /new/],
    ["coherence", "bentocache, bus", "other", /new/]
  ]

  it.each(statements)("states what was measured: %s, %s, %s", (experiment, library, what, result) =>
    assert.match(results.results[experiment]?.[library]?.[what] ?? "", result)
  )
})
