/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Classify: address, protocol and port -> virtual service; what no service takes is sorted by its VIP. */
#pragma once
#include "packet.h"

#define TABLE_MULTIPLIER 0x9e3779b97f4a7c15ULL /* 2^64 divided by the golden ratio: Fibonacci hashing */

/* The VIP's entry by value: flags is 0 when the address is none of ours. */
INLINE struct vip find_vip(__u32 version, __be32 address)
{
	__u32 first = address * TABLE_MULTIPLIER >> (64 - VIP_BITS);
	struct vip none = {};

	for (__u32 probe = 0; probe < PROBES; probe++) {
		const struct vip *vip = &tables.vips[version][(first + probe) & (VIP_ENTRIES - 1)];

		if (vip->address == address)
			return *vip;
		if (!vip->flags)
			break;
	}
	return none;
}

INLINE const struct service *find_service(const struct packet *p)
{
	__u64 key = (__u64)p->destination << 32 | (__u32)p->protocol << 16 | p->ports >> 16;
	__u32 first = key * TABLE_MULTIPLIER >> (64 - SERVICE_BITS);

	for (__u32 probe = 0; probe < PROBES; probe++) {
		const struct service *service = &tables.services[p->version][(first + probe) & (SERVICE_ENTRIES - 1)];

		if (service->key == key)
			return service;
		if (!service->key)
			break;
	}
	return NULL;
}

/* NEXT when a service takes the datagram, or when it is an ICMP message to a VIP: then p->service is null. */
INLINE int classify(struct packet *p)
{
	if (!p->flaw) {
		p->service = find_service(p);
		if (p->service)
			return NEXT;
	}
	p->vip = find_vip(p->version, p->destination);
	if (!p->vip.flags)
		return DECISION_PASS; /* not for a VIP: the kernel's business */
	if (p->flaw)
		return DROP(p->flaw);
	p->service = NULL;
	if (p->protocol == IPPROTO_ICMP)
		return NEXT;
	if (p->protocol == IPPROTO_TCP || p->protocol == IPPROTO_UDP)
		return DROP(DROP_NO_SERVICE);
	return DROP(DROP_PROTOCOL_UNSUPPORTED);
}
