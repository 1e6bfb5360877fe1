/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Transmit: through the ingress interface, or through another interface of the director. */
#pragma once
#include "packet.h"

INLINE int transmit(const struct xdp_md *ctx, const struct packet *p)
{
	if (!features.one_arm && p->server->ifindex != ctx->ingress_ifindex)
		return bpf_redirect(p->server->ifindex, 0);
	return XDP_TX;
}
