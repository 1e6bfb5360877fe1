using System.Buffers.Binary;

namespace Sidestep.Native.Netlink;

/// <summary>One received netlink message (struct nlmsghdr and what follows it).</summary>
/// <param name="Type">NLMSG_* or RTM_*.</param>
/// <param name="Sequence">The request that it answers, 0 for an event.</param>
/// <param name="Payload">Everything behind the 16-byte header.</param>
public sealed record NetlinkMessage(ushort Type, uint Sequence, byte[] Payload)
{
    /// <summary>NLMSG_ERROR: an errno, 0 for an acknowledgement.</summary>
    public const ushort Error = 2;

    /// <summary>NLMSG_DONE: the end of a dump.</summary>
    public const ushort Done = 3;

    internal const int HeaderBytes = 16;

    /// <summary>The attributes behind a fixed part of <paramref name="fixedBytes"/> bytes (struct rtattr).</summary>
    public IEnumerable<(ushort Type, ReadOnlyMemory<byte> Value)> Attributes(int fixedBytes)
    {
        const int AttributeHeaderBytes = 4;
        for (var at = fixedBytes; at + AttributeHeaderBytes <= Payload.Length;)
        {
            var length = BinaryPrimitives.ReadUInt16LittleEndian(Payload.AsSpan(at));
            if (length < AttributeHeaderBytes || at + length > Payload.Length)
                yield break;
            // The two high bits are flags (NLA_F_NESTED, NLA_F_NET_BYTEORDER).
            var type = (ushort)(BinaryPrimitives.ReadUInt16LittleEndian(Payload.AsSpan(at + 2)) & 0x3fff);
            yield return (type, Payload.AsMemory(at + AttributeHeaderBytes, length - AttributeHeaderBytes));
            at += length + 3 & ~3;
        }
    }

    /// <summary>The value of the first attribute of a type; empty when there is none.</summary>
    public ReadOnlyMemory<byte> Attribute(int fixedBytes, ushort type)
    {
        foreach (var (t, value) in Attributes(fixedBytes))
        {
            if (t == type)
                return value;
        }
        return default;
    }

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
