import { defineConfig } from "vitepress"
import { aliases } from "./aliases.ts"
import { linksToRepository } from "./links.ts"
import { sidebar } from "./sidebar.ts"

export default defineConfig({
  title: "effect-kv",
  description: "A resilient key-value data layer for Effect: stores as layers, and wrappers that stack",
  base: process.env.DOCS_BASE ?? "/",
  lang: "en-US",
  cleanUrls: true,
  // `docs/test/pages.test.ts` checks all links, with their anchors.
  ignoreDeadLinks: true,
  srcExclude: ["node_modules/**", "test/**", "tools/**"],
  head: [["link", { rel: "icon", href: `${process.env.DOCS_BASE ?? "/"}icon.svg`, type: "image/svg+xml" }]],
  themeConfig: {
    nav: [
      { text: "Guide", link: "/start/getting-started", activeMatch: "^/(start|concepts|guides|coming-from)/" },
      { text: "Reference", link: "/reference/wrappers/", activeMatch: "^/reference/" },
      { text: "Evidence", link: "/evidence/benchmarks", activeMatch: "^/evidence/" },
      { text: "Live page", link: "/live" }
    ],
    sidebar: [...sidebar],
    outline: [2, 3],
    search: { provider: "local" },
    docFooter: { prev: "Previous page", next: "Next page" }
  },
  markdown: { config: linksToRepository },
  vite: {
    resolve: { alias: aliases },
    worker: { format: "es" }
  }
})
