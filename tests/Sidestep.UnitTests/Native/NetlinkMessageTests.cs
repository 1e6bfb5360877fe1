using FsCheck.Fluent;
using Sidestep.Native.Netlink;
using Sidestep.UnitTests.Packets;
using static Sidestep.UnitTests.Native.NetlinkBytes;

namespace Sidestep.UnitTests.Native;

/// <summary>Netlink messages and attributes, parsed from bytes and built to bytes.</summary>
public sealed class NetlinkMessageTests
{
    [Fact]
    public void Datagram_is_split_into_its_messages()
    {
        byte[] datagram = [.. Message(24, 2, 5, 1, 2, 3, 4), .. Message(3, 0, 6)];
        var messages = NetlinkMessage.Split(datagram);
        Assert.Equal([(24, 5u), (3, 6u)], messages.Select(static m => ((int)m.Type, m.Sequence)));
        Assert.Equal([1, 2, 3, 4], messages[0].Payload);
        Assert.Empty(messages[1].Payload);
    }

    [Fact]
    public void Message_of_an_odd_length_is_followed_by_padding()
    {
        byte[] datagram = [.. Message(24, 0, 1, 0xaa), 0, 0, 0, .. Message(25, 0, 2)];
        var messages = NetlinkMessage.Split(datagram);
        Assert.Equal([24, 25], messages.Select(static m => (int)m.Type));
        Assert.Equal([0xaa], messages[0].Payload);
    }

    [Fact]
    public void Last_message_needs_no_padding()
    {
        var messages = NetlinkMessage.Split(Message(24, 0, 1, 0xaa));
        Assert.Equal([0xaa], Assert.Single(messages).Payload);
    }

    [Theory]
    [InlineData(15)] // shorter than the header
    [InlineData(21)] // longer than the datagram
    [InlineData(-1)]
    public void Splitting_ends_at_a_message_whose_length_contradicts_the_datagram(int length)
    {
        byte[] wrong = [.. U32(length), .. Message(25, 0, 2, 1, 2, 3, 4)[4..]];
        var messages = NetlinkMessage.Split([.. Message(24, 0, 1), .. wrong]);
        Assert.Equal(24, Assert.Single(messages).Type);
    }

    [Fact]
    public void Incomplete_header_at_the_end_is_ignored() =>
        Assert.Single(NetlinkMessage.Split([.. Message(24, 0, 1), .. new byte[15]]));

    [Fact]
    public void Attributes_follow_the_fixed_part_and_are_padded_to_four_bytes()
    {
        var message = Received(24, new byte[12], Attribute(1, 9), Attribute(2, 8, 7, 6, 5), Attribute(3));
        Assert.Equal(
            ["1: 09", "2: 08070605", "3: "],
            message.Attributes(12).Select(static a => $"{a.Type}: {Convert.ToHexString(a.Value.Span)}"));
    }

    [Fact]
    public void Flags_in_the_type_of_an_attribute_are_removed()
    {
        const int Nested = 0x8000, NetworkByteOrder = 0x4000;
        var message = Received(24, Attribute(5 | Nested, 1), Attribute(6 | NetworkByteOrder, 2));
        Assert.Equal([5, 6], message.Attributes(0).Select(static a => (int)a.Type));
    }

    [Fact]
    public void First_attribute_of_a_type_is_returned()
    {
        var message = Received(24, Attribute(4, 1), Attribute(5, 2), Attribute(5, 3));
        Assert.Equal([2], message.Attribute(0, 5).ToArray());
        Assert.True(message.Attribute(0, 6).IsEmpty);
    }

    [Theory]
    [InlineData(3)] // shorter than its header
    [InlineData(9)] // longer than the message
    [InlineData(0xffff)]
    public void Attributes_end_at_one_whose_length_contradicts_the_message(int length)
    {
        var message = Received(24, Attribute(1, 1, 2, 3, 4), [.. U16(length), .. U16(2), 1, 2, 3, 4]);
        Assert.Equal([1], message.Attributes(0).Select(static a => (int)a.Type));
    }

    [Fact]
    public void Last_attribute_may_lack_its_padding()
    {
        var message = Received(24, Attribute(1, 1, 2, 3, 4), Attribute(2, 9)[..5]);
        Assert.Equal([9], message.Attribute(0, 2).ToArray());
    }

    [Fact]
    public void Parsing_never_throws_and_never_reads_beyond_the_bytes() => Gens.Check(
        Gens.Damaged([.. Message(24, 2, 5, Attribute(1, 1, 2, 3)), .. Message(3, 0, 6, Attribute(4, 1, 2, 3, 4, 5))]),
        static bytes => NetlinkMessage.Split(bytes).Sum(static m => 16 + m.Payload.Length) <= bytes.Length
            && NetlinkMessage.Split(bytes).All(
            static m => m.Attributes(0).All(a => a.Value.Length <= m.Payload.Length - 4)));

    [Fact]
    public void Every_attribute_that_is_built_is_parsed_again() => Gens.Check(
        Gen.ListOf(Gen.Choose(1, 0x3fff).Zip(Gens.Bytes(0, 9))).Select(static l => l.ToArray()),
        static attributes =>
        {
            var request = new NetlinkRequest("test", 20, 0, [1, 2, 3, 4, 5, 6, 7, 8]);
            foreach (var (type, value) in attributes)
                request.With((ushort)type, value);
            var message = Assert.Single(NetlinkMessage.Split(request.Finish(3, acknowledge: false)));
            return message.Attributes(8).Select(static a => ((int)a.Type, Convert.ToHexString(a.Value.Span)))
                .SequenceEqual(attributes.Select(static a => (a.Item1, Convert.ToHexString(a.Item2))));
        });

    [Fact]
    public void Request_has_header_fixed_part_and_attributes()
    {
        var request = new NetlinkRequest("test", 20, NetlinkRequest.Create | NetlinkRequest.Exclusive, [2, 24, 0, 253])
            .With(1, [192, 0, 2, 1]).With(8, 0x80u).With(3, "lo\0"u8);
        byte[] expected =
        [
            48, 0, 0, 0, 20, 0, 0x05, 0x06, 7, 0, 0, 0, 0, 0, 0, 0, // NLM_F_CREATE | EXCL | REQUEST | ACK
            2, 24, 0, 253,
            8, 0, 1, 0, 192, 0, 2, 1,
            8, 0, 8, 0, 0x80, 0, 0, 0,
            7, 0, 3, 0, (byte)'l', (byte)'o', 0, 0,
        ];
        expected[0] = (byte)expected.Length;
        Assert.Equal(expected, request.Finish(7, acknowledge: true).ToArray());
        Assert.Equal("test", request.Purpose);
    }

    [Fact]
    public void Fixed_part_is_padded_to_four_bytes()
    {
        var bytes = new NetlinkRequest("test", 20, 0, [1, 2, 3, 4, 5]).With(1, 2u).Finish(1, acknowledge: false)
            .ToArray();
        Assert.Equal([1, 2, 3, 4, 5, 0, 0, 0, 8, 0, 1, 0, 2, 0, 0, 0], bytes[16..]);
        Assert.Equal(bytes.Length, ReadU16(bytes, 0));
    }

    [Theory]
    [InlineData(NetlinkRequest.Dump, true)]
    [InlineData(NetlinkRequest.Dump | NetlinkRequest.Create, true)]
    [InlineData(NetlinkRequest.Replace, false)] // one of the two bits of NLM_F_DUMP
    [InlineData(NetlinkRequest.Exclusive, false)] // the other
    [InlineData(0, false)]
    public void Request_is_a_dump_only_with_both_of_its_flags(int flags, bool isDump) =>
        Assert.Equal(isDump, new NetlinkRequest("test", 18, (ushort)flags, []).IsDump);

    [Theory]
    [InlineData(true, 0x0301 | 4)]
    [InlineData(false, 0x0301)]
    public void Acknowledgement_is_requested_only_when_asked_for(bool acknowledge, int flags) =>
        Assert.Equal(flags,
            ReadU16(new NetlinkRequest("test", 18, NetlinkRequest.Dump, []).Finish(1, acknowledge).ToArray(), 6));
}
