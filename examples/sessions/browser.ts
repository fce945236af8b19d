/** A client that keeps cookies, as a browser does. */
import { Effect } from "effect"
import { HttpClient, HttpClientRequest } from "effect/http"
import { HttpApiClient } from "effect/http-api"
import { Api } from "./api.ts"

/**
 * Each browser has its own cookies. Effect's `HttpClient.withCookiesRef` sends secure cookies only over HTTPS. Browsers also
 * send them to localhost, and so does this client.
 */
export const browser = Effect.suspend(() => {
  const cookies = new Map<string, string>()
  return HttpApiClient.make(Api, {
    transformClient: (client) =>
      client.pipe(
        HttpClient.mapRequest((request) => {
          const sent = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ")
          return sent === "" ? request : HttpClientRequest.setHeader(request, "cookie", sent)
        }),
        HttpClient.tap((response) =>
          Effect.sync(() => {
            for (const { name, valueEncoded } of Object.values(response.cookies.cookies)) {
              if (valueEncoded === "") cookies.delete(name)
              else cookies.set(name, valueEncoded)
            }
          })
        )
      )
  })
})
