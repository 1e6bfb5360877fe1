// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Floors: the least that a frame costs, however the server is chosen. Each program does only the work on the frame
 * that its case cannot avoid, for one constant server.
 */
#include <linux/bpf.h>
#include <linux/types.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/in.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

SEC("xdp")
int floor_pass(struct xdp_md *ctx)
{
	return XDP_PASS;
}

/* Moves the head and nothing else. The cost of the harness' restoring of the frame follows from this. */
SEC("xdp")
int floor_head(struct xdp_md *ctx)
{
	return bpf_xdp_adjust_head(ctx, -(int)sizeof(struct iphdr)) ? XDP_DROP : XDP_TX;
}

SEC("xdp")
int floor_mac(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;

	if (data + sizeof(struct ethhdr) > end)
		return XDP_DROP;
	*(volatile __u64 *)data = 0x0002010000000002ULL;
	*(volatile __u32 *)(data + 8) = 0x01000002;
	return XDP_TX;
}

SEC("xdp")
int floor_encapsulate(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct iphdr *ip = data + sizeof(struct ethhdr);
	__u32 length, sum;

	if ((void *)(ip + 1) > end)
		return XDP_DROP;
	length = bpf_ntohs(ip->tot_len) + sizeof(struct iphdr);
	if (bpf_xdp_adjust_head(ctx, -(int)sizeof(struct iphdr)))
		return XDP_DROP;
	data = (void *)(long)ctx->data;
	end = (void *)(long)ctx->data_end;
	ip = data + sizeof(struct ethhdr);
	if ((void *)(ip + 1) > end)
		return XDP_DROP;
	sum = 0x12345 + bpf_htons(length);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	*(volatile __u64 *)data = 0x0002010000000002ULL;
	*(volatile __u32 *)(data + 8) = 0x01000002;
	*(volatile __u16 *)(data + 12) = bpf_htons(ETH_P_IP);
	*(volatile __u32 *)ip = bpf_htonl(0x45000000 | length);
	*((volatile __u32 *)ip + 1) = bpf_htonl(0x4000);
	*((volatile __u32 *)ip + 2) = bpf_htonl(64 << 24 | 4 << 16) | (__u32)(__u16)~sum << 16;
	*((volatile __u32 *)ip + 3) = 0x0100000a;
	*((volatile __u32 *)ip + 4) = 0x0200000a;
	return XDP_TX;
}

SEC("xdp")
int floor_encapsulate6(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct ipv6hdr *ip = data + sizeof(struct ethhdr);
	__u32 length;

	if ((void *)(ip + 1) > end)
		return XDP_DROP;
	length = bpf_ntohs(ip->payload_len) + sizeof(struct ipv6hdr);
	if (bpf_xdp_adjust_head(ctx, -(int)sizeof(struct ipv6hdr)))
		return XDP_DROP;
	data = (void *)(long)ctx->data;
	end = (void *)(long)ctx->data_end;
	ip = data + sizeof(struct ethhdr);
	if ((void *)(ip + 1) > end)
		return XDP_DROP;
	*(volatile __u64 *)data = 0x0002010000000002ULL;
	*(volatile __u32 *)(data + 8) = 0x01000002;
	*(volatile __u16 *)(data + 12) = bpf_htons(ETH_P_IPV6);
	*(volatile __u32 *)ip = bpf_htonl(6 << 28);
	*((volatile __u32 *)ip + 1) = bpf_htonl(length << 16 | IPPROTO_IPV6 << 8 | 64);
	*((volatile __u64 *)ip + 1) = 0xb80d0120;
	*((volatile __u64 *)ip + 2) = 0x0100000000000000;
	*((volatile __u64 *)ip + 3) = 0xb80d0120;
	*((volatile __u64 *)ip + 4) = 0x0200000000000000;
	return XDP_TX;
}

char _license[] SEC("license") = "Dual BSD/GPL";
