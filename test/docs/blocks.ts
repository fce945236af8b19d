/** Finds the code blocks of pages and docstrings. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import * as site from "../../docs/tools/pages.ts"

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

/**
 * Writes a block as a module, with the line numbers of its file, so that errors name the right line. Returns the path of the
 * module.
 */
export const write = (directory: string, { file, line, code }: Block, extension = ".ts"): string => {
  const module = join(directory, `${file}.${line}${extension}`)
  mkdirSync(dirname(module), { recursive: true })
  writeFileSync(module, `${"\n".repeat(line)}${code}\nexport {}\n`)
  return module
}

/** What a stranger reads first. */
export const firstPages = ["README.md", "AGENTS.md"]

/** All pages with blocks, without those that `npm run docs:build` makes. */
export const pages = [...firstPages, ...site.pages().map((page) => `docs/${page}`)]
