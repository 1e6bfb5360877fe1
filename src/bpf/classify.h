/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Classify: address, protocol and port -> virtual service; what no service takes goes by its VIP (decline.h). */
#pragma once
#include "packet.h"

#define TABLE_MULTIPLIER 0x9e3779b97f4a7c15ULL /* 2^64 divided by the golden ratio: Fibonacci hashing */

/*
 * Both searches look at the first place in line and leave the rest to a function of its own: nearly always the first
 * place decides, and a loop in line would cost its registers even then.
 */

static __noinline const struct vip *next_vip(const struct half *half, __be32 address, __u32 first)
{
	for (__u32 probe = 1; probe < PROBES; probe++) {
		const struct vip *vip = &half->vips[(first + probe) & (VIP_ENTRIES - 1)];

		if (vip->address == address)
			return vip;
		if (!vip->flags)
			break;
	}
	return NULL;
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

/* Null when the address is none of ours. */
INLINE const struct vip *find_vip(const struct half *half, __be32 address)
{
	__u32 first = first_vip(address);
	const struct vip *vip = &half->vips[first];

	if (!vip->flags)
		return NULL;
	return vip->address == address ? vip : next_vip(half, address, first);
}

static __noinline const struct service *next_service(const struct half *half, __u64 key, __u32 first)
{
	for (__u32 probe = 1; probe < PROBES; probe++) {
		const struct service *service = &half->services[(first + probe) & (SERVICE_ENTRIES - 1)];

		if (!service->key)
			break;
		if (service->key == key)
			return service;
	}
	return NULL;
}

INLINE const struct service *find_service(const struct half *half, __u64 key)
{
	__u32 first = key * TABLE_MULTIPLIER >> (64 - SERVICE_BITS);
	const struct service *service = &half->services[first];

	/* First, because 0 is also the key of a datagram to 0.0.0.0 with protocol and port 0. */
	if (!service->key)
		return NULL;
	return service->key == key ? service : next_service(half, key, first);
}

INLINE bool classify(struct packet *p)
{
	const struct iphdr *ip = ipv4_of(p);
	__u64 key = (__u64)ip->daddr << 32 | (__u32)ip->protocol << 16 | ports_of(p) >> 16;

	p->service = find_service(p->half, key);
	return p->service;
}
