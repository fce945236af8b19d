/**
 * Writes what assistants read: `llms.txt` lists all pages with one sentence each, `llms-full.txt` has their texts, and
 * every page of the site can be fetched as Markdown under its address with `.md`.
 */
import { cpSync, readFileSync, writeFileSync } from "node:fs"
import { pages } from "./pages.ts"
import { docs } from "./paths.ts"

const dist = `${docs}.vitepress/dist/`

const titleOf = (text: string): string | undefined => /^# (.+)$/m.exec(text)?.[1]

/** The first sentence after the title. */
const sentenceOf = (text: string): string => {
  const [paragraph = ""] = text
    .replace(/<!--[\s\S]*?-->/g, "")
    .replace(/^---\n[\s\S]*?\n---\n/, "")
    .split(/\n\s*\n/)
    .map((it) => it.trim())
    .filter((it) => it !== "" && !/^[#`|<:]/.test(it))
  const plain = paragraph.replace(/\s+/g, " ").replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
  return plain.split(/(?<=[.!?]) /, 1)[0] ?? ""
}

export const writeLlms = (): void => {
  const all = pages().flatMap((page) => {
    const text = readFileSync(docs + page, "utf8")
    const title = titleOf(text)
    return title === undefined ? [] : [{ page, text, title }]
  })
  for (const { page } of all) cpSync(docs + page, dist + page)
  const list = all.map(({ page, text, title }) => `- [${title}](/${page}): ${sentenceOf(text)}`)
  const head =
    "# effect-kv\n\n> A resilient key-value data layer for Effect: stores as layers, and wrappers that stack.\n"
  writeFileSync(`${dist}llms.txt`, `${head}\n## Pages\n\n${list.join("\n")}\n`)
  writeFileSync(
    `${dist}llms-full.txt`,
    `${head}\n${all.map(({ page, text }) => `<!-- /${page} -->\n\n${text}`).join("\n\n")}`
  )
}
