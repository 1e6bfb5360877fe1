/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Classify: address, protocol and port -> virtual service.
 *
 * A service on a single port is found directly, by open addressing. Port ranges, any port and any protocol are
 * intervals in the VIP's record, found by binary search. The kernel's LPM trie finds VIP prefixes.
 */
#pragma once
#include "packet.h"

#define TABLE_MULTIPLIER 0x9e3779b97f4a7c15ULL /* 2^64 divided by the golden ratio: Fibonacci hashing */
#define FOLD_MULTIPLIER	 0xff51afd7ed558ccdULL /* folds an IPv6 address into 64 bits */

/*
 * Each lookup examines the first entry inline and leaves the rest to a separate function. The first entry nearly
 * always decides, and an inline loop would take registers even then.
 */

static __noinline __u32 search_vips(const struct bank *bank, __be32 address, __u32 first)
{
	for (__u32 probe = 1; probe < PROBE_LIMIT; probe++) {
		const struct vip *vip = &bank->vips[(first + probe) & (VIP_ENTRIES - 1)];

		if (!vip->flags)
			break;
		if (vip->address == address)
			return vip->id;
	}
	return NOT_FOUND;
}

INLINE __u32 vip_index(__be32 address)
{
	return address * TABLE_MULTIPLIER >> (64 - VIP_BITS);
}

/* True when the first entry shows that the address is not a VIP: nearly always so for addresses that are none. */
INLINE bool not_a_vip(const struct bank *bank, __be32 address)
{
	return !bank->vips[vip_index(address)].flags;
}

INLINE __u64 fold_address(const __u64 *address)
{
	return (address[0] ^ address[0] >> 32) * FOLD_MULTIPLIER ^ address[1];
}

INLINE __u32 vip6_index(const __u64 *address)
{
	return fold_address(address) * TABLE_MULTIPLIER >> (64 - VIP_BITS);
}

INLINE bool not_a_vip6(const struct bank6 *bank6, const __u64 *address)
{
	return !bank6->vips[vip6_index(address)].flags;
}

INLINE struct bank6 *bank6_of(__u32 bank_number)
{
	return bpf_map_lookup_elem(&halves6, &bank_number);
}

GLOBAL __u32 find_vip6(__u32 bank_number, const struct tuple *t)
{
	const struct bank6 *bank6 = bank6_of(bank_number);
	__u32 first;

	if (!bank6 || !t)
		return NOT_FOUND;
	first = vip6_index(t->destination);
	for (__u32 probe = 0; probe < PROBE_LIMIT; probe++) {
		const struct vip6 *vip = &bank6->vips[(first + probe) & (VIP_ENTRIES - 1)];

		if (!vip->flags)
			break;
		if (vip->address[0] == t->destination[0] && vip->address[1] == t->destination[1])
			return vip->id;
	}
	return NOT_FOUND;
}

/*
 * Set ids are even. The odd id that follows contains the IPv6 prefixes of the set, because ::/0 must not match IPv4.
 */
INLINE struct prefix_key prefix_of(__u32 set, const __u64 *address, bool ipv6)
{
	struct prefix_key key = {.length = 160, .set = set | ipv6};

	if (ipv6) {
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
	const __u32 *id;
	struct prefix_key key;

	if (!t)
		return NOT_FOUND;
	key = prefix_of(set, t->destination, t->ipv6);
	id = bpf_map_lookup_elem(&prefixes, &key);
	return id ? *id : NOT_FOUND;
}

/* The id of the VIP's record; NOT_FOUND when the address is not a VIP. */
INLINE __u32 find_vip(const struct packet *p, const struct tuple *t)
{
	__u32 id = t->ipv6 ? find_vip6(p->bank_number, t)
			   : search_vips(p->bank, t->destination[0], vip_index(t->destination[0]) - 1);

	if (features.vip_prefixes && id == NOT_FOUND && p->bank->settings.vip_set)
		id = find_vip_prefix(p->bank->settings.vip_set, t);
	return id;
}

INLINE const struct vip_record *vip_record_of(__u32 bank_number, __u32 vip_id)
{
	const struct details *found = bpf_map_lookup_elem(&details, &bank_number);

	return found ? &found->vips[vip_id & (VIP_CAPACITY - 1)] : NULL;
}

static __noinline const struct service *search_services(const struct bank *bank, __u64 key, __u32 first)
{
	for (__u32 probe = 1; probe < PROBE_LIMIT; probe++) {
		const struct service_entry *entry = &bank->services[(first + probe) & (SERVICE_ENTRIES - 1)];

		if (!entry->key)
			break;
		if (entry->key == key)
			return &entry->service;
	}
	return NULL;
}

INLINE const struct service *find_service(const struct bank *bank, __u64 key)
{
	__u32 first = key * TABLE_MULTIPLIER >> (64 - SERVICE_BITS);
	const struct service_entry *entry = &bank->services[first];

	/* Checked first, because 0 is also the key of a datagram to 0.0.0.0 with protocol and port 0. */
	if (!entry->key)
		return NULL;
	return entry->key == key ? &entry->service : search_services(bank, key, first);
}

INLINE bool matches_service6(const struct service6_entry *entry, __u64 address0, __u64 address1, __u32 key)
{
	return entry->key == key && entry->address[0] == address0 && entry->address[1] == address1;
}

static __noinline const struct service *search_services6(const struct bank6 *bank6, __u64 address0, __u64 address1,
							 __u32 key, __u32 first)
{
	for (__u32 probe = 1; probe < PROBE_LIMIT; probe++) {
		const struct service6_entry *entry = &bank6->services[(first + probe) & (SERVICE_ENTRIES - 1)];

		if (!entry->key)
			break;
		if (matches_service6(entry, address0, address1, key))
			return &entry->service;
	}
	return NULL;
}

INLINE const struct service *find_service6(const struct bank6 *bank6, const struct tuple *t)
{
	__u32 key = t->protocol << 16 | t->ports >> 16;
	__u32 first = (fold_address(t->destination) ^ (__u64)key << 32) * TABLE_MULTIPLIER >> (64 - SERVICE_BITS);
	const struct service6_entry *entry = &bank6->services[first];

	if (!entry->key)
		return NULL;
	if (matches_service6(entry, t->destination[0], t->destination[1], key))
		return &entry->service;
	return search_services6(bank6, t->destination[0], t->destination[1], key, first);
}

INLINE __u64 service_key(const struct tuple *t)
{
	return t->destination[0] << 32 | (__u32)t->protocol << 16 | t->ports >> 16;
}

/* A binary search among the intervals of a VIP, as a callback: in a loop, the verifier would follow every branch. */
struct range_search {
	__u32 bank_number;
	__u32 low;  /* the first candidate */
	__u32 high; /* after the last candidate */
	__u32 key;
	__u32 found;
};

INLINE const struct range *range_at(__u32 bank_number, __u32 index)
{
	const struct details *here = bpf_map_lookup_elem(&details, &bank_number);

	return here ? &here->ranges[index & (RANGES - 1)] : NULL;
}

static long search_step(__u64 step, void *context)
{
	struct range_search *search = context;
	__u32 middle = (search->low + search->high) / 2;
	const struct range *range = range_at(search->bank_number, middle);

	if (!range || search->low >= search->high)
		return 1;
	if (search->key < range->first) {
		search->high = middle;
	} else if (search->key > range->last) {
		search->low = middle + 1;
	} else {
		search->found = middle;
		return 1;
	}
	return 0;
}

/* Index of the interval of a VIP that contains the key (protocol << 16 | port); NOT_FOUND when there is none. */
GLOBAL __u32 find_range(__u32 bank_number, __u32 vip_id, __u32 key)
{
	struct range_search search = {.bank_number = bank_number, .key = key, .found = NOT_FOUND};
	const struct vip_record *vip = vip_record_of(bank_number, vip_id);

	if (!vip)
		return NOT_FOUND;
	search.low = vip->range_base;
	search.high = search.low + vip->range_count;
	bpf_loop(RANGE_STEPS, search_step, &search, 0);
	return search.found;
}

/* The service for a packet to the VIP: first by single port, then by interval. */
INLINE const struct service *classify(const struct packet *p, const struct tuple *t, __u32 vip_id)
{
	const struct service *service = NULL;

	if (t->ipv6) {
		const struct bank6 *bank6 = bank6_of(p->bank_number);

		if (bank6)
			service = find_service6(bank6, t);
	} else {
		service = find_service(p->bank, service_key(t));
	}
	if (!service) {
		__u32 index = find_range(p->bank_number, vip_id, t->protocol << 16 | bpf_ntohs(t->ports >> 16));
		const struct range *range = index == NOT_FOUND ? NULL : range_at(p->bank_number, index);

		service = range ? &range->service : NULL;
	}
	return service;
}

/* Whether the access list admits the source. The longest matching prefix decides; the writer adds one of length 0. */
GLOBAL int is_allowed(__u32 set, const struct tuple *t)
{
	struct prefix_key key;
	const __u32 *allows;

	if (!t)
		return false;
	key = prefix_of(set, t->source, t->ipv6);
	allows = bpf_map_lookup_elem(&prefixes, &key);
	return allows && *allows;
}
