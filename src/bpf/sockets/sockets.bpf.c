// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Redirects frames for VIPs to the AF_XDP sockets of the managed engine, one per queue. All other frames go to the
 * kernel. This program makes no forwarding decision.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define MAX_QUEUES	       64
#define MAX_VIPS	       16384
#define TAG_BYTES	       4
#define ARP_TARGET_AT	       24
#define ICMPV6_PROTOCOL	       58
#define NEIGHBOUR_SOLICITATION 135
#define SOLICITED_AT	       8

/* A VIP or VIP prefix; IPv4 as ::ffff:a.b.c.d. */
struct vip_key {
	__u32 bits;
	__u8 address[16];
};

struct {
	__uint(type, BPF_MAP_TYPE_XSKMAP);
	__type(key, __u32);
	__type(value, __u32);
	__uint(max_entries, MAX_QUEUES);
} sockets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__type(key, struct vip_key);
	__type(value, __u32);
	__uint(max_entries, MAX_VIPS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
} vips SEC(".maps");

/* The interface's own Ethernet address: frames to other hosts are not the director's. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 1);
} self SEC(".maps");

static __always_inline int is_for_other_host(const struct ethhdr *eth)
{
	__u32 zero = 0;
	__u64 *mac = bpf_map_lookup_elem(&self, &zero);
	__u64 to = 0;

	__builtin_memcpy(&to, eth->h_dest, ETH_ALEN);
	return !(eth->h_dest[0] & 1) && mac && *mac != to;
}

static __always_inline void set4(struct vip_key *key, const void *address)
{
	key->address[10] = key->address[11] = 0xff;
	__builtin_memcpy(key->address + 12, address, 4);
}

/* The VIP that the frame may be for. Returns 0 when the frame has no such address. */
static __always_inline int vip_key_of(struct vip_key *key, void *data, void *end)
{
	struct ethhdr *eth = data;
	void *at = eth + 1;
	__be16 type;

	if (at > end || is_for_other_host(eth))
		return 0;
	type = eth->h_proto;
	for (int tags = 0; tags < 2 && (type == bpf_htons(ETH_P_8021Q) || type == bpf_htons(ETH_P_8021AD)); tags++) {
		if (at + TAG_BYTES > end)
			return 0;
		type = *(__be16 *)(at + 2);
		at += TAG_BYTES;
	}
	if (type == bpf_htons(ETH_P_IP)) {
		struct iphdr *ip = at;

		if ((void *)(ip + 1) > end)
			return 0;
		set4(key, &ip->daddr);
		return 1;
	}
	if (type == bpf_htons(ETH_P_ARP)) {
		if (at + ARP_TARGET_AT + 4 > end)
			return 0;
		set4(key, at + ARP_TARGET_AT);
		return 1;
	}
	if (type == bpf_htons(ETH_P_IPV6)) {
		struct ipv6hdr *ip = at;
		__u8 *icmp = (void *)(ip + 1);

		if ((void *)icmp > end)
			return 0;
		if (ip->nexthdr == ICMPV6_PROTOCOL && (void *)icmp + SOLICITED_AT + 16 <= end &&
		    *icmp == NEIGHBOUR_SOLICITATION)
			__builtin_memcpy(key->address, icmp + SOLICITED_AT, 16);
		else
			__builtin_memcpy(key->address, &ip->daddr, 16);
		return 1;
	}
	return 0;
}

SEC("xdp")
int to_sockets(struct xdp_md *ctx)
{
	struct vip_key key = {.bits = 128};

	if (!vip_key_of(&key, (void *)(long)ctx->data, (void *)(long)ctx->data_end) ||
	    !bpf_map_lookup_elem(&vips, &key))
		return XDP_PASS;
	return bpf_redirect_map(&sockets, ctx->rx_queue_index, XDP_PASS);
}

char _license[] SEC("license") = "Dual BSD/GPL";
