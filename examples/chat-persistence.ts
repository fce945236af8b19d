/**
 * The chats of `effect/ai` on a store of effect-kv: a conversation goes on after a restart. The language model is a stub, so
 * that the example needs no network.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Layer, Redacted, Stream } from "effect"
import { Chat, LanguageModel } from "effect/ai"
import { Compression, Enumeration, FernetEncryption, Memory } from "effect-kv"
import * as EffectStore from "effect-kv/EffectStore"

/** Says how many messages it was given, and repeats the last one. */
const Model = Layer.effect(
  LanguageModel.LanguageModel,
  LanguageModel.make({
    generateText: ({ prompt }) =>
      Effect.sync(() => {
        const last = prompt.content.at(-1)
        const said = last?.role === "user" ? last.content.map((part) => (part.type === "text" ? part.text : "")) : []
        return [{ type: "text", text: `${prompt.content.length} so far, the last: "${said.join("")}"` }]
      }),
    streamText: () => Stream.empty
  })
)

/** Any stack works here. Chats are private, so this one encrypts them. */
const Store = Memory.layer().pipe(
  FernetEncryption.wrap({ keys: [Redacted.make("cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=")] }),
  Compression.wrap()
)

const Chats = Chat.layerPersisted({ storeId: "chats" }).pipe(Layer.provide(EffectStore.toBackingPersistence()))

/** What a process does with one message of a user. */
const answer = (chatId: string, message: string) =>
  Effect.gen(function* () {
    const chats = yield* Chat.Persistence
    // `timeToLive` is counted from the last message.
    const chat = yield* chats.getOrCreate(chatId, { timeToLive: "30 days" })
    const { text } = yield* chat.generateText({ prompt: message })
    yield* Console.log(text)
    // The layer is built for each message, as if each one met another process.
  }).pipe(Effect.provide(Layer.fresh(Chats)))

const program = Effect.gen(function* () {
  yield* answer("alice", "Hello")
  yield* answer("alice", "Do you remember me?")
  yield* answer("bob", "Hello")
  const { keys } = yield* Enumeration.Enumeration
  yield* keys({ collection: "effect_persistence_chats" }).pipe(
    Stream.runForEach((key) => Console.log(`stored: ${key}`))
  )
})

program.pipe(Effect.provide([Model, Store]), NodeRuntime.runMain)

// Prints:
// 1 so far, the last: "Hello"
// 3 so far, the last: "Do you remember me?"
// 1 so far, the last: "Hello"
// stored: alice
// stored: bob
