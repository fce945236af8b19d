/** Names in databases and directories: two different pairs of collection and key never share a name. */
import { compound, joined } from "../../../src/codecs/names.ts"
import * as fileNames from "../../../src/stores/fileSystem/fileNames.ts"
import * as redisNames from "../../../src/stores/redis/names.ts"
import { damaged } from "../mutations.ts"
import { pure } from "../pure.ts"
import { Violation } from "../target.ts"

const escaped = redisNames.make("app:", "escaped")
const verbatim = redisNames.make("", "py-key-value")
const strict = compound("::", { strict: true })
const loose = compound("__")

const names = [
  escaped.encode("users", "alice"),
  escaped.encode("a:b%c", "k::l"),
  escaped.encode("", ""),
  verbatim.encode("a:b", "::"),
  loose.encode("a_", "_b"),
  "!user%201",
  "%E2%82%AC",
  "%63on.txt",
  "%",
  `${"a".repeat(135)}~${"0".repeat(64)}`
].map((name) => new TextEncoder().encode(name))

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString()

/** Decodes a name. The pair must encode to the same name, as stores check when they list names. */
const pairOf =
  (
    names: { readonly decode: (name: string) => readonly [string, string] | undefined },
    encode?: (...pair: readonly [string, string]) => string
  ) =>
  (bytes: Uint8Array) => {
    const name = textOf(bytes)
    const pair = names.decode(name)
    if (pair !== undefined && encode !== undefined && encode(...pair) !== name) {
      throw new Violation({ kind: "another key's value", detail: `${name} is taken for ${encode(...pair)}` })
    }
    return pair
  }

export const namesTarget = pure("names", 4, (dice) => damaged(dice, names), {
  redis: pairOf(escaped, escaped.encode),
  "redis, verbatim": pairOf(verbatim, verbatim.encode),
  strict: pairOf(strict),
  loose: pairOf(loose),
  joined: pairOf(joined("::"), joined("::").encode),
  file: (bytes) => fileNames.decode(textOf(bytes)),
  "written and read": (bytes) => {
    const text = textOf(bytes)
    for (const names of [strict, loose]) {
      const pair = names.decode(names.encode(text, "k"))
      if (pair?.[0] !== text || pair[1] !== "k") throw new Violation({ kind: "another key's value", detail: text })
    }
    return text
  }
})
