import type { Json } from "effect/Schema"

const whitespace = /[ \t\n\r]*/y
const number = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y
const word = /true|false|null|NaN|-?Infinity/y

/** The limit of Python. Converting more digits would let an attacker use much CPU time. */
export const maxDigits = 4300

const words: Readonly<Record<string, boolean | null | number>> = {
  true: true,
  false: false,
  null: null,
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  "-Infinity": Number.NEGATIVE_INFINITY
}

/**
 * Parses what `JSON.parse` cannot: `NaN` and `Infinity` of Python, integers as `bigint`s, and field names with escapes.
 * It takes ten times as long.
 */
export class JsonParser {
  private at = 0
  private readonly text: string
  private readonly exact: boolean

  /** With `exact`, integers beyond 2^53 are `bigint`s. */
  constructor(text: string, exact: boolean) {
    this.text = text
    this.exact = exact
  }

  /** Parses the text. Throws if it is not JSON, or nested deeper than `depth`. */
  parseUnsafe(depth: number): Json {
    const value = this.value(depth)
    this.skip()
    return this.at === this.text.length ? value : this.fail()
  }

  private value(depth: number): Json {
    this.skip()
    switch (this.text[this.at]) {
      case '"':
        return this.string()
      case "[":
        return this.array(depth)
      case "{":
        return this.object(depth)
      default:
        return this.wordOrNumber()
    }
  }

  private array(depth: number): Json {
    const items: Array<Json> = []
    this.open(depth)
    if (this.take("]")) return items
    do items.push(this.value(depth - 1))
    while (this.take(","))
    return this.take("]") ? items : this.fail()
  }

  private object(depth: number): Json {
    const fields: Array<[string, Json]> = []
    this.open(depth)
    if (this.take("}")) return {}
    do {
      this.skip()
      const name = this.text[this.at] === '"' ? this.string() : this.fail()
      if (!this.take(":")) this.fail()
      fields.push([name, this.value(depth - 1)])
    } while (this.take(","))
    return this.take("}") ? Object.fromEntries(fields) : this.fail()
  }

  /** Uses `JSON.parse`, which reads a string on its own correctly. */
  private string(): string {
    const from = this.at
    do {
      this.at = this.text.indexOf('"', this.at + 1)
      if (this.at < 0) this.fail()
    } while (this.isEscaped(from))
    this.at++
    return JSON.parse(this.text.slice(from, this.at))
  }

  /** Returns whether an odd number of backslashes precedes the quote. */
  private isEscaped(from: number): boolean {
    let backslashes = 0
    while (this.at - 1 - backslashes > from && this.text[this.at - 1 - backslashes] === "\\") backslashes++
    return backslashes % 2 === 1
  }

  private wordOrNumber(): Json {
    const name = this.match(word)
    if (name !== undefined) return words[name[0]] as Json
    const found = this.match(number) ?? this.fail()
    const value = Number(found[0])
    const isInteger = found[1] === undefined && found[2] === undefined
    if (this.exact && isInteger && found[0].replace("-", "").length > maxDigits) this.fail()
    return this.exact && isInteger && !Number.isSafeInteger(value) ? (BigInt(found[0]) as unknown as Json) : value
  }

  private open(depth: number): void {
    if (depth <= 0) this.fail()
    this.at++
  }

  private take(character: string): boolean {
    this.skip()
    if (this.text[this.at] !== character) return false
    this.at++
    return true
  }

  private skip(): void {
    this.match(whitespace)
  }

  private match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.at
    const found = pattern.exec(this.text)
    if (found !== null) this.at = pattern.lastIndex
    return found ?? undefined
  }

  private fail(): never {
    throw new SyntaxError(`unexpected text at ${this.at}`)
  }
}
