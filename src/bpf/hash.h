/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The flow hash of docs/flow-hash.md. Sidestep.Forwarding.FlowHash implements the same in C#; shared test vectors
 * check both.
 */
#pragma once
#include "packet.h"

#define HASH_MULTIPLIER	   0xd6e8feb86659fd93ULL
#define ENTROPY_MULTIPLIER 0x9fb21c651e98df25ULL

INLINE __u64 hash_word(__u64 state, __u64 word, __u64 low)
{
	state ^= word;
	state ^= state >> 32;
	state *= HASH_MULTIPLIER;
	state ^= low;
	state ^= state >> 32;
	state *= HASH_MULTIPLIER;
	return state ^ state >> 32;
}

INLINE __u64 hash_address(__u64 state, const __u64 *address, __u64 low)
{
	return hash_word(hash_word(state, bpf_be64_to_cpu(address[0]), low), bpf_be64_to_cpu(address[1]), low);
}

INLINE __u64 source_hash(const struct settings *settings, const struct tuple *t)
{
	return t->ipv6 ? hash_address(settings->hash_high, t->source, settings->hash_low)
		       : hash_word(settings->hash_high, bpf_ntohl((__u32)t->source[0]), settings->hash_low);
}

/* Determines the slot. */
INLINE __u64 flow_hash(const struct settings *settings, __u32 flags, const struct tuple *t)
{
	__u64 state = settings->hash_high, low = settings->hash_low, source;
	__u32 fields = flags & SERVICE_HASH_MASK, ports;

	if (!UNLIKELY(fields))
		return source_hash(settings, t);
	ports = bpf_ntohl(t->ports);
	if (fields == SERVICE_HASH_DEST)
		return hash_word(state, ports & 0xffff, low);
	if (t->ipv6) {
		state = hash_address(state, t->source, low);
		if (fields == SERVICE_HASH_PORT)
			return hash_word(state, ports >> 16, low);
		state = hash_address(state, t->destination, low);
	} else {
		source = bpf_ntohl((__u32)t->source[0]);
		if (fields == SERVICE_HASH_PORT)
			return hash_word(state, source << 32 | ports >> 16, low);
		state = hash_word(state, source << 32 | bpf_ntohl((__u32)t->destination[0]), low);
	}
	return hash_word(state, (__u64)t->protocol << 32 | ports, low);
}

/*
 * The id of a tracked flow: a hash of the whole tuple, with the two words of the key swapped; never 0 or 1. The
 * caller chooses the ports argument: for a fragmented datagram it is the identification.
 */
INLINE __u64 flow_id(const struct settings *settings, const struct tuple *t, __u32 protocol, __u32 ports)
{
	__u64 state = settings->hash_low, low = settings->hash_high;

	if (t->ipv6)
		state = hash_address(hash_address(state, t->source, low), t->destination, low);
	else
		state = hash_word(state, t->source[0] << 32 | (__u32)t->destination[0], low);
	return hash_word(state, (__u64)protocol << 40 | (__u64)t->ipv6 << 32 | ports, low) | 2;
}

/*
 * Differs between flows and goes into the outer header, so that the real server's network card spreads the flows (RFC
 * 6438). Cheap, and not secret.
 */
INLINE __u32 flow_entropy(const struct tuple *t)
{
	__u64 mixed = t->source[0] ^ t->source[1] ^ (__u64)t->ports << 32 ^ t->protocol;

	mixed *= ENTROPY_MULTIPLIER;
	mixed ^= mixed >> 32;
	mixed *= ENTROPY_MULTIPLIER;
	return mixed >> 32;
}
