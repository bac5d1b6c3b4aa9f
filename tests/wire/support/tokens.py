"""Session tokens made from their written description (docs/formats/identities.md), for what a server would never give."""

from __future__ import annotations

import base64
import ctypes
import ctypes.util
import hmac
import os
import pathlib
import struct

CONTEXT = b"stator session 1"


def _text(text: str) -> bytes:
    encoded, length = text.encode(), b""
    rest = len(encoded)
    while rest >= 0x80:
        length += bytes([rest & 0x7F | 0x80])
        rest >>= 7
    return length + bytes([rest]) + encoded


def plain(*, key_id, secret, issuer, name, created_us, issued_s, expires_s, role=False, session_name="", policy="") -> bytes:
    return b"".join([
        bytes([role]), _text(key_id), _text(secret), _text(issuer), _text(name), struct.pack(">Q", created_us),
        _text(session_name), struct.pack(">QQ", issued_s, expires_s), _text(policy)])


def key_of(key_file: pathlib.Path) -> bytes:
    master = bytes.fromhex(key_file.read_text().split()[-1])
    return hmac.digest(master, b"sessions", "sha256")


def _aes_gcm(key: bytes, nonce: bytes, context: bytes, text: bytes) -> bytes:
    """Ciphertext and tag: OpenSSL's, which the server is linked with anyway."""
    crypto = ctypes.CDLL(ctypes.util.find_library("crypto") or "libcrypto.so.3")
    crypto.EVP_CIPHER_CTX_new.restype = crypto.EVP_aes_256_gcm.restype = ctypes.c_void_p
    cipher = ctypes.c_void_p(crypto.EVP_CIPHER_CTX_new())
    out, tag, length = ctypes.create_string_buffer(len(text)), ctypes.create_string_buffer(16), ctypes.c_int()
    steps = (
        crypto.EVP_EncryptInit_ex(cipher, ctypes.c_void_p(crypto.EVP_aes_256_gcm()), None, key, nonce),
        crypto.EVP_EncryptUpdate(cipher, None, ctypes.byref(length), context, len(context)),
        crypto.EVP_EncryptUpdate(cipher, out, ctypes.byref(length), text, len(text)),
        crypto.EVP_EncryptFinal_ex(cipher, None, ctypes.byref(length)),
        crypto.EVP_CIPHER_CTX_ctrl(cipher, 0x10, 16, tag),
    )
    crypto.EVP_CIPHER_CTX_free(cipher)
    assert steps == (1, 1, 1, 1, 1)
    return out.raw + tag.raw


def token(key_file: pathlib.Path, text: bytes) -> str:
    nonce = os.urandom(12)
    return base64.b64encode(b"\1" + nonce + _aes_gcm(key_of(key_file), nonce, CONTEXT, text)).decode()


def opened(key_file: pathlib.Path, sealed: str) -> dict:
    """What a token of the server says, as arguments of `plain`. Encrypting what was encrypted gives the text again."""
    raw = base64.b64decode(sealed)
    rest = _aes_gcm(key_of(key_file), raw[1:13], CONTEXT, raw[13:-16])[:-16]

    def take(count):
        nonlocal rest
        part, rest = rest[:count], rest[count:]
        return part

    def text():
        length, shift, more = 0, 0, 0x80
        while more:
            byte = take(1)[0]
            length, shift, more = length | (byte & 0x7F) << shift, shift + 7, byte & 0x80
        return take(length).decode()

    def number():
        return struct.unpack(">Q", take(8))[0]

    kinds = {"key_id": text, "secret": text, "issuer": text, "name": text, "created_us": number, "session_name": text,
             "issued_s": number, "expires_s": number, "policy": text}
    said = {"role": bool(take(1)[0]), **{name: kind() for name, kind in kinds.items()}}
    assert rest == b""
    return said
