using System.Buffers.Binary;
using FsCheck.Fluent;
using Sidestep.Packets;
using Sidestep.Testing;

namespace Sidestep.UnitTests.Packets;

/// <summary>Cutting what was joined gives what a sender without offload would have sent.</summary>
public sealed class SegmentationTests
{
    private const int L3 = 14;

    [Fact]
    public void Completed_checksum_is_correct() => Gens.Check(Gens.Bytes(1, 1400), payload =>
    {
        var frame = Tcp4(payload, flags: 0x18);
        var (before, l4) = (BinaryPrimitives.ReadUInt16BigEndian(frame.AsSpan(L3 + 20 + 16)), L3 + 20);
        // What a sender leaves to its device: the sum of the pseudo header alone, not complemented.
        var pseudo = (ushort)~InternetChecksum.Finish(InternetChecksum.Sum(frame.AsSpan(L3 + 12, 8), 6 + (ulong)(frame.Length - l4)));
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(l4 + 16), pseudo);
        return Segmentation.TryComplete(frame, l4, 16) && BinaryPrimitives.ReadUInt16BigEndian(frame.AsSpan(l4 + 16)) == before;
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
                    || InternetChecksum.Finish(InternetChecksum.Sum(tcp, InternetChecksum.Sum(ip.Slice(12, 8), 6 + (ulong)tcp.Length))) != 0)
                    return false;
                carried.AddRange(tcp[20..]);
            }
            return carried.SequenceEqual(input.payload);
        }, 300);
    }

    /// <summary>It reads what any machine may send: nothing that it is given makes it read or write beside it.</summary>
    [Fact]
    public void Random_bytes_are_rejected_or_segmented_within_bounds() => Gens.Check(Gens.Damaged(Tcp4(new byte[100], 0x10)), static bytes =>
    {
        if (!Segmentation.TryBegin(bytes, 16, out var parts))
            return true;
        var buffer = new byte[200];
        var steps = 0;
        while (parts.WriteNext(buffer) > 0 && steps < 1000)
            steps++;
        return steps < 1000;
    });

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
            InternetChecksum.Finish(InternetChecksum.Sum(tcp, InternetChecksum.Sum(ip.Slice(12, 8), 6 + (ulong)tcp.Length))));
        return frame;
    }
}
