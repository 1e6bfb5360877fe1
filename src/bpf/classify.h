/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Classify: address, protocol and port -> virtual service; what no service takes goes by its VIP (decline.h). */
#pragma once
#include "packet.h"

#define TABLE_MULTIPLIER 0x9e3779b97f4a7c15ULL /* 2^64 divided by the golden ratio: Fibonacci hashing */

/*
 * Both searches look at the first place in line and leave the rest to a function of its own: nearly always the first
 * place decides, and a loop in line would cost its registers even then.
 */

static __noinline __u32 next_vip(__u32 version, __be32 address, __u32 first)
{
	for (__u32 probe = 1; probe < PROBES; probe++) {
		__u32 at = (first + probe) & (VIP_ENTRIES - 1);
		const struct vip *vip = &tables.vips[version & 1][at];

		if (vip->address == address)
			return at;
		if (!vip->flags)
			break;
	}
	return VIP_ENTRIES;
}

/* True when the first place decides that the address is none of ours: nearly always so for what is none. */
INLINE bool is_vip_free(__u32 version, __be32 address)
{
	return !tables.vips[version][address * TABLE_MULTIPLIER >> (64 - VIP_BITS)].flags;
}

/* Null when the address is none of ours. */
INLINE const struct vip *find_vip(__u32 version, __be32 address)
{
	__u32 at = address * TABLE_MULTIPLIER >> (64 - VIP_BITS);
	const struct vip *vip = &tables.vips[version][at];

	if (!vip->flags)
		return NULL;
	if (vip->address == address)
		return vip;
	at = next_vip(version, address, at);
	return at < VIP_ENTRIES ? &tables.vips[version][at] : NULL;
}

static __noinline __u32 next_service(__u32 version, __u64 key, __u32 first)
{
	for (__u32 probe = 1; probe < PROBES; probe++) {
		__u32 at = (first + probe) & (SERVICE_ENTRIES - 1);
		const struct service *service = &tables.services[version & 1][at];

		if (!service->key)
			break;
		if (service->key == key)
			return at;
	}
	return SERVICE_ENTRIES;
}

INLINE const struct service *find_service(__u32 version, __u64 key)
{
	__u32 at = key * TABLE_MULTIPLIER >> (64 - SERVICE_BITS);
	const struct service *service = &tables.services[version][at];

	/* First, because 0 is also the key of a datagram to 0.0.0.0 with protocol and port 0. */
	if (!service->key)
		return NULL;
	if (service->key == key)
		return service;
	at = next_service(version, key, at);
	return at < SERVICE_ENTRIES ? &tables.services[version][at] : NULL;
}

INLINE bool classify(struct packet *p)
{
	__u64 key = (__u64)p->destination << 32 | (__u32)p->protocol << 16 | p->ports >> 16;

	p->service = find_service(p->version, key);
	return p->service;
}
