/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Classify: address, protocol and port -> virtual service.
 *
 * A service on a single port is found at once, by open addressing. Ranges, any port and any protocol are intervals of
 * the VIP's record, found by a binary search; VIP prefixes by the kernel's trie.
 */
#pragma once
#include "packet.h"

#define TABLE_MULTIPLIER 0x9e3779b97f4a7c15ULL /* 2^64 divided by the golden ratio: Fibonacci hashing */
#define FOLD_MULTIPLIER	 0xff51afd7ed558ccdULL /* folds an IPv6 address into one number */

/*
 * The searches look at the first place in line and leave the rest to a function of its own: nearly always the first
 * place decides, and a loop in line would cost its registers even then.
 */

static __noinline __u32 next_vip(const struct half *half, __be32 address, __u32 first)
{
	for (__u32 probe = 1; probe < PROBES; probe++) {
		const struct vip *vip = &half->vips[(first + probe) & (VIP_ENTRIES - 1)];

		if (!vip->flags)
			break;
		if (vip->address == address)
			return vip->number;
	}
	return NOTHING;
}

INLINE __u32 first_vip(__be32 address)
{
	return address * TABLE_MULTIPLIER >> (64 - VIP_BITS);
}

/* True when the first place decides that the address is none of ours: nearly always so for what is none. */
INLINE bool is_vip_free(const struct half *half, __be32 address)
{
	return !half->vips[first_vip(address)].flags;
}

INLINE __u64 fold_address(const __u64 *address)
{
	return (address[0] ^ address[0] >> 32) * FOLD_MULTIPLIER ^ address[1];
}

INLINE __u32 first_vip6(const __u64 *address)
{
	return fold_address(address) * TABLE_MULTIPLIER >> (64 - VIP_BITS);
}

INLINE bool is_vip6_free(const struct half6 *half6, const __u64 *address)
{
	return !half6->vips[first_vip6(address)].flags;
}

INLINE struct half6 *half6_of(__u32 half_number)
{
	return bpf_map_lookup_elem(&halves6, &half_number);
}

GLOBAL __u32 find_vip6(__u32 half_number, const struct tuple *t)
{
	const struct half6 *half6 = half6_of(half_number);
	__u32 first;

	if (!half6 || !t)
		return NOTHING;
	first = first_vip6(t->destination);
	for (__u32 probe = 0; probe < PROBES; probe++) {
		const struct vip6 *vip = &half6->vips[(first + probe) & (VIP_ENTRIES - 1)];

		if (!vip->flags)
			break;
		if (vip->address[0] == t->destination[0] && vip->address[1] == t->destination[1])
			return vip->number;
	}
	return NOTHING;
}

/* Sets are even; the odd number behind one has its prefixes of IPv6, so that ::/0 is not also everything of IPv4. */
INLINE struct prefix_key prefix_of(__u32 set, const __u64 *address, bool six)
{
	struct prefix_key key = {.length = 160, .set = set | six};

	if (six) {
		((__u64 *)key.address)[0] = address[0];
		((__u64 *)key.address)[1] = address[1];
	} else {
		((__u32 *)key.address)[2] = bpf_htonl(0xffff);
		((__u32 *)key.address)[3] = address[0];
	}
	return key;
}

GLOBAL __u32 find_vip_prefix(__u32 set, const struct tuple *t)
{
	const __u32 *number;
	struct prefix_key key;

	if (!t)
		return NOTHING;
	key = prefix_of(set, t->destination, t->six);
	number = bpf_map_lookup_elem(&prefixes, &key);
	return number ? *number : NOTHING;
}

/* The number of the VIP's record; NOTHING when the address is none of ours. */
INLINE __u32 find_vip(const struct packet *p, const struct tuple *t)
{
	__u32 number = t->six ? find_vip6(p->half_number, t)
			      : next_vip(p->half, t->destination[0], first_vip(t->destination[0]) - 1);

	if (switches.prefixes && number == NOTHING && p->half->settings.vip_set)
		number = find_vip_prefix(p->half->settings.vip_set, t);
	return number;
}

INLINE const struct vip_record *record_of(__u32 half_number, __u32 vip_number)
{
	const struct details *found = bpf_map_lookup_elem(&details, &half_number);

	return found ? &found->vips[vip_number & (VIP_CAPACITY - 1)] : NULL;
}

static __noinline const struct service *next_service(const struct half *half, __u64 key, __u32 first)
{
	for (__u32 probe = 1; probe < PROBES; probe++) {
		const struct service_entry *entry = &half->services[(first + probe) & (SERVICE_ENTRIES - 1)];

		if (!entry->key)
			break;
		if (entry->key == key)
			return &entry->service;
	}
	return NULL;
}

INLINE const struct service *find_service(const struct half *half, __u64 key)
{
	__u32 first = key * TABLE_MULTIPLIER >> (64 - SERVICE_BITS);
	const struct service_entry *entry = &half->services[first];

	/* First, because 0 is also the key of a datagram to 0.0.0.0 with protocol and port 0. */
	if (!entry->key)
		return NULL;
	return entry->key == key ? &entry->service : next_service(half, key, first);
}

INLINE bool is_service6(const struct service6_entry *entry, __u64 address0, __u64 address1, __u32 key)
{
	return entry->key == key && entry->address[0] == address0 && entry->address[1] == address1;
}

static __noinline const struct service *next_service6(const struct half6 *half6, __u64 address0, __u64 address1,
						      __u32 key, __u32 first)
{
	for (__u32 probe = 1; probe < PROBES; probe++) {
		const struct service6_entry *entry = &half6->services[(first + probe) & (SERVICE_ENTRIES - 1)];

		if (!entry->key)
			break;
		if (is_service6(entry, address0, address1, key))
			return &entry->service;
	}
	return NULL;
}

INLINE const struct service *find_service6(const struct half6 *half6, const struct tuple *t)
{
	__u32 key = t->protocol << 16 | t->ports >> 16;
	__u32 first = (fold_address(t->destination) ^ (__u64)key << 32) * TABLE_MULTIPLIER >> (64 - SERVICE_BITS);
	const struct service6_entry *entry = &half6->services[first];

	if (!entry->key)
		return NULL;
	if (is_service6(entry, t->destination[0], t->destination[1], key))
		return &entry->service;
	return next_service6(half6, t->destination[0], t->destination[1], key, first);
}

INLINE __u64 service_key(const struct tuple *t)
{
	return t->destination[0] << 32 | (__u32)t->protocol << 16 | t->ports >> 16;
}

/* A binary search among the intervals of a VIP, as a callback: the verifier would follow every branch of a loop. */
struct search {
	__u32 half_number;
	__u32 low;  /* the interval is from here on */
	__u32 high; /* and before this one */
	__u32 wanted;
	__u32 found;
};

INLINE const struct range *range_at(__u32 half_number, __u32 index)
{
	const struct details *here = bpf_map_lookup_elem(&details, &half_number);

	return here ? &here->ranges[index & (RANGES - 1)] : NULL;
}

static long search_step(__u64 step, void *context)
{
	struct search *search = context;
	__u32 middle = (search->low + search->high) / 2;
	const struct range *range = range_at(search->half_number, middle);

	if (!range || search->low >= search->high)
		return 1;
	if (search->wanted < range->first) {
		search->high = middle;
	} else if (search->wanted > range->last) {
		search->low = middle + 1;
	} else {
		search->found = middle;
		return 1;
	}
	return 0;
}

/* Index of the interval of a VIP that has the number; NOTHING when there is none. */
GLOBAL __u32 find_range(__u32 half_number, __u32 vip_number, __u32 wanted)
{
	struct search search = {.half_number = half_number, .wanted = wanted, .found = NOTHING};
	const struct vip_record *vip = record_of(half_number, vip_number);

	if (!vip)
		return NOTHING;
	search.low = vip->range_base;
	search.high = search.low + vip->range_count;
	bpf_loop(RANGE_STEPS, search_step, &search, 0);
	return search.found;
}

/* Everything that may take a packet of the VIP, the single ports included. */
INLINE const struct service *classify(const struct packet *p, const struct tuple *t, __u32 vip_number)
{
	const struct service *service = NULL;

	if (t->six) {
		const struct half6 *half6 = half6_of(p->half_number);

		if (half6)
			service = find_service6(half6, t);
	} else {
		service = find_service(p->half, service_key(t));
	}
	if (!service) {
		__u32 index = find_range(p->half_number, vip_number, t->protocol << 16 | bpf_ntohs(t->ports >> 16));
		const struct range *range = index == NOTHING ? NULL : range_at(p->half_number, index);

		service = range ? &range->service : NULL;
	}
	return service;
}

/* May this source use the service? Of the prefixes that hold it the longest decides; the writer adds one of length 0.
 */
GLOBAL int is_allowed(__u32 set, const struct tuple *t)
{
	struct prefix_key key;
	const __u32 *allows;

	if (!t)
		return false;
	key = prefix_of(set, t->source, t->six);
	allows = bpf_map_lookup_elem(&prefixes, &key);
	return allows && *allows;
}
