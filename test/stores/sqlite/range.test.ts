/** The ranges by which Sqlite selects names that start with a prefix. */
import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { only, type Range, startingWith } from "../../../src/stores/sqlite/range.ts"

const bytes = (text: Range["from"]) => Buffer.from(text as string)

/** Compares as SQLite does: texts by their bytes, and a blob after every text. */
const contains = ({ from, to }: Range, name: string) =>
  bytes(name).compare(bytes(from)) >= 0 && (typeof to !== "string" || bytes(name).compare(bytes(to)) < 0)

/** Characters at the boundaries of the encodings, and characters with a meaning in patterns. */
const units = ["a", "b", "%", "_", "*", "\0", "\x7f", "\x80", "\u07ff", "\u0800", "\ud7ff", "\ue000", "\uffff"]
const surrogates = ["\ud800", "\udbff", "\udc00", "\udfff", "\ud800\udc00", "\ud83d\ude00", "\udbff\udfff"]
const text = Schema.Array(Schema.Literals([...units, ...surrogates])).check(Schema.isMaxLength(4))

describe("ranges", () => {
  it.prop("contain exactly the names that start with the prefix", { prefix: text, name: text }, (given) => {
    const prefix = given.prefix.join("").toWellFormed()
    for (const name of [given.name.join(""), prefix + given.name.join(""), `${prefix.slice(0, -1)}\udc00`]) {
      if (!name.isWellFormed()) continue
      assert.strictEqual(contains(startingWith(prefix), name), name.startsWith(prefix), JSON.stringify(name))
    }
  })

  it("have no end for a prefix of the last code point", () => {
    assert.deepStrictEqual(startingWith("\u{10ffff}\u{10ffff}"), {
      from: "\u{10ffff}\u{10ffff}",
      to: new Uint8Array(0)
    })
    assert.strictEqual(startingWith("a\u{10ffff}").to, "b")
    assert.strictEqual(startingWith("\ud7ff").to, "\ue000")
  })

  it("continue directly after a name", () => {
    const { to } = only("a")
    assert.isAbove(bytes(to).compare(bytes("a")), 0)
    assert.isAtMost(bytes(to).compare(bytes("a\0")), 0)
  })
})
