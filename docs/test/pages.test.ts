/** Tests the built site: every page is in the sidebar, and every link leads to a page and to a heading in it. */
import { existsSync, globSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import type { DefaultTheme } from "vitepress"
import { apiSidebar, sidebar } from "../.vitepress/sidebar.ts"
import { pages } from "../tools/pages.ts"
import { docs } from "../tools/paths.ts"

const dist = `${docs}.vitepress/dist`

const linksOf = ({ link, items = [] }: DefaultTheme.SidebarItem): ReadonlyArray<string> => [
  ...(link === undefined ? [] : [link]),
  ...items.flatMap(linksOf)
]

const listed = [...sidebar, ...apiSidebar].flatMap(linksOf)

/** The file of the site that a link leads to. */
const fileOf = (link: string): string | undefined =>
  [`${link}.html`, join(link, "index.html"), link].find((file) => existsSync(dist + file) && /\.\w+$/.test(file))

/** The ids of a page, and the addresses that it links to. */
const read = (file: string) => {
  const html = readFileSync(dist + file, "utf8").replace(/<script[\s\S]*?<\/script>/g, "")
  return {
    ids: new Set([...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id!)),
    links: [...html.matchAll(/<a [^>]*?href="([^"]+)"/g)].map(([, href]) => href!.replaceAll("&amp;", "&"))
  }
}

describe("the site", () => {
  it("is built", () => assert.isTrue(existsSync(dist), "run `npm run docs:build`"))

  it("has every page of the sidebar", () => {
    assert.deepStrictEqual(
      listed.filter((link) => fileOf(link) === undefined),
      []
    )
  })

  it("lists every page in the sidebar", () => {
    const links = pages().map((page) => `/${page.replace(/(?:(?<=\/)index)?\.md$/, "")}`)
    assert.deepStrictEqual(
      links.filter((link) => link !== "/index" && !listed.includes(link)),
      []
    )
  })

  it("has no link that leads nowhere", () => {
    const files = globSync("**/*.html", { cwd: dist }).map((file) => `/${file}`)
    const all = new Map(files.map((file) => [file, read(file)]))
    assert.isAbove(files.length, 50)
    const broken = [...all].flatMap(([file, { links }]) =>
      links
        .filter((href) => !/^[a-z]+:/.test(href))
        .filter((href) => {
          const [path = "", hash = ""] = href.split("#")
          const target = path === "" ? file : fileOf(join(path.startsWith("/") ? "/" : dirname(file), decodeURI(path)))
          if (target === undefined) return true
          return hash !== "" && !all.get(target)?.ids.has(decodeURIComponent(hash))
        })
        .map((href) => [href, file] as const)
    )
    // The page that was seen last stands for all pages with the same link, such as those of the sidebar.
    assert.deepStrictEqual(Object.fromEntries(broken), {})
  })
})
