/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Slots and servers by index: the first of them lie inline in .bss, the others are elements of maps. */
#pragma once
#include "packet.h"

/* The slot word (server id and SLOT_TRACKED); NOT_FOUND when there is no such slot. */
INLINE __u32 slot_at(__u32 index)
{
	const struct slot_block *block;
	__u32 block_index;

	if (index < INLINE_SLOTS)
		return tables.slots[index];
	block_index = index >> BLOCK_BITS;
	block = bpf_map_lookup_elem(&slots, &block_index);
	return block ? block->slots[index & (BLOCK_SLOTS - 1)] : NOT_FOUND;
}

/*
 * The entry of a server. Only this function and slot_at know whether an index lies in .bss or in a map. The map has an
 * element for every id, so the lookup never fails; callers check for null because the verifier demands it.
 */
INLINE const struct server *server_in(const struct bank *bank, __u32 bank_number, __u32 id)
{
	__u32 index;

	if (id < INLINE_SERVERS)
		return BARRIER_PTR(&bank->servers[id]);
	index = bank_number * SERVER_CAPACITY + (id & (SERVER_CAPACITY - 1));
	return bpf_map_lookup_elem(&servers, &index);
}

INLINE const struct server *server_of(__u32 bank_number, __u32 id)
{
	return server_in(bank_of(bank_number), bank_number, id);
}
