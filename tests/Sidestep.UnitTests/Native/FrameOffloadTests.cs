using Sidestep.Native;

namespace Sidestep.UnitTests.Native;

/// <summary>struct virtio_net_hdr (linux/virtio_net.h): flags, kind, header length, segment size, start and offset of
/// the checksum.</summary>
public sealed class FrameOffloadTests
{
    [Fact]
    public void Header_of_zeros_means_a_complete_frame()
    {
        var offload = FrameOffload.Read(new byte[10]);
        Assert.True(offload.IsWhole);
        Assert.Equal(default, offload);
    }

    [Fact]
    public void Missing_checksum_is_described_by_start_and_offset()
    {
        var offload = FrameOffload.Read([1, 0, 0, 0, 0, 0, 34, 0, 16, 0]);
        Assert.Equal(new FrameOffload(true, SegmentKind.None, 0, 34, 16), offload);
        Assert.False(offload.IsWhole);
    }

    [Theory]
    [InlineData(1, SegmentKind.Tcp4)]
    [InlineData(3, SegmentKind.UdpFragments)]
    [InlineData(4, SegmentKind.Tcp6)]
    [InlineData(5, SegmentKind.Udp)]
    [InlineData(0x81, SegmentKind.Tcp4)] // VIRTIO_NET_HDR_GSO_ECN is a flag beside the kind
    public void Kind_of_segments_is_read_without_the_ECN_flag(byte kind, SegmentKind expected)
    {
        var offload = FrameOffload.Read([1, kind, 66, 0, 0xa8, 0x05, 34, 0, 16, 0]);
        Assert.Equal((expected, 1448), (offload.Kind, offload.SegmentBytes));
        Assert.False(offload.IsWhole);
    }

    /// <summary>VIRTIO_NET_HDR_F_DATA_VALID: the device has verified the checksum, so nothing is missing.</summary>
    [Fact]
    public void Verified_checksum_is_not_missing() =>
        Assert.True(FrameOffload.Read([2, 0, 0, 0, 0, 0, 0, 0, 0, 0]).IsWhole);
}
