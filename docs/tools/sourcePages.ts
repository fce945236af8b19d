/** Writes a page for each file of the repository that a page links to, such as an example or a test. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { dirname, extname } from "node:path"
import { linkedFile, sourcePage } from "../.vitepress/links.ts"
import { pages } from "./pages.ts"
import { docs, root } from "./paths.ts"

/** The files of the repository that a page links to. */
const linkedFrom = (page: string): ReadonlyArray<string> => {
  const text = readFileSync(docs + page, "utf8")
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, href = ""]) => linkedFile(page, href) ?? [])
}

/** How many characters of a file are shown in color. */
const maxColored = 20_000

const pageOf = (file: string): string => {
  const text = readFileSync(root + file, "utf8")
  const title = `---\ntitle: ${JSON.stringify(file)}\nsearch: false\noutline: false\n---\n\n`
  if (file.endsWith(".md")) return `${title}${text.replace(/\]\((?!https:|#)[^)]*\)/g, "]")}`
  // Colors make a page ten times as large, and the build slow.
  const language = text.length > maxColored ? "txt" : extname(file).slice(1) || "sh"
  const fence = "`".repeat(Math.max(3, ...[...text.matchAll(/`+/g)].map(([it]) => it.length + 1)))
  return `${title}# \`${file}\`\n\n${fence}${language}\n${text}${fence}\n`
}

export const writeSourcePages = (): void => {
  rmSync(`${docs}source`, { recursive: true, force: true })
  for (const file of new Set(pages().flatMap(linkedFrom))) {
    if (/\.(?:svg|png)$/.test(file) || !sourcePage(file).startsWith("/source/")) continue
    const path = `${docs.slice(0, -1)}${sourcePage(file)}.md`
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, pageOf(file))
  }
}
