// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * The outer end of a director's cable: generates the frames of many clients and counts the frames that come back.
 *
 * BPF_F_TEST_XDP_LIVE_FRAMES makes the kernel reuse frames in the state in which they came back. The sender therefore
 * writes every field that the director may have changed.
 */
#include <linux/bpf.h>
#include <linux/types.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/tcp.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

#define FIRST_SOURCE 0x0b000001 /* 11.0.0.1 */
#define SERVERS	     256

/* Shared with the benchmark, which runs on the same CPU. */
struct veth {
	/* Input of the sender, written before each round. */
	__u64 random;
	__u32 flows;
	__u32 vip;	   /* network byte order */
	__u32 ip_sum;	   /* sum of the IPv4 header without its addresses and its checksum */
	__u32 tcp_sum;	   /* sum of the segment and its pseudo header, without the addresses and the checksum */
	__u64 ethernet[2]; /* the Ethernet header, 14 bytes */
	/* Frames that arrived. */
	__u64 layer2;		/* sent to a server's Ethernet address, otherwise unchanged */
	__u64 encapsulated;	/* with an outer IPv4 header */
	__u64 other;		/* anything else */
	__u64 servers[SERVERS]; /* the first two, by the last byte of the Ethernet address */
} veth;

static __always_inline __u16 folded(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

SEC("xdp")
int sender(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct iphdr *ip = data + sizeof(struct ethhdr);
	struct tcphdr *tcp = (void *)(ip + 1);
	__u32 source;
	__u64 addresses;

	if ((void *)(tcp + 1) > end)
		return XDP_ABORTED;
	veth.random = veth.random * 6364136223846793005ULL + 1442695040888963407ULL;
	source = bpf_htonl(FIRST_SOURCE + (__u32)((veth.random >> 32) * veth.flows >> 32));
	addresses = (__u64)source + veth.vip;
	*(volatile __u64 *)data = veth.ethernet[0];
	*(volatile __u32 *)(data + 8) = veth.ethernet[1];
	*(volatile __u16 *)(data + 12) = veth.ethernet[1] >> 32;
	ip->saddr = source;
	ip->daddr = veth.vip;
	ip->check = folded(addresses + veth.ip_sum);
	tcp->check = folded(addresses + veth.tcp_sum);
	return XDP_TX;
}

SEC("xdp")
int sink(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct iphdr *ip = data + sizeof(struct ethhdr);
	__u8 *mac = data;

	if ((void *)(ip + 1) > end || *(__u16 *)(data + 12) != bpf_htons(ETH_P_IP)) {
		veth.other++;
	} else if (ip->protocol == IPPROTO_IPIP) {
		veth.encapsulated++;
		veth.servers[mac[5]]++;
	} else if (mac[2] == 1) { /* the sender writes 0 there */
		veth.layer2++;
		veth.servers[mac[5]]++;
	} else {
		veth.other++;
	}
	return XDP_DROP;
}

char _license[] SEC("license") = "Dual BSD/GPL";
