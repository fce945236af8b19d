"""Sharing a Redis with effect-kv: what each library writes, the other reads. shared.ts is the other side.

pip install "py-key-value-aio[redis]" cryptography
REDIS_URL=redis://localhost:6379 python examples/python/shared.py
"""

import asyncio
import os

from key_value.aio.stores.redis import RedisStore
from key_value.aio.wrappers.compression import CompressionWrapper
from key_value.aio.wrappers.encryption.fernet import FernetEncryptionWrapper

store = CompressionWrapper(
    FernetEncryptionWrapper(
        RedisStore(url=os.environ["REDIS_URL"]),
        source_material="correct horse battery staple",
        salt="my-salt",
    )
)


async def main() -> None:
    await store.put(key="from-python", value={"name": "Ada", "big": 2**60}, collection="users", ttl=1800)
    print("TypeScript wrote:", await store.get(key="from-typescript", collection="users"))


asyncio.run(main())
