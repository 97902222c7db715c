"""Envelope encryption, key rings, keyed hashes."""

from __future__ import annotations

import base64
import secrets
from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recado.kit.crypto import (
    KeyRing,
    Place,
    SecretUnreadable,
    api_key_hash,
    derive,
    keyed_hash,
    new_ring_entry,
    parse_ring,
    seal,
    unseal,
)
from recado.kit.ids import TenantId
from recado.tenants.vault import Vault

KEY = bytes(range(32))
HERE = Place(tenant="t1", table="phone_number", column="credentials", row="r1")
OLD, NEW = bytes(32), b"\x01" * 32
TENANT = TenantId(UUID(int=11))
OTHER = TenantId(UUID(int=12))


@given(st.binary(max_size=200))
def test_what_was_sealed_here_opens_here(value: bytes) -> None:
    sealed = seal(KEY, HERE, value, secrets.token_bytes)
    assert unseal(KEY, HERE, sealed) == value
    assert len(value) < 4 or value not in sealed


@pytest.mark.parametrize("moved", ["tenant", "table", "column", "row"])
def test_a_moved_ciphertext_does_not_open(moved: str) -> None:
    sealed = seal(KEY, HERE, b"token", secrets.token_bytes)
    with pytest.raises(SecretUnreadable):
        unseal(KEY, replace(HERE, **{moved: "elsewhere"}), sealed)


@given(st.integers(0, 33), st.integers(1, 255))
def test_a_changed_byte_does_not_open(index: int, flip: int) -> None:
    sealed = bytearray(seal(KEY, HERE, b"token", secrets.token_bytes))
    sealed[index] ^= flip
    with pytest.raises(SecretUnreadable):
        unseal(KEY, HERE, bytes(sealed))


@pytest.mark.parametrize("broken", [b"", b"\x01", b"\x01" + bytes(5), b"\x02" + bytes(60)])
def test_a_stump_is_unreadable_and_not_a_crash(broken: bytes) -> None:
    with pytest.raises(SecretUnreadable):
        unseal(KEY, HERE, broken)


def test_another_key_does_not_open() -> None:
    with pytest.raises(SecretUnreadable):
        unseal(bytes(32), HERE, seal(KEY, HERE, b"token", secrets.token_bytes))


def test_the_same_value_never_looks_the_same_twice() -> None:
    assert seal(KEY, HERE, b"token", secrets.token_bytes) != seal(KEY, HERE, b"token", secrets.token_bytes)


# --------------------------------------------------------------------------- key rings


def test_a_rotated_ring_still_opens_and_wraps_with_the_new_key() -> None:
    before = Vault(KeyRing({"k1": OLD}))
    wrapped = before.new_dek(TENANT)
    after = Vault(KeyRing({"k2": NEW, "k1": OLD}))
    fresh = after.rewrap(TENANT, wrapped)
    assert fresh is not None
    assert after.ring.key_id(fresh) == "k2"
    assert after.rewrap(TENANT, fresh) is None
    alone = Vault(KeyRing({"k2": NEW}))
    assert alone.keys(TENANT, fresh).dek == before.keys(TENANT, wrapped).dek
    with pytest.raises(SecretUnreadable, match="k1"):
        alone.ring.unwrap(TENANT.hex, wrapped)


def test_a_data_key_given_to_another_tenant_does_not_open() -> None:
    vault = Vault(KeyRing({"k1": OLD}))
    with pytest.raises(SecretUnreadable):
        vault.keys(OTHER, vault.new_dek(TENANT))


def test_tenants_keys_have_nothing_in_common() -> None:
    vault = Vault(KeyRing({"k1": OLD}))
    one, other = (vault.keys(each, vault.new_dek(each)) for each in (TENANT, OTHER))
    assert len({one.dek, one.hash_key, one.token_key, other.dek, other.hash_key, other.token_key}) == 6
    assert one.hash("wamid.X") != other.hash("wamid.X")
    token = UUID(int=9)
    assert one.read_token(one.write_token(token)) == token
    assert other.read_token(one.write_token(token)) is None
    sealed = one.seal("phone_number", "credentials", token, b"x")
    with pytest.raises(SecretUnreadable):
        other.unseal("phone_number", "credentials", token, sealed)


def test_a_hash_takes_any_text_webhooks_may_hold() -> None:
    vault = Vault(KeyRing({"k1": OLD}))
    assert len(vault.keys(TENANT, vault.new_dek(TENANT)).hash("\ud800")) == 16


def test_secrets_do_not_show_in_reprs() -> None:
    ring = KeyRing({"k1": KEY})
    vault = Vault(ring)
    keys = vault.keys(TENANT, vault.new_dek(TENANT))
    assert repr(KEY) not in repr(ring)
    assert repr(keys.dek) not in repr(keys)


# --------------------------------------------------------------------------- ring texts


def test_a_ring_reads_its_own_entries_current_first() -> None:
    ring = parse_ring(f"{new_ring_entry('k2')},\n {new_ring_entry('k1')} ,")
    assert list(ring.keys) == ["k2", "k1"]
    assert ring.current == "k2"


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "no master key"),
        (" , \n", "no master key"),
        ("k1:***", "not base64"),
        ("k1:" + base64.b64encode(bytes(16)).decode(), "32 bytes, has 16"),
    ],
)
def test_a_broken_ring_says_which_rule(text: str, rule: str) -> None:
    with pytest.raises(ValueError, match=rule):
        parse_ring(text)


def test_subkeys_and_hashes_are_stable_and_apart() -> None:
    assert derive(KEY, "a") == derive(KEY, "a") != derive(KEY, "b")
    assert keyed_hash(KEY, b"x") != keyed_hash(OLD, b"x")
    assert len(keyed_hash(KEY, b"x")) == 16
    assert len(api_key_hash("rk_x")) == 32
