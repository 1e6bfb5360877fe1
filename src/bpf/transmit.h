/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Transmit: out by the interface it came in by, or by another one of the director's. */
#pragma once
#include "encapsulate.h"

INLINE int transmit(const struct xdp_md *ctx, const struct packet *p)
{
	if (!one_arm) {
		__u32 ifindex = way_out(p)->ifindex;

		if (ifindex != ctx->ingress_ifindex)
			return bpf_redirect(ifindex, 0);
	}
	return XDP_TX;
}
