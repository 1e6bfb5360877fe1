/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Later fragments have no ports. Where ports determine the service or the server, the first fragment is tracked for a
 * few seconds in a table of fixed size. A flood of first fragments evicts the oldest entry of its bucket, which is
 * counted.
 */
#pragma once
#include "account.h"
#include "classify.h"
#include "hash.h"

#define FRAGMENT_TICKS 75 /* 5 s */

/* In IPv6, the next header field of later fragments says nothing reliable, RFC 8200 section 4.5. */
INLINE __u64 datagram_id(const struct packet *p, const struct tuple *t, __u32 fragment_id)
{
	return flow_id(&p->bank->settings, t, 0x100 | (t->ipv6 ? 0 : t->protocol), fragment_id);
}

INLINE struct fragment_bucket *fragment_bucket_of(__u64 id)
{
	__u32 index = id & (FRAGMENT_BUCKETS - 1);

	return bpf_map_lookup_elem(&fragments, &index);
}

GLOBAL int track_fragment(__u64 id, __u32 server, __u32 service, __u32 profile)
{
	struct fragment_bucket *bucket = fragment_bucket_of(id);
	__u32 now = now_ticks(), longest = 0;
	struct fragment *entry = NULL;

	if (!bucket)
		return 0;
	for (__u32 i = 0; i < FRAGMENT_BUCKET_ENTRIES; i++) {
		struct fragment *fragment = &bucket->fragments[i];
		__u32 age = fragment->id ? ticks_since(fragment->seen, now) : ~0U - 1;

		if (fragment->id == id)
			age = ~0U;
		if (!entry || age > longest) {
			entry = fragment;
			longest = age;
		}
	}
	if (!entry)
		return 0;
	if (entry->id && entry->id != id && longest <= FRAGMENT_TICKS) {
		struct cpu_counters *own = own_counters();

		if (own)
			own->fragments_evicted.packets++;
	}
	*(volatile __u64 *)&entry->id = 0;
	entry->server = server;
	entry->service = service;
	entry->profile = profile;
	entry->seen = now;
	__sync_lock_test_and_set(&entry->id, id);
	return 0;
}

/* Finds where the first fragment went: sets the server's id, and the id and profile of the service. */
INLINE bool find_fragment(struct packet *p, const struct tuple *t, __u32 fragment_id, struct service *service)
{
	__u64 id = datagram_id(p, t, fragment_id);
	struct fragment_bucket *bucket = fragment_bucket_of(id);

	if (!bucket)
		return false;
	for (__u32 i = 0; i < FRAGMENT_BUCKET_ENTRIES; i++) {
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
