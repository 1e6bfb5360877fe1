using System.Buffers.Binary;
using FsCheck.Fluent;
using Sidestep.Packets;
using Sidestep.Testing;

namespace Sidestep.UnitTests.Packets;

/// <summary>Segments of a super-packet are the packets that a sender without offload would have sent.</summary>
public sealed class SegmentationTests
{
    private const int L3 = 14;

    [Fact]
    public void Completed_checksum_is_correct() => Gens.Check(Gens.Bytes(1, 1400), payload =>
    {
        var frame = Tcp4(payload, flags: 0x18);
        var (before, l4) = (BinaryPrimitives.ReadUInt16BigEndian(frame.AsSpan(L3 + 20 + 16)), L3 + 20);
        // A sender with checksum offload writes the sum of the pseudo-header alone, not complemented.
        var pseudo = (ushort)~InternetChecksum.Finish(
            InternetChecksum.Sum(frame.AsSpan(L3 + 12, 8), 6 + (ulong)(frame.Length - l4)));
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(l4 + 16), pseudo);
        return Segmentation.TryComplete(frame, l4, 16)
            // The sum has two zeros; a completed checksum is never 0, which UDP has for no checksum.
            && BinaryPrimitives.ReadUInt16BigEndian(frame.AsSpan(l4 + 16)) == (before == 0 ? 0xffff : before);
    }, 300);

    [Fact]
    public void Segments_carry_the_same_bytes_in_order_with_correct_headers()
    {
        var gen = from payload in Gens.Bytes(1, 5000) from size in Gen.Choose(90, 1448) select (payload, size);
        Gens.Check(gen, static input =>
        {
            var frame = Tcp4(input.payload, flags: 0x99); // FIN, PSH, ACK, CWR
            if (!Segmentation.TryBegin(frame, input.size, out var parts))
                return false;
            var buffer = new byte[2000];
            var carried = new List<byte>();
            for (int length, number = 0; (length = parts.WriteNext(buffer)) > 0; number++)
            {
                var part = buffer.AsSpan(0, length);
                var ip = part[L3..];
                var tcp = ip[20..];
                var isLast = carried.Count + tcp.Length - 20 == input.payload.Length;
                if (BinaryPrimitives.ReadUInt16BigEndian(ip[2..]) != ip.Length
                    || BinaryPrimitives.ReadUInt16BigEndian(ip[4..]) != (ushort)(7 + number)
                    || NaiveChecksum.Of(ip[..20].ToArray()) != 0
                    || BinaryPrimitives.ReadUInt32BigEndian(tcp[4..]) != 1000 + (uint)carried.Count
                    || (tcp[13] & 0x09) != (isLast ? 0x09 : 0) || (tcp[13] & 0x80) != (number == 0 ? 0x80 : 0)
                    || InternetChecksum.Finish(InternetChecksum
                        .Sum(tcp, InternetChecksum.Sum(ip.Slice(12, 8), 6 + (ulong)tcp.Length))) != 0)
                    return false;
                carried.AddRange(tcp[20..]);
            }
            return carried.SequenceEqual(input.payload);
        }, 300);
    }

    /// <summary>Any machine may send such frames: no input makes it read or write out of bounds.</summary>
    [Fact]
    public void Random_bytes_are_rejected_or_segmented_within_bounds() =>
        Gens.Check(Gens.Damaged(Tcp4(new byte[100], 0x10)), static bytes =>
    {
        if (!Segmentation.TryBegin(bytes, 16, out var parts))
            return true;
        var buffer = new byte[200];
        var steps = 0;
        while (parts.WriteNext(buffer) > 0 && steps < 1000)
            steps++;
        return steps < 1000;
    });

    /// <summary>RFC 9293 section 3.1: the header has at least five words. Fields of a shorter one would be behind the
    /// end of a small segment.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void TCP_header_below_20_bytes_is_rejected(int words)
    {
        var frame = Tcp4(new byte[100], 0x10);
        frame[L3 + 20 + 12] = (byte)(words << 4);
        Assert.False(Segmentation.TryBegin(frame, 1, out var parts));
        Assert.Equal(0, parts.WriteNext(new byte[200]));
    }

    /// <summary>RFC 791 section 3.1: the header has at least five words.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(4)]
    public void IPv4_header_below_20_bytes_is_rejected(int words)
    {
        var frame = Tcp4(new byte[100], 0x10);
        frame[L3] = (byte)(0x40 | words);
        Assert.False(Segmentation.TryBegin(frame, 1, out _));
    }

    /// <summary>Small segments: their fields are close to their end.</summary>
    [Fact]
    public void Any_header_lengths_and_segment_sizes_stay_within_bounds() => Gens.Check(
        from first in Gens.Byte from words in Gens.Byte from size in Gen.Choose(1, 30) select (first, words, size),
        static input =>
        {
            var frame = Tcp4(new byte[60], 0x10);
            (frame[L3], frame[L3 + 20 + 12]) = (input.first, input.words);
            if (!Segmentation.TryBegin(frame, input.size, out var parts))
                return true;
            var buffer = new byte[200];
            var steps = 0;
            while (parts.WriteNext(buffer) > 0 && steps < 1000)
                steps++;
            return steps < 1000;
        });

    [Fact]
    public void Datagrams_of_UDP_over_IPv6_with_a_VLAN_tag_get_their_own_length_and_checksum()
    {
        byte[] payload = [.. Enumerable.Range(0, 250).Select(static i => (byte)i)];
        byte[] frame =
        [
            .. new byte[12], 0x81, 0, 0, 7, 0x86, 0xdd,
            0x60, 0, 0, 0, 0x01, 0x02, 17, 64, .. Enumerable.Range(1, 32).Select(static i => (byte)i),
            0x9c, 0x40, 0, 53, 0x01, 0x02, 0, 0, .. payload,
        ];
        Assert.True(Segmentation.TryBegin(frame, 100, out var parts));
        var buffer = new byte[300];
        foreach (var size in new[] { 100, 100, 50 })
        {
            var length = parts.WriteNext(buffer);
            Assert.Equal(18 + 40 + 8 + size, length);
            Assert.Equal(frame[..22], buffer[..22]); // Ethernet, tag, and IPv6 up to the length
            Assert.Equal(8 + size, BinaryPrimitives.ReadUInt16BigEndian(buffer.AsSpan(22)));
            var udp = buffer[58..length];
            Assert.Equal(8 + size, BinaryPrimitives.ReadUInt16BigEndian(udp.AsSpan(4)));
            Assert.NotEqual(0, BinaryPrimitives.ReadUInt16BigEndian(udp.AsSpan(6)));
            Assert.Equal(0, NaiveChecksum.Of(buffer[26..58], [0, 0, 0, (byte)(8 + size), 0, 0, 0, 17], udp));
            Assert.Equal(payload[..size], udp[8..]);
            payload = payload[size..];
        }
        Assert.Equal(0, parts.WriteNext(buffer));
    }

    [Fact]
    public void Segment_longer_than_the_buffer_is_not_written()
    {
        Assert.True(Segmentation.TryBegin(Tcp4(new byte[100], 0x10), 60, out var parts));
        var buffer = DirtyBuffer.Create(L3 + 40 + 59);
        Assert.Equal(0, parts.WriteNext(buffer));
        Assert.Equal(DirtyBuffer.Create(L3 + 40 + 59), buffer);
        Assert.Equal(L3 + 40 + 60, parts.WriteNext(new byte[L3 + 40 + 60]));
        Assert.Equal(L3 + 40 + 40, parts.WriteNext(new byte[L3 + 40 + 60]));
    }

    [Theory]
    [InlineData(34, 16, true)] // up to the last two bytes of the TCP header
    [InlineData(36, 16, true)]
    [InlineData(37, 16, false)]
    [InlineData(13, 0, false)] // within the Ethernet header
    [InlineData(14, 0, true)]
    public void Checksum_outside_the_frame_is_not_completed(int start, int offset, bool completes)
    {
        var frame = DirtyBuffer.Create(54);
        Assert.Equal(completes, Segmentation.TryComplete(frame, start, offset));
        Assert.Equal(completes, !frame.AsSpan().SequenceEqual(DirtyBuffer.Create(54)));
    }

    [Theory]
    [InlineData(14, 0x55)] // IP version 5
    [InlineData(23, 1)] // ICMP
    [InlineData(46, 0x10)] // a TCP header of 4 bytes
    [InlineData(46, 0xf0)] // a TCP header of 60 bytes in a segment of 50
    public void Frame_of_another_kind_is_rejected(int at, byte value)
    {
        var frame = Tcp4(new byte[30], 0x10);
        Assert.True(Segmentation.TryBegin(frame, 10, out _));
        frame[at] = value;
        Assert.False(Segmentation.TryBegin(frame, 10, out _));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public void Segment_size_must_be_positive(int size) =>
        Assert.False(Segmentation.TryBegin(Tcp4(new byte[100], 0x10), size, out _));

    private static byte[] Tcp4(byte[] payload, byte flags)
    {
        var frame = new byte[L3 + 40 + payload.Length];
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(12), 0x0800);
        var ip = frame.AsSpan(L3);
        ip[0] = 0x45;
        BinaryPrimitives.WriteUInt16BigEndian(ip[2..], (ushort)ip.Length);
        BinaryPrimitives.WriteUInt16BigEndian(ip[4..], 7);
        (ip[8], ip[9]) = (64, 6);
        BinaryPrimitives.WriteUInt32BigEndian(ip[12..], 0xc6336407);
        BinaryPrimitives.WriteUInt32BigEndian(ip[16..], 0xcb00710a);
        BinaryPrimitives.WriteUInt16BigEndian(ip[10..], InternetChecksum.Compute(ip[..20]));
        var tcp = ip[20..];
        BinaryPrimitives.WriteUInt32BigEndian(tcp[4..], 1000);
        (tcp[12], tcp[13]) = (0x50, flags);
        payload.CopyTo(tcp[20..]);
        BinaryPrimitives.WriteUInt16BigEndian(tcp[16..],
            InternetChecksum.Finish(InternetChecksum
            .Sum(tcp, InternetChecksum.Sum(ip.Slice(12, 8), 6 + (ulong)tcp.Length))));
        return frame;
    }
}
