using System.Buffers.Binary;

namespace Sidestep.Native.Netlink;

/// <summary>A received netlink message (struct nlmsghdr and its payload).</summary>
/// <param name="Type">NLMSG_* or RTM_*.</param>
/// <param name="Sequence">Sequence number of the request that it answers; 0 for an event.</param>
/// <param name="Payload">Everything after the 16-byte header.</param>
public sealed record NetlinkMessage(ushort Type, uint Sequence, byte[] Payload)
{
    /// <summary>NLMSG_ERROR: an errno, 0 for an acknowledgement.</summary>
    public const ushort Error = 2;

    /// <summary>NLMSG_DONE: the end of a dump.</summary>
    public const ushort Done = 3;

    internal const int HeaderBytes = 16;

    /// <summary>The attributes after a fixed part of <paramref name="fixedBytes"/> bytes (struct rtattr). Ends at the
    /// first attribute whose length contradicts the message.</summary>
    public IEnumerable<(ushort Type, ReadOnlyMemory<byte> Value)> Attributes(int fixedBytes) =>
        Attributes(Payload.AsMemory(Math.Min(fixedBytes, Payload.Length)));

    private static IEnumerable<(ushort Type, ReadOnlyMemory<byte> Value)> Attributes(ReadOnlyMemory<byte> bytes)
    {
        const int AttributeHeaderBytes = 4;
        for (var at = 0; at + AttributeHeaderBytes <= bytes.Length;)
        {
            var length = BinaryPrimitives.ReadUInt16LittleEndian(bytes.Span[at..]);
            if (length < AttributeHeaderBytes || at + length > bytes.Length)
                yield break;
            // The two high bits are flags (NLA_F_NESTED, NLA_F_NET_BYTEORDER).
            var type = (ushort)(BinaryPrimitives.ReadUInt16LittleEndian(bytes.Span[(at + 2)..]) & 0x3fff);
            yield return (type, bytes.Slice(at + AttributeHeaderBytes, length - AttributeHeaderBytes));
            at += length + 3 & ~3;
        }
    }

    /// <summary>The value of the first attribute of a type; empty when the message has none.</summary>
    public ReadOnlyMemory<byte> Attribute(int fixedBytes, ushort type) => First(Attributes(fixedBytes), type);

    /// <summary>The value of the first attribute of a type inside of a nested attribute; empty when there is
    /// none.</summary>
    public static ReadOnlyMemory<byte> Attribute(ReadOnlyMemory<byte> nested, ushort type) =>
        First(Attributes(nested), type);

    private static ReadOnlyMemory<byte> First(
        IEnumerable<(ushort Type, ReadOnlyMemory<byte> Value)> attributes, ushort type)
    {
        foreach (var (t, value) in attributes)
        {
            if (t == type)
                return value;
        }
        return default;
    }

    /// <summary>Splits a datagram into its messages; ends at the first whose length contradicts the datagram.</summary>
    internal static List<NetlinkMessage> Split(ReadOnlySpan<byte> datagram)
    {
        var messages = new List<NetlinkMessage>();
        while (datagram.Length >= HeaderBytes)
        {
            var length = BinaryPrimitives.ReadInt32LittleEndian(datagram);
            if (length < HeaderBytes || length > datagram.Length)
                break;
            messages.Add(new NetlinkMessage(BinaryPrimitives.ReadUInt16LittleEndian(datagram[4..]),
                BinaryPrimitives.ReadUInt32LittleEndian(datagram[8..]), datagram[HeaderBytes..length].ToArray()));
            datagram = datagram[Math.Min(length + 3 & ~3, datagram.Length)..];
        }
        return messages;
    }
}
