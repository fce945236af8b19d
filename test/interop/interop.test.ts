/** Tests the command `npm run interop` on the data of the real py-key-value, and that it detects errors. */
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted, Stream } from "effect"
import { temporaryDirectory } from "../servers/process.ts"
import { command, describeWithOwnRedis } from "../servers/redis.ts"
import { root, runNode } from "../support/program.ts"
import { Failed, Found, Missing } from "./answers.ts"
import type { Case } from "./case.ts"
import { all } from "./checks/all.ts"
import * as Database from "./database.ts"
import type { Reading } from "./differences/Difference.ts"
import { differences, documented } from "./differences.ts"
import * as python from "./python.ts"
import { counts } from "./report.ts"
import { Secrets } from "./secrets.ts"
import { type RawCase, read, type Vector, type Vectors } from "./vectors.ts"
import type { Written } from "./writeAll.ts"

const file = join(root, "test/vectors/py-key-value.json")

const vectors = read(file).pipe(Effect.provide(NodeServices.layer))

/** Runs the command as `npm run interop` does. */
const interop = (...args: ReadonlyArray<string>) => runNode(["test/interop/main.ts", ...args])

describeWithOwnRedis("data of py-key-value", (server) => {
  const check = (some: Vectors) =>
    Effect.provide(Stream.runCollect(all(some)), Database.layer(Redacted.make(server().url)))

  const failures = (some: Vectors) =>
    Effect.map(check(some), (cases) => cases.filter(({ status }) => status === "fail"))

  const namesOf = (cases: ReadonlyArray<Case>) => cases.map(({ kind, id }) => `${kind} ${id}`)

  it.live("is read, and our data follows its rules", () =>
    Effect.gen(function* () {
      const cases = yield* check(yield* vectors)
      assert.deepStrictEqual(
        cases.filter(({ status }) => status === "fail"),
        []
      )
      assert.deepStrictEqual(counts(cases), {
        kdf: { pass: 5, fail: 0, documented: 0 },
        fernet: { pass: 7, fail: 0, documented: 0 },
        read: { pass: 86, fail: 0, documented: 0 },
        raw: { pass: 38, fail: 0, documented: 6 },
        write: { pass: 86, fail: 0, documented: 1 },
        bytes: { pass: 60, fail: 0, documented: 2 },
        all: { pass: 282, fail: 0, documented: 9 }
      })
      assert.strictEqual(yield* command(server().port, "dbsize"), 0, "nothing is left")
    }).pipe(Effect.provide(Secrets.layer))
  )

  it.live("is reported when anything is wrong with it", () =>
    Effect.gen(function* () {
      const { kdf, fernet_deterministic, vectors: entries, raw_read_cases } = yield* vectors
      const entry = (id: string) => entries.find((it) => it.id === id)!
      const raw = (id: string) => raw_read_cases.find((it) => it.id === id)!
      const good: Vectors = {
        kdf: kdf.slice(0, 1),
        fernet_deterministic: fernet_deterministic.slice(1, 3),
        vectors: [entry("plain-simple"), entry("frozen-ttl-2099-06-15T123456.123456"), entry("fernet-simple")],
        raw_read_cases: [raw("minimal"), raw("comp-truncated"), raw("empty-string"), raw("fernet-wrong-key")]
      }
      assert.deepStrictEqual(yield* failures(good), [])

      const withEntry = (id: string, change: (it: Vector) => Partial<Vector>): Vectors => ({
        ...good,
        vectors: good.vectors.map((it) => (it.id === id ? { ...it, ...change(it) } : it))
      })
      const withRaw = (id: string, python_get: RawCase["python_get"]): Vectors => ({
        ...good,
        raw_read_cases: good.raw_read_cases.map((it) => (it.id === id ? { ...it, python_get } : it))
      })
      const stored = (from: string, to: string) => (it: Vector) => ({
        redis: {
          ...it.redis,
          value_base64: Buffer.from(Buffer.from(it.redis.value_base64).toString().replace(from, to))
        }
      })
      const time = { created_at: "2099-06-15T12:34:56.123456+00:00", expires_at: null }
      const ttl = "frozen-ttl-2099-06-15T123456.123456"
      const changes: ReadonlyArray<readonly [Vectors, ReadonlyArray<string>]> = [
        [
          { ...good, kdf: [{ ...kdf[0]!, fernet_key: kdf[1]!.fernet_key }] },
          ['kdf "test-source-material", "test-salt"']
        ],
        [
          { ...good, fernet_deterministic: [fernet_deterministic[1]!, { ...fernet_deterministic[2]!, timestamp: 1 }] },
          ["fernet token 2"]
        ],
        [
          withEntry("fernet-simple", () => ({ python_read: { found: true, value_json: '{"other": 1}' } })),
          ["read fernet-simple"]
        ],
        [withEntry("plain-simple", stored("30", "31")), ["read plain-simple", "bytes plain-simple"]],
        [withEntry("plain-simple", stored('"version": 1', '"version":  1')), ["bytes plain-simple"]],
        [
          withEntry("plain-simple", () => ({ key: "other" })),
          ["read plain-simple", "write plain-simple", "bytes plain-simple"]
        ],
        [
          withEntry("plain-simple", () => ({ collection: null })),
          ["read plain-simple", "write plain-simple", "bytes plain-simple"]
        ],
        [withEntry("fernet-simple", () => ({ collection: null })), ["read fernet-simple", "write fernet-simple"]],
        [withEntry(ttl, () => ({ managed_entry: time })), [`read ${ttl}`, `write ${ttl}`]],
        [
          withEntry(ttl, () => ({ managed_entry: { ...time, expires_at: "2099-06-15T12:34:57+00:00" } })),
          [`write ${ttl}`]
        ],
        [withEntry(ttl, () => ({ ttl: 3600 })), [`write ${ttl}`, `bytes ${ttl}`]],
        [
          withEntry("plain-simple", ({ managed_entry }) => ({
            managed_entry: { ...managed_entry, expires_at: "2020-01-01T00:00:00+00:00" }
          })),
          ["read plain-simple", "write plain-simple"]
        ],
        [withRaw("minimal", { ok: true, found: true, value_json: '{"a": 2}' }), ["raw minimal"]],
        [withRaw("minimal", { ok: true, found: false, value_json: null }), ["raw minimal"]],
        [withRaw("minimal", { ok: false, error: "TypeError" }), ["raw minimal"]],
        [withRaw("comp-truncated", { ok: true, found: true, value_json: '{"a": 1}' }), ["raw comp-truncated"]],
        [withRaw("empty-string", { ok: true, found: true, value_json: "{}" }), ["raw empty-string"]],
        [withRaw("fernet-wrong-key", { ok: true, found: true, value_json: "{}" }), ["raw fernet-wrong-key"]]
      ]
      for (const [changed, expected] of changes) {
        assert.deepStrictEqual(namesOf(yield* failures(changed)), expected)
      }
      const python_get = { ok: true, found: true, value_json: '{"another": 1}' } as const
      const answers = raw_read_cases.map((it) => ({ ...it, python_get }))
      const wrong = yield* failures({ kdf: [], fernet_deterministic: [], vectors: [], raw_read_cases: answers })
      assert.strictEqual(
        wrong.length,
        raw_read_cases.length,
        "no documented difference hides another value from Python"
      )
      assert.strictEqual(yield* command(server().port, "dbsize"), 0, "nothing is left")
    }).pipe(Effect.provide(Secrets.layer))
  )

  it.live("fails with a reason for a stack that has no equivalent", () =>
    Effect.gen(function* () {
      const { vectors: entries } = yield* vectors
      const none = { kdf: [], fernet_deterministic: [], raw_read_cases: [] }
      const store = { store: "redis", default_collection: null }
      for (const [description, message] of [
        [{ wrapper: "zip" }, /there is no wrapper "zip"/],
        [{ wrapper: "compression", level: 9 }, /level/],
        [{ wrapper: "prefix_keys" }, /prefix/],
        [{ store: "disk" }, /disk/]
      ] as const) {
        const stack = "store" in description ? [description] : [description, store]
        const found = yield* failures({
          ...none,
          vectors: [{ ...entries[0]!, stack: stack as unknown as Vector["stack"] }]
        })
        assert.include(namesOf(found), `read ${entries[0]!.id}`)
        assert.match(found[0]!.difference!, /UnsupportedStack/)
        assert.match(found[0]!.difference!, message)
      }
    }).pipe(Effect.provide(Secrets.layer))
  )

  it.live("goes through every wrapper that has an equivalent", () =>
    Effect.gen(function* () {
      const { vectors: entries } = yield* vectors
      const wrappers = [
        { wrapper: "read_only", raise_on_write: false },
        { wrapper: "retry", max_retries: 1, initial_delay: 0.1, max_delay: 1, exponential_base: 2 },
        { wrapper: "timeout", timeout: 5 },
        { wrapper: "statistics" },
        { wrapper: "logging", log_level: 20, log_values: true },
        { wrapper: "limit_size", max_size: 1000, raise_on_too_large: false },
        { wrapper: "ttl_clamp", min_ttl: 0, max_ttl: 10, missing_ttl: null }
      ]
      const [plain] = entries
      const stack = [...wrappers, ...plain!.stack] as unknown as Vector["stack"]
      const some = { kdf: [], fernet_deterministic: [], raw_read_cases: [], vectors: [{ ...plain!, stack }] }
      assert.deepStrictEqual(yield* failures(some), [])
    }).pipe(Effect.provide(Secrets.layer))
  )

  it.live("is checked by the command, which leaves nothing behind", () =>
    Effect.gen(function* () {
      const json = join(yield* temporaryDirectory, "report.json")
      const url = `${server().url}/1`
      const { status, output, notes } = yield* interop("--vectors", file, "--url", url, "--json", json)
      assert.strictEqual(status, 0, output + notes)
      assert.match(output, /^pass read {3}plain-simple$/m)
      assert.match(output, /^pass raw {4}comp-truncated \(documented: damaged-envelope\)$/m)
      assert.match(output, /^ {2}read +86 passed$/m)
      assert.match(output, /^✓ All 282 cases hold\.$/m)
      assert.notInclude(output, "\u001b", "colours are for terminals")
      const report = JSON.parse(readFileSync(json, "utf8"))
      assert.deepStrictEqual(report.counts.all, { pass: 282, fail: 0, documented: 9 })
      assert.strictEqual(report.cases.length, 282)
      assert.deepStrictEqual(report.cases[0], {
        kind: "kdf",
        id: '"test-source-material", "test-salt"',
        status: "pass"
      })
      assert.strictEqual(yield* command(server().port, "dbsize"), 0)
    })
  )

  it.live("makes the command fail when it is wrong", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const { raw_read_cases } = JSON.parse(readFileSync(file, "utf8"))
      const [first] = raw_read_cases
      const changed = { ...first, python_get: { ...first.python_get, value_json: '{"a": 2}' } }
      const path = join(directory, "changed.json")
      writeFileSync(path, JSON.stringify({ kdf: [], fernet_deterministic: [], vectors: [], raw_read_cases: [changed] }))
      const { status, output } = yield* interop("--vectors", path, "--url", server().url)
      assert.strictEqual(status, 1)
      assert.match(output, /^FAIL raw {4}minimal\n {7}\$\["a"\]: expected 2, found 1$/m)
      assert.match(output, /^✗ 1 of 1 cases do not hold\.$/m)

      writeFileSync(
        path,
        JSON.stringify({ kdf: [], fernet_deterministic: [], vectors: [{ id: "a" }], raw_read_cases: [] })
      )
      const malformed = yield* interop("--vectors", path, "--url", server().url)
      assert.strictEqual(malformed.status, 1)
      assert.match(malformed.notes, /changed\.json cannot be read\. Missing key\s+at \["vectors"\]\[0\]/)
    })
  )

  it.live("is written by the command only into an empty database", () =>
    Effect.gen(function* () {
      const url = `${server().url}/2`
      const { status, output, notes } = yield* interop("--vectors", file, "--url", url, "--write")
      assert.strictEqual(status, 0, notes)
      assert.include(notes, "left out plain-nan-inf: SerializationError")
      const written: ReadonlyArray<Written> = JSON.parse(output)
      const entries = (yield* vectors).vectors.filter(({ id }) => id !== "plain-nan-inf")
      assert.deepStrictEqual(
        written,
        entries.map(({ id, collection, key, stack, value_json }) => ({ id, collection, key, stack, value_json }))
      )

      for (const args of [["--write"], []]) {
        const refused = yield* interop("--vectors", file, "--url", url, ...args)
        assert.strictEqual(refused.status, 1)
        assert.strictEqual(refused.output, "")
        assert.include(refused.notes, `the database is not empty: it holds ${entries.length} entries`)
      }
    })
  )
})

describe("the reader that follows py-key-value's rules", () => {
  const entry = '{"collection":"c","created_at":"2099-01-01T00:00:00+00:00","key":"k","value":{"a":1},"version":1}'
  const problemOf = (text: string): string => {
    try {
      python.entryUnsafe(Buffer.from(text))
      return "none"
    } catch (error) {
      return String(error)
    }
  }

  it("reports an entry that breaks the rules", () => {
    assert.strictEqual(problemOf(entry), "none")
    assert.strictEqual(problemOf(entry.replace("00+00", "00.000001+00")), "none")
    for (const [from, to, problem] of [
      ["00+00:00", "00Z", "created_at"],
      ["00+00", "00.123+00", "created_at"],
      ['"2099-01-01T00:00:00+00:00"', "null", "created_at"],
      ['"key"', '"expires_at":null,"key"', "expires_at"],
      ['"key"', '"x":1,"key"', "fields"],
      ['"collection":"c",', "", "fields"],
      ['"version":1', '"version":2', "version"],
      ['{"a":1}', "[1]", "value"],
      ['{"a":1}', '{"a":NaN}', "JSON"]
    ] as const) {
      assert.include(problemOf(entry.replace(from, to)), problem, `${from} -> ${to}`)
    }
  })

  it("reports an envelope that breaks the rules", () => {
    const data = gzipSync('{"a":1}').toString("base64")
    const good = { __compressed_data__: data, __compression_algorithm__: "gzip", __compression_version__: 1 }
    const peel = (value: unknown) => python.peel([{ wrapper: "compression" }, { store: "redis" }], value)
    assert.deepStrictEqual(peel(good).value, { a: 1 })
    for (const change of [
      { __compression_version__: 2 },
      { __compression_algorithm__: "zstd" },
      { __compressed_data__: `${data}\n` },
      { __compressed_data__: data.slice(4) },
      { more: 1 }
    ]) {
      assert.isDefined(peel({ ...good, ...change }).violation, JSON.stringify(change))
    }
  })
})

describe("documented differences", () => {
  const reading = (changes: Partial<Reading>): Reading => ({
    kind: "raw",
    stack: [{ store: "redis" }],
    stored: Buffer.from("{}"),
    python: Found({ value: {} }),
    ours: Missing(),
    ...changes
  })
  const failed = (error: string) => Failed({ error, reason: "" })

  it("are all described in docs/reference/wire-format.md", () => {
    const page = readFileSync(join(root, "docs/reference/wire-format.md"), "utf8")
    const ids = new Set(differences.map(({ id }) => id))
    assert.deepStrictEqual(
      [...ids].filter((id) => !page.includes(`\`${id}\``)),
      []
    )
  })

  it("include the limits on depth and size", () => {
    let deep: unknown = 1
    for (let i = 0; i < 1001; i++) deep = [deep]
    const ours = failed("DeserializationError")
    assert.strictEqual(documented(reading({ python: Found({ value: deep }), ours })), "nesting-depth")
    assert.isUndefined(documented(reading({ python: Found({ value: [deep, 1].at(1) }), ours })))

    const compressed = (size: number) => {
      const text = `{"a":1}${" ".repeat(size - 7)}`
      const value = {
        __compressed_data__: gzipSync(text).toString("base64"),
        __compression_algorithm__: "gzip",
        __compression_version__: 1
      }
      return reading({
        stack: [{ wrapper: "compression" }, { store: "redis" }],
        stored: Buffer.from(JSON.stringify({ value })),
        python: Found({ value: { a: 1 } }),
        ours: failed("DecompressionError")
      })
    }
    assert.strictEqual(documented(compressed(2 ** 26 + 1)), "inflated-size")
    assert.isUndefined(documented(compressed(1000)))
  })
})
