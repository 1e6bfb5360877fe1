/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Select: flow hash -> slot -> real server. */
#pragma once
#include "hash.h"

INLINE __u64 flow_hash(const struct packet *p)
{
	const struct settings *settings = &p->half->settings;
	const struct iphdr *ip = ipv4_of(p);
	__u64 low = settings->hash_low, state;

	if (!(p->service->flags & SERVICE_HASH_FIVE_TUPLE))
		return hash_word(settings->hash_high, bpf_ntohl(ip->saddr), low);
	state = hash_word(settings->hash_high, (__u64)bpf_ntohl(ip->saddr) << 32 | bpf_ntohl(ip->daddr), low);
	return hash_word(state, (__u64)ip->protocol << 32 | bpf_ntohl(ports_of(p)), low);
}

INLINE int select_server(struct packet *p)
{
	/* The upper half of the hash, scaled to the number of slots: no division, no bias worth the name. */
	__u64 slot = (flow_hash(p) >> 32) * p->service->slot_count >> 32;
	const struct slot_block *block;
	__u32 index = p->service->slot_base + slot, block_index = index >> BLOCK_BITS;

	if (!p->service->slot_count)
		return DROP_NO_SERVER;
	block = bpf_map_lookup_elem(&slots, &block_index);
	if (!block)
		return DROP_TABLES_INCONSISTENT;
	p->server_id = block->slots[index & (BLOCK_SLOTS - 1)] & SLOT_SERVER_MASK & (SERVER_CAPACITY - 1);
	if (!p->server_id)
		return DROP_NO_SERVER;
	p->server = &p->half->servers[p->server_id];
	return GO_ON;
}
