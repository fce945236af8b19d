/** Finds the code blocks of pages and docstrings. */
import { globSync, readFileSync } from "node:fs"

/** A block of code in a page, or in a docstring. */
export interface Block {
  readonly file: string
  /** The line of its first line, from 0. */
  readonly line: number
  /** The text after ` ```ts `: nothing, `nocheck`, or the file that the block is a copy of. */
  readonly info: string
  readonly code: string
  /** What the page says that the block prints: the block of ` ```text output ` after it. */
  readonly output: string | undefined
}

/** All ` ```ts ` blocks, without the margin (` * ` in a docstring). */
export const blocksOf = (file: string): ReadonlyArray<Block> => {
  const text = readFileSync(file, "utf8")
  const fences = /^([ *]*)```ts(?: (.+))?\n((?:.*\n)*?)\1```$(?:\s*```text output\n((?:.*\n)*?)```$)?/gm
  return [...text.matchAll(fences)].map((match) => {
    const [, margin = "", info = "", body = "", output] = match
    const lines = body.split("\n")
    return {
      file,
      line: text.slice(0, match.index).split("\n").length,
      info,
      code: lines.map((line) => line.slice(line.startsWith(margin) ? margin.length : line.length)).join("\n"),
      output
    }
  })
}

/** The pages of the site, without those that `npm run docs:build` makes. */
export const pages = globSync("docs/**/*.md").filter(
  (file) => !/^docs\/(?:node_modules|source|reference\/api|\.vitepress)\//.test(file)
)
