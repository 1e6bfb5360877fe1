using FsCheck.Fluent;
using Sidestep.Packets;
using Sidestep.Testing;

namespace Sidestep.UnitTests.Packets;

public sealed class InternetChecksumTests
{
    [Fact] // RFC 1071 section 3: the sum of these bytes is 0xddf2
    public void Matches_the_example_of_RFC_1071()
    {
        byte[] bytes = [0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7];

        Assert.Equal(0x2ddf0UL, InternetChecksum.Sum(bytes));
        Assert.Equal(0xffff - 0xddf2, InternetChecksum.Compute(bytes));
    }

    [Fact] // RFC 1624 section 4: the sum becomes negative zero, which equation 2 of RFC 1141 gets wrong
    public void Updates_like_the_example_of_RFC_1624() =>
        Assert.Equal(0x0000, InternetChecksum.Update(0xdd2f, 0x5555, 0x3285));

    [Fact]
    public void Odd_last_byte_counts_as_the_high_byte_of_a_word() =>
        Assert.Equal(InternetChecksum.Compute([1, 2, 3, 0]), InternetChecksum.Compute([1, 2, 3]));

    [Fact]
    public void Empty_input_sums_to_zero() => Assert.Equal(0xffff, InternetChecksum.Compute([]));

    [Fact]
    public void Equals_the_naive_implementation() =>
        Gens.Check(Gens.Bytes(0, 2_000), static bytes => InternetChecksum.Compute(bytes) == NaiveChecksum.Of(bytes),
            500);

    [Fact]
    public void Equals_the_naive_implementation_on_the_largest_datagram()
    {
        var bytes = new byte[ushort.MaxValue];
        Array.Fill(bytes, (byte)0xff);
        Assert.Equal(NaiveChecksum.Of(bytes), InternetChecksum.Compute(bytes));
    }

    [Fact]
    public void Sums_of_even_length_parts_add_up_to_the_whole() => Gens.Check(
        Gen.Choose(0, 50).SelectMany(static wordCount => Gens.Bytes(wordCount * 2, wordCount * 2))
        .Zip(Gens.Bytes(0, 101)),
        static x =>
        {
            var (first, second) = x;
            byte[] whole = [.. first, .. second];
            return InternetChecksum.Sum(whole) == InternetChecksum.Sum(second, InternetChecksum.Sum(first));
        });

    [Fact]
    public void Pseudo_header_sums_like_its_bytes() => Gens.Check(
        Gens.Address.Zip(Gens.Address).Zip(Gens.Byte.Zip(Gens.UInt16)),
        static x =>
        {
            var ((source, destination), (protocol, length)) = x;
            byte[] bytes = [.. source.ToIPAddress().GetAddressBytes(), .. destination.ToIPAddress().GetAddressBytes(),
                0, protocol, (byte)(length >> 8), (byte)length];
            return NaiveChecksum.Of(bytes)
                == InternetChecksum.Finish(
                    InternetChecksum.SumPseudoHeader(source, destination, (IpProtocol)protocol, length));
        });

    // Data of zeros alone are excluded: no update can distinguish the two zeros of one's complement, and no real header
    // sums to the positive one.
    [Fact]
    public void Incremental_update_equals_full_computation() => Gens.Check(
        Gens.Bytes(4, 60).Zip(Gen.Choose(0, 29)).Zip(Gens.UInt16),
        static x =>
        {
            var ((original, index), word) = x;
            var bytes = original.ToArray();
            bytes[0] |= 0x40;
            var at = Math.Max(2, index * 2 % (bytes.Length / 2 * 2));
            var checksum = NaiveChecksum.Of(bytes);
            var before = (ushort)(bytes[at] << 8 | bytes[at + 1]);
            (bytes[at], bytes[at + 1]) = ((byte)(word >> 8), (byte)word);
            return InternetChecksum.Update(checksum, before, word) == NaiveChecksum.Of(bytes);
        });
}
