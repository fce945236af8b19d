/** Tests which sequences of operations on one key `linearize` can explain, and which it contradicts. */
import { assert, describe, it } from "@effect/vitest"
import { type Change, type Interval, linearize, undecided } from "../../../src/testing/simulation/linearize.ts"

const at = (label: string, from: number, to: number, change: Change, certain = true): Interval<string> => ({
  label,
  from,
  to,
  certain,
  change
})

const wrote = (value: string): Change => ({ _tag: "wrote", value })
const saw = (held: string | undefined): Change => ({ _tag: "saw", held })
const cleared: Change = { _tag: "cleared" }
const swapped = (from: string | undefined, to: string | undefined): Change => ({ _tag: "swapped", from, to })
const expired = (value: string): Change => ({ _tag: "expired", value })
const revived = (value: string): Change => ({ _tag: "revived", value })
const filled = (value: string): Change => ({ _tag: "filled", value })
const forever = Number.POSITIVE_INFINITY

const explained: Readonly<Record<string, ReadonlyArray<Interval<string>>>> = {
  "nothing at all": [],
  "a read before any write": [at("r", 0, 1, saw(undefined))],
  "operations one after another": [
    at("a", 0, 1, wrote("a")),
    at("r", 2, 3, saw("a")),
    at("d", 4, 5, cleared),
    at("s", 6, 7, saw(undefined))
  ],
  "reads during a write that see the old or the new value": [
    at("a", 0, 1, wrote("a")),
    at("b", 2, 9, wrote("b")),
    at("r", 3, 4, saw("a")),
    at("s", 5, 6, saw("b"))
  ],
  "writes at the same time in either order": [
    at("a", 0, 9, wrote("a")),
    at("b", 1, 8, wrote("b")),
    at("r", 10, 11, saw("a"))
  ],
  "an uncertain write that happened late": [
    at("a", 0, 1, wrote("a")),
    at("b", 2, forever, wrote("b"), false),
    at("r", 4, 5, saw("a")),
    at("s", 6, 7, saw("b"))
  ],
  "an uncertain write that never happened": [
    at("a", 0, 1, wrote("a")),
    at("b", 2, forever, wrote("b"), false),
    at("r", 4, 5, saw("a"))
  ],
  "an uncertain deletion": [
    at("a", 0, 1, wrote("a")),
    at("d", 2, forever, cleared, false),
    at("r", 4, 5, saw("a")),
    at("s", 6, 7, saw(undefined))
  ],
  "a chain of swaps at the same time": [
    at("c", 0, 9, swapped("b", "c")),
    at("b", 0, 9, swapped("a", "b")),
    at("a", 0, 9, swapped(undefined, "a")),
    at("r", 10, 11, saw("c"))
  ],
  "an entry that expires": [
    at("a", 0, 1, wrote("a")),
    at("r", 2, 3, saw("a")),
    at("x", 3.5, 3.5, expired("a")),
    at("s", 4, 5, saw(undefined))
  ],
  "a read during which it expires": [
    at("a", 0, 1, wrote("a")),
    at("r", 2, 5, saw("a")),
    at("x", 3.5, 3.5, expired("a"))
  ],
  "a write that is applied after its expiry": [
    at("b", 0, 1, wrote("b")),
    at("a", 2, 9, wrote("a")),
    at("x", 3.5, 3.5, expired("a")),
    at("r", 4, 5, saw("b")),
    at("s", 6, 7, saw(undefined))
  ],
  "a value that outlives the one that it replaced": [
    at("a", 0, 1, wrote("a")),
    at("b", 2, 3, wrote("b")),
    at("x", 3.5, 3.5, expired("a")),
    at("r", 4, 5, saw("b"))
  ],
  "a deletion that found an entry": [
    at("a", 0, forever, wrote("a"), false),
    at("d", 2, 3, { _tag: "removed" }),
    at("r", 4, 5, saw(undefined))
  ],
  "a refused insertion": [at("a", 0, 1, wrote("a")), at("i", 2, 3, { _tag: "sawSome" })],
  "an uncertain write that was not applied in its interval": [
    at("a", 0, 1, wrote("a")),
    at("b", 2, 3, wrote("b")),
    at("a again", 4, 6, wrote("a"), false),
    at("r", 7, 8, saw("b"))
  ],
  "two deletions, of which the first to begin is the last to end": [
    at("d", 0, 20, cleared),
    at("e", 1, 5, cleared),
    at("a", 6, 7, wrote("a")),
    at("r", 8, 9, saw("a")),
    at("s", 10, 11, saw(undefined))
  ],
  "two deletions, of which the first to begin is the first to end": [
    at("d", 0, 5, cleared),
    at("e", 1, 20, cleared),
    at("a", 6, 7, wrote("a")),
    at("r", 8, 9, saw("a")),
    at("s", 10, 11, saw(undefined))
  ],
  "an expired entry that reappears after the clock was set back": [
    at("a", 0, 1, wrote("a")),
    at("x", 2, 2, expired("a")),
    at("r", 3, 4, saw(undefined)),
    at("v", 5, 5, revived("a"), false),
    at("s", 6, 7, saw("a")),
    at("y", 8, 8, expired("a")),
    at("t", 9, 10, saw(undefined))
  ],
  "an expired entry that was removed before the clock was set back": [
    at("a", 0, 1, wrote("a")),
    at("x", 2, 2, expired("a")),
    at("v", 5, 5, revived("a"), false),
    at("s", 6, 7, saw(undefined))
  ],
  "a loaded value that is stored": [at("m", 0, 1, saw(undefined)), at("f", 2, 5, filled("f")), at("r", 6, 7, saw("f"))],
  "a loaded value that is not stored over a newer one": [
    at("m", 0, 1, saw(undefined)),
    at("a", 2, 3, wrote("a")),
    at("f", 4, 5, filled("f")),
    at("r", 6, 7, saw("a"))
  ],
  "an attempt that was repeated within its call": [
    at("a", 0, 9, wrote("a")),
    at("a again", 0, 9, wrote("a"), false),
    at("r", 1, 2, saw("a")),
    at("b", 3, 4, wrote("b")),
    at("s", 5, 6, saw("b")),
    at("t", 10, 11, saw("a"))
  ]
}

/** Each with the operation at which the contradiction shows. */
const contradictory: Readonly<Record<string, readonly [label: string, ReadonlyArray<Interval<string>>]>> = {
  "a replaced entry that reappears after the clock was set back": [
    "s",
    [
      at("a", 0, 1, wrote("a")),
      at("x", 2, 2, expired("a")),
      at("b", 3, 4, wrote("b")),
      at("v", 5, 5, revived("a"), false),
      at("s", 6, 7, saw("a"))
    ]
  ],
  "a loaded value that is stored over a newer one": [
    "r",
    [at("m", 0, 1, saw(undefined)), at("a", 2, 3, wrote("a")), at("f", 4, 5, filled("f")), at("r", 6, 7, saw("f"))]
  ],
  "a lost write": ["r", [at("a", 0, 1, wrote("a")), at("r", 2, 3, saw(undefined))]],
  "a stale read": ["r", [at("a", 0, 1, wrote("a")), at("b", 2, 3, wrote("b")), at("r", 4, 5, saw("a"))]],
  "a deleted value that came back": ["r", [at("a", 0, 1, wrote("a")), at("d", 2, 3, cleared), at("r", 4, 5, saw("a"))]],
  "a read of the new value followed by one of the old": [
    "s",
    [at("a", 0, 1, wrote("a")), at("b", 2, 9, wrote("b")), at("r", 3, 4, saw("b")), at("s", 5, 6, saw("a"))]
  ],
  "a read of a value before its write began": ["r", [at("r", 0, 1, saw("a")), at("a", 2, 3, wrote("a"))]],
  "an uncertain write that was visible only for a while": [
    "s",
    [
      at("a", 0, 1, wrote("a")),
      at("b", 2, forever, wrote("b"), false),
      at("r", 4, 5, saw("b")),
      at("s", 6, 7, saw("a"))
    ]
  ],
  "one deletion that deleted twice": [
    "s",
    [
      at("a", 0, 1, wrote("a")),
      at("d", 2, forever, cleared, false),
      at("r", 3, 4, saw(undefined)),
      at("b", 5, 6, wrote("b")),
      at("s", 7, 8, saw(undefined))
    ]
  ],
  "two swaps of the same value": [
    "c",
    [at("a", 0, 1, wrote("a")), at("b", 2, 9, swapped("a", "b")), at("c", 2, 10, swapped("a", "c"))]
  ],
  "an expired entry that is still there": [
    "r",
    [at("a", 0, 1, wrote("a")), at("x", 3.5, 3.5, expired("a")), at("r", 4, 5, saw("a"))]
  ],
  "an entry that is visible although it was expired when it was applied": [
    "r",
    [at("a", 0, 9, wrote("a")), at("x", 3.5, 3.5, expired("a")), at("r", 4, 5, saw("a"))]
  ],
  "an entry that is gone before it expires": [
    "r",
    [at("a", 0, 1, wrote("a")), at("r", 2, 3, saw(undefined)), at("x", 3.5, 3.5, expired("a"))]
  ],
  "a deletion that found an entry where there was none": ["d", [at("d", 0, 1, { _tag: "removed" })]],
  "a refused insertion where there was no entry": ["i", [at("i", 0, 1, { _tag: "sawSome" })]],
  "an attempt that was repeated after its call": [
    "s",
    [
      at("a", 0, 2, wrote("a")),
      at("a again", 0, 2, wrote("a"), false),
      at("b", 3, 4, wrote("b")),
      at("s", 5, 6, saw("a"))
    ]
  ]
}

describe("linearize", () => {
  for (const [name, intervals] of Object.entries(explained)) {
    it(`explains ${name}`, () => {
      assert.isUndefined(linearize(intervals))
      assert.isUndefined(linearize(intervals.toReversed()))
    })
  }

  for (const [name, [label, intervals]] of Object.entries(contradictory)) {
    it(`contradicts ${name}`, () => {
      for (const some of [intervals, intervals.toReversed()]) {
        const found = linearize(some)
        assert.isTrue(typeof found === "object")
        assert.strictEqual(typeof found === "object" && found.interval.label, label)
      }
    })
  }

  it("returns the values that were possible", () => {
    const found = linearize([at("a", 0, 1, wrote("a")), at("b", 2, 9, wrote("b")), at("r", 3, 4, saw(undefined))])
    assert.deepStrictEqual(typeof found === "object" && [...found.possible].sort(), ["a", "b"])
  })

  it("treats many uncertain deletions as interchangeable", () => {
    const deletions = Array.from({ length: 25 }, (_, i) => at("d", i, forever, cleared, false))
    assert.isUndefined(linearize([...deletions, at("a", 100, 101, wrote("a")), at("r", 102, 103, saw("a"))]))
  })

  it("treats many uncertain operations that do the same as interchangeable", () => {
    const writes = Array.from({ length: 60 }, (_, i) => at("w", i, forever, wrote("same"), false))
    assert.isUndefined(linearize([...writes, at("d", 102, 103, cleared), at("r", 104, 105, saw("same"))]))
  })

  it("decides about 14 values that may each expire early and reappear when the clock is set back", () => {
    const values = Array.from({ length: 14 }, (_, i) => `${i}`)
    const lives = values.flatMap((value, i) => [
      at("w", i, i + 0.5, wrote(value)),
      at("x", 50, 60, expired(value), false),
      at("v", 51, 61, revived(value), false)
    ])
    assert.isUndefined(linearize([...lives, at("r", 54, 55, saw(undefined)), at("s", 56, 57, saw("3"))]))
    assert.isTrue(typeof linearize([...lives, at("r", 70, 71, saw("unknown"))]) === "object")
  })

  it("returns undecided when there are too many possibilities", () => {
    const writes = Array.from({ length: 40 }, (_, i) => at("w", i, forever, wrote(`${i}`), false))
    assert.strictEqual(linearize([...writes, at("r", 102, 103, saw("7"))]), undecided)
  })
})
