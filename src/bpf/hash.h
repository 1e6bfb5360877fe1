/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The flow hash of docs/flow-hash.md. Sidestep.Forwarding.FlowHash is the same in C#; the test vectors hold both. */
#pragma once
#include "packet.h"

#define HASH_MULTIPLIER 0xd6e8feb86659fd93ULL

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
