"""py-key-value: sessions and counters in Redis, compressed and encrypted."""

import asyncio
import os

from key_value.aio.stores.redis import RedisStore
from key_value.aio.wrappers.compression import CompressionWrapper
from key_value.aio.wrappers.encryption.fernet import FernetEncryptionWrapper


async def main() -> None:
    store = RedisStore(url=os.environ.get("REDIS_URL", "redis://localhost:6379"))
    encrypted = FernetEncryptionWrapper(store, source_material="a passphrase", salt="my-salt")
    kv = CompressionWrapper(encrypted)

    await kv.put("alice", {"name": "Alice", "visits": 1}, collection="sessions", ttl=3600)
    await kv.put_many(["bob", "eve"], [{"name": "Bob"}, {"name": "Eve"}], collection="sessions", ttl=60)
    await kv.put("carol", {"name": "Carol", "text": "x" * 5000}, collection="sessions")
    print("session:", await kv.get("alice", collection="sessions"))
    found = await kv.get_many(["bob", "dave"], collection="sessions")
    print("sessions:", found)
    value, ttl = await kv.ttl("alice", collection="sessions")
    print("seconds left:", round(ttl))
    print("deleted:", await kv.delete("bob", collection="sessions"))
    await store.close()


asyncio.run(main())

# Prints:
# session: {'name': 'Alice', 'visits': 1}
# sessions: [{'name': 'Bob'}, None]
# seconds left: 3600
# deleted: True
