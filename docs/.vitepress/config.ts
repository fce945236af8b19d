import { fileURLToPath } from "node:url"
import { type DefaultTheme, defineConfig } from "vitepress"
import { linksToRepository } from "./links.ts"
import { apiSidebar, sidebar } from "./sidebar.ts"

const root = fileURLToPath(new URL("../..", import.meta.url))

/**
 * Renders a page for the search index, which needs no colors in code. Copies of source files are not searched. Without this,
 * VitePress highlights all code twice.
 */
const renderForSearch: NonNullable<DefaultTheme.LocalSearchOptions["_render"]> = (text, env, md) => {
  if (env.relativePath.startsWith("source/")) return ""
  const html = md.render(text.replace(/^```\w.*$/gm, "```txt"), env)
  return env.frontmatter?.search === false ? "" : html
}

export default defineConfig({
  title: "effect-kv",
  description: "A resilient key-value data layer for Effect: stores as layers, and wrappers that stack",
  base: process.env.DOCS_BASE ?? "/",
  lang: "en-US",
  cleanUrls: true,
  // `docs/test/pages.test.ts` checks all links, with their anchors.
  ignoreDeadLinks: true,
  srcExclude: ["node_modules/**", "test/**", "tools/**"],
  head: [
    // Long code in descriptions, such as URLs, may be broken anywhere, but not names and defaults beside them.
    ["style", {}, ".vp-doc td:not(:first-child, :last-child) code { overflow-wrap: anywhere }"],
    ["link", { rel: "icon", href: `${process.env.DOCS_BASE ?? "/"}icon.svg`, type: "image/svg+xml" }]
  ],
  themeConfig: {
    nav: [
      { text: "Guide", link: "/start/getting-started", activeMatch: "^/(start|concepts|guides|coming-from)/" },
      { text: "Reference", link: "/reference/wrappers/", activeMatch: "^/reference/" },
      { text: "Evidence", link: "/evidence/benchmarks", activeMatch: "^/evidence/" },
      { text: "Live page", link: "/live" }
    ],
    // Copies of source files have no sidebar.
    sidebar: { "/reference/api/": [...apiSidebar], "/source/": [], "/": [...sidebar] },
    outline: [2, 3],
    search: { provider: "local", options: { _render: renderForSearch } },
    docFooter: { prev: "Previous page", next: "Next page" }
  },
  markdown: { config: linksToRepository },
  vite: {
    resolve: {
      // The live page runs the browser build, as an application that installs the package would.
      alias: [
        { find: /^effect-kv$/, replacement: `${root}dist/index.js` },
        { find: /^effect-kv\/testing$/, replacement: `${root}dist/testing/index.js` }
      ]
    },
    worker: { format: "es" }
  }
})
