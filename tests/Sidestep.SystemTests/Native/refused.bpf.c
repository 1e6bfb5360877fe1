// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* A program that the verifier rejects: it reads the frame without checking where the frame ends. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("xdp")
int refused(struct xdp_md *ctx)
{
	return *(__u8 *)(long)ctx->data;
}

char _license[] SEC("license") = "Dual BSD/GPL";
