/** The pages of the site, in the order of the sidebar. Every page is listed here; `docs/test/pages.test.ts` checks that. */
import { readdirSync } from "node:fs"
import type { DefaultTheme } from "vitepress"
import { apiModules, groups } from "../tools/modules.ts"

const page = (text: string, link: string): DefaultTheme.SidebarItem => ({ text, link })

/** A group of the sidebar. Only the first groups are open, so that the list fits on a screen. */
const group = (
  text: string,
  items: ReadonlyArray<DefaultTheme.SidebarItem>,
  collapsed = true
): DefaultTheme.SidebarItem => ({ text, items: [...items], collapsed })

/** One page for each module, by name. */
const pagesOf = (folder: string): ReadonlyArray<DefaultTheme.SidebarItem> =>
  readdirSync(new URL(`../${folder}/`, import.meta.url))
    .filter((file) => file.endsWith(".md") && file !== "index.md")
    .map((file) => file.slice(0, -3))
    .sort()
    .map((name) => page(name, `/${folder}/${name}`))

export const sidebar: ReadonlyArray<DefaultTheme.SidebarItem> = [
  group(
    "Start",
    [
      page("Introduction", "/start/introduction"),
      page("Getting started", "/start/getting-started"),
      page("Tutorial", "/start/tutorial"),
      page("Live page", "/live")
    ],
    false
  ),
  group(
    "Concepts",
    [
      page("Stores and layers", "/concepts/stores-and-layers"),
      page("Wrappers and their order", "/concepts/wrappers-and-order"),
      page("Collections", "/concepts/collections"),
      page("Schema versions", "/concepts/schema-versions"),
      page("Values", "/concepts/values"),
      page("Capabilities", "/concepts/capabilities"),
      page("Errors and outcomes", "/concepts/errors-and-outcomes"),
      page("Time and expiry", "/concepts/time-and-expiry"),
      page("What is promised", "/concepts/promises")
    ],
    false
  ),
  group(
    "Guides",
    [
      page("Caching", "/guides/caching"),
      page("Several stores", "/guides/several-stores"),
      page("Sessions behind HttpApi", "/guides/sessions"),
      page("Multi-tenant applications", "/guides/multi-tenant"),
      page("Encryption and key rotation", "/guides/encryption"),
      page("Surviving outages", "/guides/outages"),
      page("Atomic updates", "/guides/atomic-updates"),
      page("Counters", "/guides/counters"),
      page("Leases", "/guides/leases"),
      page("Idempotency", "/guides/idempotency"),
      page("Batching", "/guides/batching"),
      page("Testing your application", "/guides/testing"),
      page("Observability", "/guides/observability"),
      page("Health", "/guides/health"),
      page("Redis in production", "/guides/redis"),
      page("Runtimes", "/guides/runtimes"),
      page("Cloudflare Workers", "/guides/workers"),
      page("Effect's persistence modules", "/guides/effect-persistence"),
      page("Sharing data with Python", "/guides/python"),
      page("Custom wrappers and stores", "/guides/custom-wrappers")
    ],
    false
  ),
  group("Coming from", [
    page("keyv", "/coming-from/keyv"),
    page("cache-manager", "/coming-from/cache-manager"),
    page("unstorage", "/coming-from/unstorage"),
    page("bentocache", "/coming-from/bentocache"),
    page("Effect's KeyValueStore", "/coming-from/effect-key-value-store"),
    page("Effect's PersistedCache", "/coming-from/effect-persisted-cache"),
    page("py-key-value", "/coming-from/py-key-value")
  ]),
  group("Reference", [
    group("Stores", [page("Overview", "/reference/stores/"), ...pagesOf("reference/stores")]),
    group("Wrappers", [page("Overview", "/reference/wrappers/"), ...pagesOf("reference/wrappers")]),
    group("Services and tools", [page("Overview", "/reference/modules/"), ...pagesOf("reference/modules")]),
    page("All options", "/reference/options"),
    page("All errors", "/reference/errors"),
    page("Metrics and spans", "/reference/metrics"),
    page("Wire format", "/reference/wire-format"),
    page("API", "/reference/api/")
  ]),
  group("Evidence", [
    page("Benchmarks", "/evidence/benchmarks"),
    page("Resilience", "/evidence/resilience"),
    page("Comparison", "/evidence/comparison"),
    page("Test coverage of the contract", "/evidence/contract-coverage")
  ]),
  group("Project", [page("Architecture", "/architecture"), page("Dependencies", "/dependencies")])
]

/** The sidebar of the API: all modules. Other pages have only a link to it, because the list is long. */
export const apiSidebar: ReadonlyArray<DefaultTheme.SidebarItem> = [
  page("Back to the reference", "/reference/wrappers/"),
  page("API overview", "/reference/api/"),
  ...groups.map((name) =>
    group(
      name,
      apiModules.filter((it) => it.group === name).map((it) => page(it.name, it.link)),
      false
    )
  )
]
