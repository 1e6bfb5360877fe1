/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Later fragments have no ports. Where ports choose the service or the server, the first fragment is remembered for a
 * few seconds, in a table of fixed size: a flood of first fragments pushes out the oldest of its bucket, and is
 * counted.
 */
#pragma once
#include "account.h"
#include "classify.h"
#include "hash.h"

#define FRAGMENT_TICKS 75 /* 5 s */

/* Of IPv6 the next header of later fragments says nothing, RFC 8200 section 4.5. */
INLINE __u64 datagram_id(const struct packet *p, const struct tuple *t, __u32 fragment_id)
{
	return flow_id(&p->half->settings, t, 0x100 | (t->six ? 0 : t->protocol), fragment_id);
}

INLINE struct fragment_bucket *fragments_of(__u64 id)
{
	__u32 index = id & (FRAGMENT_BUCKETS - 1);

	return bpf_map_lookup_elem(&fragments, &index);
}

GLOBAL int remember_fragment(__u64 id, __u32 server, __u32 service, __u32 profile)
{
	struct fragment_bucket *bucket = fragments_of(id);
	__u32 now = now_ticks(), longest = 0;
	struct fragment *place = NULL;

	if (!bucket)
		return 0;
	for (__u32 i = 0; i < FRAGMENT_WAYS; i++) {
		struct fragment *fragment = &bucket->fragments[i];
		__u32 age = fragment->id ? ticks_since(fragment->seen, now) : ~0U - 1;

		if (fragment->id == id)
			age = ~0U;
		if (!place || age > longest) {
			place = fragment;
			longest = age;
		}
	}
	if (!place)
		return 0;
	if (place->id && place->id != id && longest <= FRAGMENT_TICKS) {
		struct cpu_counters *own = own_counters();

		if (own)
			own->fragments_forgotten.packets++;
	}
	*(volatile __u64 *)&place->id = 0;
	place->server = server;
	place->service = service;
	place->profile = profile;
	place->seen = now;
	__sync_lock_test_and_set(&place->id, id);
	return 0;
}

/* Where the first fragment went: sets the server's id, and of the service what is needed. */
INLINE bool recall_fragment(struct packet *p, const struct tuple *t, __u32 fragment_id, struct service *service)
{
	__u64 id = datagram_id(p, t, fragment_id);
	struct fragment_bucket *bucket = fragments_of(id);

	if (!bucket)
		return false;
	for (__u32 i = 0; i < FRAGMENT_WAYS; i++) {
		const struct fragment *fragment = &bucket->fragments[i];

		if (fragment->id == id && ticks_since(fragment->seen, now_ticks()) <= FRAGMENT_TICKS) {
			p->server_id = fragment->server;
			service->id = fragment->service;
			service->profile = fragment->profile;
			return true;
		}
	}
	return false;
}
