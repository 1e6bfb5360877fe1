/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Checksums of the Internet protocols: one's complement sums of 16-bit words, RFC 1071. */
#pragma once
#include "packet.h"

/* Folds a one's complement sum to 16 bits, RFC 1071. */
INLINE __u16 fold(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* Sum over a part of the frame, as 16-bit words in memory order. */
GLOBAL __u32 sum_of(struct xdp_md *ctx, __u32 offset, __u32 length)
{
	__s64 sum = 0;
	void *at;

	for (__u32 i = 0; i < FRAME_BYTES / 256 && length >= 256; i++) {
		at = bytes_at(ctx, offset, 256);
		if (!at)
			return 0;
		sum = bpf_csum_diff(0, 0, at, 256, (__u32)sum);
		offset += 256;
		length -= 256;
	}
	for (__u32 i = 0; i < 64 && length >= 4; i++) {
		at = bytes_at(ctx, offset, 4);
		if (!at)
			return 0;
		sum += *(__u32 *)at;
		offset += 4;
		length -= 4;
	}
	if (length >= 2) {
		at = bytes_at(ctx, offset, 2);
		if (!at)
			return 0;
		sum += *(__u16 *)at;
		offset += 2;
		length -= 2;
	}
	if (length) {
		at = bytes_at(ctx, offset, 1);
		if (!at)
			return 0;
		sum += *(__u8 *)at;
	}
	return fold(sum);
}

/* Sum of the pseudo header of ICMPv6, RFC 8200 section 8.1. */
INLINE __u64 pseudo_sum(const __u64 *source, const __u64 *destination, __u32 length)
{
	__u64 sum = bpf_htons(length) + bpf_htons(IPPROTO_ICMPV6);

	for (__u32 i = 0; i < 4; i++)
		sum += (__u64)((const __u32 *)source)[i] + ((const __u32 *)destination)[i];
	return sum;
}

/* Replaces a 16-bit word in a header checksum, RFC 1624 section 3: HC' = ~(~HC + ~m + m'). */
INLINE __u16 checksum_replace(__u16 checksum, __u16 old, __u16 new)
{
	__u32 sum = (__u16)~checksum + (__u16)~old + new;

	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}
