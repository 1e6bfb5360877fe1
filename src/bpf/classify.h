/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Classify: destination address -> VIP, then VIP, protocol and port -> virtual service. Both by open addressing. */
#pragma once
#include "packet.h"

/* The VIP's entry by value: flags is 0 when the address is none of ours. */
INLINE struct vip find_vip(__u32 version, __be32 address)
{
	__u32 first = address * tables.control.settings[version].vip_seed >> 16;
	struct vip none = {};

	for (__u32 probe = 0; probe < VIP_PROBES; probe++) {
		const struct vip *vip = &tables.vips[version][(first + probe) & (VIP_ENTRIES - 1)];

		if (vip->address == address)
			return *vip;
		if (!vip->flags)
			break;
	}
	return none;
}

INLINE int classify(struct packet *p, __u16 vip)
{
	__u64 key = SERVICE_USED | (__u64)vip << 32 | (__u32)p->protocol << 16 | p->ports >> 16;
	__u32 first = key * tables.control.settings[p->version].service_seed >> (64 - SERVICE_BITS);

	for (__u32 probe = 0; probe < SERVICE_PROBES; probe++) {
		const struct service *service = &tables.services[p->version][(first + probe) & (SERVICE_ENTRIES - 1)];

		if (service->key == key) {
			p->service = service;
			return NEXT;
		}
		if (!service->key)
			break;
	}
	return DROP(DROP_NO_SERVICE);
}
