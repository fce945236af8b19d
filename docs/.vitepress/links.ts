/**
 * Links from pages to files of the repository, such as examples and tests, lead to copies of these files on the site. A link
 * to the source of a public module leads to the page of its API.
 */
import { existsSync, statSync } from "node:fs"
import { dirname, join, relative } from "node:path"
import { fileURLToPath } from "node:url"
import type { MarkdownEnv, MarkdownRenderer } from "vitepress"
import { apiModules } from "../tools/modules.ts"

const docs = fileURLToPath(new URL("..", import.meta.url))
const root = dirname(docs.replace(/\/$/, ""))

/** The path in the repository that a link of a page leads to, if this is not a page of the site. */
export const linkedFile = (page: string, href: string): string | undefined => {
  if (/^(?:[a-z]+:|#|\/)/.test(href)) return undefined
  const path = join(root, "docs", dirname(page), href.split("#", 1)[0]!)
  const inRepository = relative(root, path)
  const isPage = inRepository.startsWith("docs/") && path.endsWith(".md")
  return isPage || !existsSync(path) || !statSync(path).isFile() ? undefined : inRepository
}

const apiPages = new Map(apiModules.map(({ file, link }) => [file, link]))

/** The page of the site that shows a file of the repository. */
export const sourcePage = (file: string): string => apiPages.get(file) ?? `/source/${file.replaceAll(".", "_")}`

/** A plugin of markdown-it. */
export const linksToRepository = (md: MarkdownRenderer): void => {
  md.core.ruler.push("links-to-repository", (state) => {
    const { relativePath } = state.env as MarkdownEnv
    for (const block of state.tokens) {
      for (const token of block.children ?? []) {
        const href = token.type === "link_open" ? token.attrGet("href") : null
        const file = href === null ? undefined : linkedFile(relativePath, decodeURI(href))
        if (file !== undefined && !/\.(?:svg|png)$/.test(file)) token.attrSet("href", sourcePage(file))
      }
    }
  })
}
