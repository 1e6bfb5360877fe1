namespace Sidestep.UnitTests.Forwarding;

/// <summary>Reassembles fragments as a receiver does (RFC 791 section 3.2, RFC 8200 section 4.5). It is independent of
/// the code that fragments, and works field by field and byte by byte.</summary>
internal static class Reassembly
{
    /// <summary>The reassembled outer packet from the IP header on; fails the test when the fragments do not form
    /// one.</summary>
    public static byte[] Of(IReadOnlyList<byte[]> frames, int outerOffset)
    {
        var packets = frames.Select(f => f[outerOffset..]).ToArray();
        return packets[0][0] >> 4 == 4 ? Of4(packets) : Of6(packets);
    }

    private static byte[] Of4(byte[][] packets)
    {
        var received = new PartialDatagram();
        foreach (var p in packets)
        {
            Assert.Equal(0x45, p[0]);
            Assert.Equal(p.Length, p[2] * 256 + p[3]);
            Assert.Equal(0xffff, Sum(p[..20]));
            Assert.Equal((packets[0][4], packets[0][5]), (p[4], p[5]));
            Assert.Equal(0, p[6] & 0xc0);
            Assert.Equal(packets[0][8..10], p[8..10]);
            Assert.Equal(packets[0][12..20], p[12..20]);
            Assert.Equal(packets[0][1], p[1]);
            received.Add(((p[6] & 0x1f) * 256 + p[7]) * 8, p[20..], isLast: (p[6] & 0x20) == 0);
        }
        var payload = received.Complete();
        byte[] header = [.. packets[0][..20]];
        (header[2], header[3]) = ((byte)((20 + payload.Length) / 256), (byte)(20 + payload.Length));
        (header[4], header[5], header[6], header[7], header[10], header[11]) = (0, 0, 0, 0, 0, 0);
        var sum = 0xffff - Sum(header);
        (header[10], header[11]) = ((byte)(sum / 256), (byte)sum);
        return [.. header, .. payload];
    }

    private static byte[] Of6(byte[][] packets)
    {
        var received = new PartialDatagram();
        foreach (var p in packets)
        {
            Assert.Equal(p.Length - 40, p[4] * 256 + p[5]);
            Assert.Equal(44, p[6]);
            Assert.Equal(packets[0][..4], p[..4]);
            Assert.Equal(packets[0][7..40], p[7..40]);
            Assert.Equal(packets[0][40..42], p[40..42]);
            Assert.Equal(0, p[41]);
            Assert.Equal(0, p[43] & 6);
            Assert.Equal(packets[0][44..48], p[44..48]);
            received.Add((p[42] * 256 + p[43]) / 8 * 8, p[48..], isLast: (p[43] & 1) == 0);
        }
        var payload = received.Complete();
        byte[] header = [.. packets[0][..40]];
        (header[4], header[5], header[6]) = ((byte)(payload.Length / 256), (byte)payload.Length, packets[0][40]);
        return [.. header, .. payload];
    }

    private static int Sum(byte[] bytes)
    {
        var sum = 0;
        for (var i = 0; i < bytes.Length; i += 2)
        {
            sum += bytes[i] * 256 + bytes[i + 1];
            sum = sum % 65536 + sum / 65536;
        }
        return sum;
    }

    private sealed class PartialDatagram
    {
        private readonly byte?[] _bytes = new byte?[1 << 17];
        private int? _length;

        public void Add(int offset, byte[] part, bool isLast)
        {
            if (isLast)
            {
                Assert.Null(_length);
                _length = offset + part.Length;
            }
            else
            {
                Assert.True(part.Length > 0 && part.Length % 8 == 0,
                    $"a fragment of {part.Length} bytes that is not the last");
            }
            for (var i = 0; i < part.Length; i++)
            {
                Assert.Null(_bytes[offset + i]);
                _bytes[offset + i] = part[i];
            }
        }

        public byte[] Complete()
        {
            Assert.NotNull(_length);
            Assert.All(_bytes[_length.Value..], static b => Assert.Null(b));
            return [.. _bytes[.._length.Value].Select(static b => b!.Value)];
        }
    }
}
